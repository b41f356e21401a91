package modules_test

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

//go:embed checkov.txt
var checkovPackages []byte

// checkov has nothing to say about modules and examples that they do not skip
// with a reason, and finds a key that does not rotate.
func TestCheckov(t *testing.T) {
	t.Parallel()
	env, err := python.Ensure(t.Context(), pythontest.Config(t), python.Requirements{Name: "checkov", Text: checkovPackages})
	pythontest.Check(t, err)
	scan := func(dir string) (string, error) {
		cmd := env.Command(t.Context(), "-m", "checkov.main", "--framework", "terraform", "--compact", "--quiet",
			"--skip-download", "--skip-path", `keywright\.hcl$`, "--directory", dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}

	out, err := scan(catalogue)
	require.NoError(t, err, out)
	require.Contains(t, out, "Failed checks: 0")

	spoiled := filepath.Join(t.TempDir(), "main.tf")
	text := strings.ReplaceAll(module{dir: catalogue + "/encryption"}.read(t, "main.tf"),
		"enable_key_rotation     = true", "enable_key_rotation     = false")
	require.NoError(t, os.WriteFile(spoiled, []byte(text), 0o600))
	out, err = scan(filepath.Dir(spoiled))
	require.Error(t, err)
	require.Contains(t, out, "CKV_AWS_7:")
}

// Each skip says why.
func TestSkipsHaveReasons(t *testing.T) {
	t.Parallel()
	for _, m := range modules(t) {
		for _, file := range append(m.files(t, "*.tf"), m.files(t, "examples/*/*.tf")...) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for line := range strings.Lines(string(text)) {
				if _, skip, found := strings.Cut(line, "checkov:skip="); found {
					_, reason, _ := strings.Cut(skip, ":")
					require.NotEmpty(t, strings.TrimSpace(reason), "%s: %s", file, line)
				}
			}
		}
	}
}
