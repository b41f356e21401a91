package harness_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain/python"
)

// On a backend that allows everything round trips are proven and denials are
// not: the test is skipped, and says why.
func TestLocalStackProvesNoDenial(t *testing.T) {
	if os.Getenv(scenarioVariable) != "" {
		t.Skip("this is the helper process")
	}
	t.Parallel()
	cmd := reexec(t, "proves access", "KEYWRIGHT_BACKEND=localstack")
	cmd.Args = append(cmd.Args, "-test.v")
	data, err := cmd.CombinedOutput()
	out := string(data)
	if strings.Contains(out, python.ErrNoPython.Error()) {
		t.Skip(out)
	}
	require.NoError(t, err, out)
	require.Contains(t, out, "scenario: on localstack")
	require.Contains(t, out, "--- SKIP: TestScenario")
	require.Contains(t, out, "not proven: ")
	requireNothingLeft(t, cmd)
}

func TestUnknownBackend(t *testing.T) {
	if os.Getenv(scenarioVariable) != "" {
		t.Skip("this is the helper process")
	}
	t.Parallel()
	out, err := reexec(t, "none", "KEYWRIGHT_BACKEND=moto").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), `KEYWRIGHT_BACKEND is "moto": set it to one of embedded, localstack, aws, aws-stand-in`)
}
