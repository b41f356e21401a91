package harness_test

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// A backend that goes away in the middle of an apply, or is started anew, fails the
// test soon and with that reason; nothing of the run is left, and the next run, once
// the backend is there again, works.
func TestBackendGoesAway(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		t.Run(map[bool]string{false: "ended", true: "started anew"}[again], func(t *testing.T) {
			t.Parallel()
			first, address := serveAt(t, "127.0.0.1:0")
			environ := []string{"KEYWRIGHT_BACKEND=localstack", "KEYWRIGHT_LOCALSTACK=" + first.URL}
			cmd := reexec(t, "applies", environ...)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			out := bufio.NewReader(stdout)
			for line := ""; line != ready+"\n"; {
				line, err = out.ReadString('\n')
				require.NoError(t, err)
			}
			require.NoError(t, first.Close())
			if again {
				serveAt(t, address)
			}
			rest, err := io.ReadAll(out)
			require.NoError(t, err)
			require.Error(t, cmd.Wait())
			log, err := os.ReadFile(filepath.Join(valueIn(cmd, "KEYWRIGHT_LOGS"), "github.com/keywright/keywright/harness/TestScenario.log"))
			require.NoError(t, err)
			require.Contains(t, string(log), "aws_kms_key.this: Creating...")
			require.NotContains(t, string(log), "retrieving caller identity", "no destroy is tried: it would begin by that")
			require.Contains(t, string(rest), "the backend localstack no longer answers its deployer: it ended, was started anew or can't be reached")
			requireNothingOfOursLeft(t, cmd)

			if again {
				return
			}
			serveAt(t, address)
			next := reexec(t, "passes", environ...)
			data, err := next.CombinedOutput()
			require.NoError(t, err, string(data))
			requireNothingOfOursLeft(t, next)
		})
	}
}

// requireNothingOfOursLeft is requireNothingLeft where the backend is another's, who
// may listen at its port.
func requireNothingOfOursLeft(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, os.Remove(valueIn(cmd, endpointVariable)))
	requireNothingLeft(t, cmd)
}

// serveAt serves an emulator, in LocalStack's place, until the test ends or it is
// closed.
func serveAt(t *testing.T, address string) (emulator *kmsemu.Instance, at string) {
	t.Helper()
	server, err := kmsemu.New(kmsemu.Config{})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	emulator = kmsemu.Serve(server, listener)
	t.Cleanup(func() { require.NoError(t, emulator.Close()) })
	return emulator, listener.Addr().String()
}
