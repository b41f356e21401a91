package modules_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/generator/generatortest"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/templates"
)

// TestPairsValidate: whatever two options of a spec are combined, the engines take
// the module. One root calls all, so that the provider's schema is read once.
func TestPairsValidate(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the catalogue is validated in TestExamplesPlan")
	}
	withEngines(t, func(t *testing.T, run *runner.Runner) {
		root := t.TempDir()
		renderer, err := generator.NewRenderer(templates.FS)
		require.NoError(t, err)
		calls := map[string]any{}
		for i, text := range generatortest.Cover(taken) {
			name := fmt.Sprintf("m%d", i)
			spec, err := parsed(name, text)
			require.NoError(t, err)
			files, err := renderer.Render(spec.Modules[0])
			require.NoError(t, err)
			m := module{name, filepath.Join(root, name)}
			for _, f := range files {
				if !strings.Contains(f.Path, "/") {
					write(t, filepath.Join(m.dir, f.Path), f.Data)
				}
			}
			calls[name] = m.called(t)
		}
		require.Greater(t, len(calls), 20)
		text, err := json.Marshal(map[string]any{
			"module":   calls,
			"provider": map[string]any{"aws": []any{map[string]any{}, map[string]any{"alias": "replica"}}},
		})
		require.NoError(t, err)
		write(t, filepath.Join(root, "main.tf.json"), text)
		t.Logf("%d modules", len(calls))
		w := open(t, run, root)
		out, err := engine(t, w, "validate")
		require.NoError(t, err, out)
	})
}

func parsed(name, text string) (*generator.Spec, error) {
	return generator.ParseSpec("keywright.hcl", []byte("module \""+name+"\" {\n"+text+"\n}\n"))
}

// taken reports whether the options of a spec go together, in a module that the
// provider serves.
func taken(text string) bool {
	spec, err := parsed("m", text)
	if err != nil {
		return false
	}
	e, err := generator.Explain(spec.Modules[0])
	floor, noVersion := version.NewVersion(e.Provider)
	return err == nil && noVersion == nil && !floor.GreaterThan(providerVersion)
}

// called is a call of the module that passes what it requires.
func (m module) called(t *testing.T) map[string]any {
	t.Helper()
	arguments := map[string]any{"source": "./" + m.name}
	for name, value := range map[string]any{
		"administrators": []string{"arn:aws:iam::111122223333:role/admin"}, "aliases": []string{"orders/data"}, "key_id": "1234", "grants": map[string]any{},
	} {
		if strings.Contains(m.read(t, "variables.tf"), `variable "`+name+`" {`) {
			arguments[name] = value
		}
	}
	for name, value := range inputs {
		if strings.Contains(m.read(t, "variables.tf"), `variable "`+name+`" {`) {
			arguments[name] = value
		}
	}
	if strings.Contains(m.read(t, "versions.tf"), "aws.replica") {
		arguments["providers"] = map[string]any{"aws": "aws", "aws.replica": "aws.replica"}
	}
	return arguments
}
