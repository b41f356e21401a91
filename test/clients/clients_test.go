package clients_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// environ is this process's environment by name, without what leads AWS clients
// to places of this machine.
func environ() map[string]string {
	env := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); !strings.HasPrefix(name, "AWS_") {
			env[name] = value
		}
	}
	return env
}

// clients is the environment with the Python clients. Where there is no Python
// the test is skipped, but in CI, which must not be green for that reason.
func clients(t *testing.T) python.Environment {
	t.Helper()
	env := environ()
	cache := env["KEYWRIGHT_CACHE"]
	if cache == "" {
		base, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(base, "keywright")
	}
	pinned, err := os.ReadFile("requirements.txt")
	require.NoError(t, err)
	cfg := python.Config{Path: env["KEYWRIGHT_PYTHON"], CacheDir: cache, Environ: env, Progress: func(line string) { t.Log(line) }}
	e, err := python.Ensure(t.Context(), cfg, python.Requirements{Name: "clients", Text: pinned})
	if errors.Is(err, python.ErrNoPython) && env["CI"] == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	return e
}

// access are the variables that lead a client to the emulator, and to no
// configuration of this machine.
func access(emulator *kmsemu.Instance) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + emulator.URL, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}
}

// run runs a command and shows what it wrote if it fails.
func run(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n%s", complaint.String(), out)
	return out
}

// outcome is one line of python/run.py: a test, with its traceback if it failed.
type outcome struct {
	Test  string `json:"test"`
	Error string `json:"error"`
}

// play runs test modules of folder python and shows each of their tests as one of
// this package's.
func play(t *testing.T, emulator *kmsemu.Instance, modules []string, extra ...string) {
	t.Helper()
	cmd := clients(t).Command(t.Context(), append([]string{"run.py"}, modules...)...)
	cmd.Dir = "python"
	cmd.Env = append(append(append(cmd.Env, access(emulator)...), "PYTHONDONTWRITEBYTECODE=1"), extra...)
	lines := strings.Split(strings.TrimSpace(string(run(t, cmd))), "\n")
	for _, line := range lines {
		var o outcome
		require.NoError(t, json.Unmarshal([]byte(line), &o), line)
		t.Run(o.Test, func(t *testing.T) {
			if o.Error != "" {
				t.Error(o.Error)
			}
		})
	}
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"test_wire", "test_kms_operations", "test_kms"} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			play(t, kmsemutest.New(t, nil), []string{module})
		})
	}
	t.Run("test_iam", func(t *testing.T) {
		t.Parallel()
		emulator := kmsemutest.New(t, nil)
		issuer := kmsemutest.NewTokenIssuer(t, emulator, "https://tokens.example.com")
		token := issuer.Token(map[string]any{"aud": "kms", "sub": "python"})
		play(t, emulator, []string{"test_iam"}, "TEST_TOKEN_ISSUER="+issuer.URL, "TEST_TOKEN="+token)
	})
}

func TestEncryptionSDK(t *testing.T) {
	t.Parallel()
	play(t, kmsemutest.New(t, nil), []string{"test_encryption_sdk"})
}
