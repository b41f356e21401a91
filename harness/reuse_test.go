package harness_test

import (
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

var keyARN = regexp.MustCompile(`arn:aws:kms:[a-z0-9-]+:[0-9]+:key/[0-9a-f-]+`)

// What one run applied the next one finds, and applies what has changed since.
func TestReuse(t *testing.T) {
	t.Parallel()
	root, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	module, err := os.ReadFile("testdata/key/main.tf")
	require.NoError(t, err)
	write := func(more string) {
		require.NoError(t, os.WriteFile(filepath.Join(root, "main.tf"), append(module, more...), 0o600))
	}
	var key string
	iterate := func(want string, environ ...string) (out string) {
		t.Helper()
		cmd := reexec(t, "iterates", append(environ, "KEYWRIGHT_REUSE="+kept, rootVariable+"="+root)...)
		data, err := cmd.CombinedOutput()
		require.NoError(t, err, string(data))
		require.Contains(t, string(data), want)
		requireNothingLeft(t, cmd)
		found := keyARN.FindString(string(data))
		if key == "" {
			key = found
		}
		require.Equal(t, key, found, "the key is the same")
		return string(data)
	}
	write("")
	require.Contains(t, iterate("scenario: Resources: 1 added, 0 changed, 0 destroyed."), "keywright: what is applied is kept in "+kept)
	require.NotContains(t, iterate("scenario: Resources: 0 added, 0 changed, 0 destroyed."), "keywright: ", "quiet")

	require.NotContains(t, iterate("", "SKIP_apply=1"), "scenario: Resources: ", "the round trip is with the key of before")

	const alias = `
resource "aws_kms_alias" "this" {
  name          = "alias/iterated"
  target_key_id = aws_kms_key.this.id
}
`
	write(alias)
	iterate("scenario: Resources: 1 added, 0 changed, 0 destroyed.")
}

// An interrupted run leaves what it applied to the next one; one that is killed in
// the middle of an apply leaves nothing to go on with.
func TestReuseAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, scenario string
		signal         syscall.Signal
		told, then     string
	}{
		{"interrupted", "applies slowly", syscall.SIGINT, "keywright: stopped: what was applied is kept for the next run", ""},
		{"killed", "applies slowly", syscall.SIGKILL, "", "keywright: the last run ended in the middle of an apply: what it kept is thrown away"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reuse := "KEYWRIGHT_REUSE=" + t.TempDir()
			cmd := reexec(t, tt.scenario, reuse)
			_, told := signalWhenReady(t, cmd, tt.signal)
			require.Contains(t, told, tt.told)
			if tt.signal == syscall.SIGKILL {
				requireNothingLeftSoon(t, cmd)
			}
			next := reexec(t, "none", reuse)
			out, err := next.CombinedOutput()
			require.NoError(t, err, string(out))
			require.Contains(t, string(out), tt.then)
			requireNothingLeft(t, next)
		})
	}
}

// What one engine made another does not get to see.
func TestReuseIsForOneEngine(t *testing.T) {
	t.Parallel()
	kept := t.TempDir()
	cmd := reexec(t, "none", append(stubs(t, applyForever), "KEYWRIGHT_REUSE="+kept)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.DirExists(t, filepath.Join(kept, "github.com/keywright/keywright/harness", "terraform-1.11.4-aws-99.0.0", "emulator"))
}

// The folder may lie in the root module it keeps, which is then not copied into
// itself.
func TestReuseInsideTheModule(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "main.tf"), nil, 0o600))
	kept := filepath.Join(root, "kept")
	for range 2 {
		cmd := reexec(t, "applies the root", append(stubs(t, "true"), "KEYWRIGHT_REUSE="+kept, rootVariable+"="+root)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	copies, err := filepath.Glob(filepath.Join(kept, "*", "*", "*", "*", "*", "roots", "*", "src"))
	require.NoError(t, err)
	require.NotEmpty(t, copies)
	for _, dir := range copies {
		require.NoDirExists(t, filepath.Join(dir, "kept"))
	}
	ignored, err := os.ReadFile(filepath.Join(kept, ".gitignore"))
	require.NoError(t, err)
	require.Equal(t, "*\n", string(ignored))
}

func TestReuseRefused(t *testing.T) {
	t.Parallel()
	out, err := reexec(t, "none", "KEYWRIGHT_REUSE="+t.TempDir(), "KEYWRIGHT_BACKEND=localstack").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "KEYWRIGHT_REUSE is set: only the embedded backend keeps its state, not localstack")
}
