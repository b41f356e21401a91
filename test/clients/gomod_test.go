package clients_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGoPrograms tests the module in folder gomod, which go test ./... leaves out.
func TestGoPrograms(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-v", "./...")
	cmd.Dir = "gomod"
	cmd.Env = append(os.Environ(), "GOFLAGS=-trimpath", "GOWORK=off") // as make builds them
	out := string(run(t, cmd))
	for _, name := range []string{"TestTink", "TestTinkFindsTheEndpoint", "TestSOPS"} {
		require.Contains(t, out, "--- PASS: "+name+" ")
	}
	require.NotContains(t, out, "--- SKIP")
}
