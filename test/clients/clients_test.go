package clients_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// clients is the environment with the Python clients.
func clients(t *testing.T) python.Environment {
	t.Helper()
	pinned, err := os.ReadFile("requirements.txt")
	require.NoError(t, err)
	e, err := python.Ensure(t.Context(), pythontest.Config(t), python.Requirements{Name: "clients", Text: pinned})
	pythontest.Check(t, err)
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
			play(t, kmsemutest.New(t, &kmsemu.Config{ServiceCalls: true}), []string{module})
		})
	}
	t.Run("with the clock turned", func(t *testing.T) {
		t.Parallel()
		emulator := kmsemutest.New(t, nil)
		emulator.Server.Advance(400 * 24 * time.Hour) // boto3 does not follow
		play(t, emulator, []string{"test_kms_operations"})
	})
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
