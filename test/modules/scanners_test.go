package modules_test

import (
	_ "embed"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

//go:embed checkov.txt
var checkovPackages []byte

// scanner returns a function that runs checkov on a folder and returns the checks that
// failed there, by the folder in it that they are about.
func scanner(t *testing.T) func(dir string) map[string][]string {
	t.Helper()
	env, err := python.Ensure(t.Context(), pythontest.Config(t), python.Requirements{Name: "checkov", Text: checkovPackages})
	pythontest.Check(t, err)
	return func(dir string) map[string][]string {
		cmd := env.Command(t.Context(), "-m", "checkov.main", "--framework", "terraform", "--compact", "--quiet", "--output", "json",
			"--skip-download", "--skip-path", `keywright\.hcl$`, "--directory", dir)
		out, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) { // that something was found is its exit status
			require.NoError(t, err)
		}
		var report struct {
			Summary struct{ Passed int }
			Results struct {
				FailedChecks []struct {
					CheckID  string `json:"check_id"`
					FilePath string `json:"file_path"`
				} `json:"failed_checks"`
			}
		}
		require.NoError(t, json.Unmarshal(out, &report), string(out))
		require.NotZero(t, report.Summary.Passed, "it looked at something")
		found := map[string][]string{}
		for _, check := range report.Results.FailedChecks {
			folder := strings.Trim(filepath.ToSlash(filepath.Dir(check.FilePath)), "/")
			found[folder] = append(found[folder], check.CheckID)
		}
		require.Equal(t, err != nil, len(found) > 0, "%s", out)
		return found
	}
}

// checkov has nothing to say about modules and examples that they do not skip
// with a reason.
func TestCheckov(t *testing.T) {
	t.Parallel()
	require.Empty(t, scanner(t)(catalogue))
}

// Each of checkov's checks of keys finds its fault, in a copy of a module that has no
// other, and nothing in the copy that has none.
func TestCheckovFindsFaults(t *testing.T) {
	t.Parallel()
	const (
		rotation = "enable_key_rotation     = true"
		policy   = "policy                  = local.policy_json"
	)
	dir, sound := t.TempDir(), module{dir: catalogue + "/encryption"}
	want := map[string][]string{}
	for _, fault := range []struct{ name, check, old, new string }{
		{"sound", "", "", ""},
		{"not-rotated", "CKV_AWS_7", rotation, "enable_key_rotation = false"},
		{"disabled", "CKV_AWS_227", rotation, rotation + "\n  is_enabled = false"},
		{"without-policy", "CKV2_AWS_64", policy, ""},
		{"open-to-everyone", "CKV_AWS_33", policy, `policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "kms:*", Resource = "*" }] })`},
	} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, fault.name), 0o700))
		for _, file := range sound.files(t, "*.tf") {
			name := filepath.Base(file)
			text := sound.read(t, name)
			if name == "main.tf" {
				require.Contains(t, text, fault.old)
				text = strings.Replace(text, fault.old, fault.new, 1)
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, fault.name, name), []byte(text), 0o600))
		}
		if fault.check != "" {
			want[fault.name] = []string{fault.check}
		}
	}
	require.Equal(t, want, scanner(t)(dir))
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
