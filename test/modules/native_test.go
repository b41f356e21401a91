package modules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"

	"github.com/keywright/keywright/harness/runner"
)

// atOnce is how many modules one process tests. An engine keeps files open for
// each run, so that one for all modules reaches the limit of a process.
const atOnce = 11

// Every module passes its own native tests. Those of several modules run in one
// process, for each engine: most of the time that a module's tests take alone goes
// into the provider's schema.
func TestNativeTests(t *testing.T) {
	withEngines(t, func(t *testing.T, run *runner.Runner) {
		for some := range slices.Chunk(runnable(t), atOnce) {
			root, runs := gather(t, some)
			out, err := engine(t, open(t, run, root), "test")
			require.NoError(t, err, failures(out))
			require.Contains(t, out, fmt.Sprintf("Success! %d passed, 0 failed.", runs))
		}
	})
}

// Alone, as its README says, a module passes too, and fails when a statement is not
// as its test says.
func TestNativeTestsInTheModule(t *testing.T) {
	withEngines(t, func(t *testing.T, run *runner.Runner) {
		w := open(t, run, filepath.Join(catalogue, "multi-region"))
		out, err := engine(t, w, "test")
		require.NoError(t, err, failures(out))
		require.Contains(t, out, " passed, 0 failed.")

		policy := filepath.Join(w.Dir, "policy.tf")
		text, err := os.ReadFile(policy)
		require.NoError(t, err)
		spoiled := strings.ReplaceAll(string(text), `"kms:DescribeKey"`, `"kms:*"`)
		require.NoError(t, os.WriteFile(policy, []byte(spoiled), 0o600))
		out, err = engine(t, w, "test", "-filter=tests/policy.tftest.hcl")
		require.Error(t, err)
		require.Contains(t, out, "The statement Administrators is as it was written.")
	})
}

// gather makes a root that holds all modules and their tests, each of whose runs
// names its module. It returns the root and the number of runs.
func gather(t *testing.T, all []module) (string, int) {
	t.Helper()
	root, runs := t.TempDir(), 0
	write(t, filepath.Join(root, "main.tf"), []byte("# Holds modules and their tests.\n"))
	for _, m := range all {
		for _, file := range m.files(t, "*.tf") {
			write(t, filepath.Join(root, m.name, filepath.Base(file)), []byte(m.read(t, filepath.Base(file))))
		}
		for _, file := range m.files(t, "tests/*.tftest.hcl") {
			text, n := naming(t, file, "./"+m.name)
			runs += n
			write(t, filepath.Join(root, "tests", m.name+"_"+filepath.Base(file)), text)
		}
	}
	return root, runs
}

// naming is the test file with the module named in each of its runs, and their
// number.
func naming(t *testing.T, file, module string) ([]byte, int) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	parsed, diags := hclwrite.ParseConfig(text, file, hcl.InitialPos)
	require.False(t, diags.HasErrors(), diags)
	runs := 0
	for _, block := range parsed.Body().Blocks() {
		if block.Type() != "run" {
			continue
		}
		runs++
		block.Body().AppendNewBlock("module", nil).Body().SetAttributeValue("source", cty.StringVal(module))
	}
	return parsed.Bytes(), runs
}

// failures is what the test command says without what passed.
func failures(out string) string {
	var kept []string
	for line := range strings.Lines(out) {
		if !strings.HasSuffix(line, "... pass\n") && !strings.HasSuffix(line, "... in progress\n") && !strings.HasSuffix(line, "... tearing down\n") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, text, 0o600))
}
