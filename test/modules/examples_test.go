package modules_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
)

// inputs are the variables of examples that are not ARNs of roles.
var inputs = map[string]any{
	"custom_key_store_id": "cks-1234567890abcdef0",
	"function_package":    "function.zip",
	"parameter_value":     "secret",
	"primary_key_arn":     "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
	"subnet_ids":          []string{"subnet-11111111", "subnet-22222222"},
	"trail_bucket":        "trail",
	"valid_to":            "2030-01-31T00:00:00Z",
	"xks_key_id":          "bb8562717f809024",
}

// Every example of every module validates and plans. They are planned in one root,
// for each engine: most of the time that one takes alone goes into the provider's
// schema.
func TestExamplesPlan(t *testing.T) {
	withEngines(t, func(t *testing.T, run *runner.Runner) {
		root := t.TempDir()
		names := callAll(t, root)
		w := open(t, run, root)
		folder, err := filepath.Abs(catalogue)
		require.NoError(t, err)
		out, err := engine(t, w, "fmt", "-check", "-recursive", "-diff", folder)
		require.NoError(t, err, out)
		out, err = engine(t, w, "validate")
		require.NoError(t, err, out)
		out, err = engine(t, w, "plan", "-input=false", "-lock=false")
		require.NoError(t, err, out)
		for _, name := range names {
			require.Contains(t, out, "# module."+name+".", "nothing of this example is planned")
		}
	})
}

var variableForm = regexp.MustCompile(`(?m)^variable "([a-z0-9_]+)"`)

// callAll writes a root that calls every example and returns the names of its
// calls.
func callAll(t *testing.T, root string) []string {
	t.Helper()
	calls := map[string]any{}
	var names []string
	for _, m := range runnable(t) {
		for _, file := range m.files(t, "examples/*/main.tf") {
			example := filepath.Dir(file)
			name := m.name + "_" + filepath.Base(example)
			calls[name] = call(t, root, example)
			names = append(names, name)
		}
	}
	text, err := json.Marshal(map[string]any{"module": calls})
	require.NoError(t, err)
	write(t, filepath.Join(root, "main.tf.json"), text)
	write(t, filepath.Join(root, "function.zip"), nil)
	return names
}

// call is the call of an example from the root, with a value for each variable.
func call(t *testing.T, root, example string) map[string]any {
	t.Helper()
	abs, err := filepath.Abs(example)
	require.NoError(t, err)
	source, err := filepath.Rel(root, abs)
	require.NoError(t, err)
	arguments := map[string]any{"source": source}
	text := module{dir: example}.read(t, "main.tf")
	for _, match := range variableForm.FindAllStringSubmatch(text, -1) {
		name := match[1]
		if role, isRole := strings.CutSuffix(name, "_role_arn"); isRole {
			arguments[name] = "arn:aws:iam::000000000000:role/" + role
			continue
		}
		require.Contains(t, inputs, name, "the variable of %s has no value in this test", example)
		arguments[name] = inputs[name]
	}
	return arguments
}

var blockForm = regexp.MustCompile("(?s)```hcl\n(.*?)```")

// What a README shows is part of an example, which plans.
func TestReadmesShowExamples(t *testing.T) {
	t.Parallel()
	for _, m := range modules(t) {
		var examples strings.Builder
		for _, file := range m.files(t, "examples/*/main.tf") {
			examples.WriteString(module{dir: filepath.Dir(file)}.read(t, "main.tf"))
		}
		blocks := blockForm.FindAllStringSubmatch(m.read(t, "README.md"), -1)
		require.NotEmpty(t, blocks, m.name)
		for _, block := range blocks {
			require.Contains(t, examples.String(), block[1], m.name)
		}
	}
}
