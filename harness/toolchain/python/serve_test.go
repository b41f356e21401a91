package python_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

// nothing is an environment that takes no network to make.
var nothing = python.Requirements{Name: "nothing"}

// files serves the files of its folder, which is empty.
var files = python.Program{
	Module: "http.server",
	Args:   func(port string) []string { return []string{port, "--bind", "127.0.0.1"} },
	Health: "/",
}

func realEnvironment(t *testing.T) python.Environment {
	t.Helper()
	env, err := python.Ensure(t.Context(), pythontest.Config(t), nothing)
	pythontest.Check(t, err)
	return env
}

func get(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err == nil {
		answer.Body.Close()
	}
	return err
}

func TestServe(t *testing.T) {
	t.Parallel()
	env := realEnvironment(t)
	t.Run("until closed", func(t *testing.T) {
		t.Parallel()
		server, err := env.Serve(t.Context(), files)
		require.NoError(t, err)
		require.NoError(t, get(t.Context(), server.URL))
		require.NoError(t, server.Close())
		require.Error(t, get(t.Context(), server.URL))
		require.NoError(t, server.Close(), "once more is harmless")
	})
	t.Run("one that ends at once", func(t *testing.T) {
		t.Parallel()
		broken := files
		broken.Args = func(string) []string { return []string{"--no-such-flag"} }
		_, err := env.Serve(t.Context(), broken)
		require.ErrorContains(t, err, "it ended at once")
		require.ErrorContains(t, err, "--no-such-flag", "what it wrote is told")
	})
	t.Run("one that never answers 200", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		sick := files
		sick.Health = "/none"
		_, err := env.Serve(ctx, sick)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("commands see the environment's packages", func(t *testing.T) {
		t.Parallel()
		out, err := env.Command(t.Context(), "-c", "import sys; print(sys.prefix)").Output()
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(env.Python, "/bin/python"), strings.TrimSpace(string(out)))
	})
}

// parentVariable makes the test binary the parent of a server: it names the
// environment's interpreter.
const parentVariable = "PYTHON_TEST_INTERPRETER"

func TestMain(m *testing.M) {
	if path := os.Getenv(parentVariable); path != "" {
		beParent(python.Environment{Python: path})
		return
	}
	m.Run()
}

// beParent starts a server, tells its URL and waits to be killed.
func beParent(env python.Environment) {
	server, err := env.Serve(context.Background(), files)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.URL)
	select {}
}

// A parent that is killed, without a chance to clean up, leaves no server behind.
func TestServerEndsWithItsParent(t *testing.T) {
	t.Parallel()
	env := realEnvironment(t)
	self, err := os.Executable()
	require.NoError(t, err)
	parent := exec.CommandContext(t.Context(), self)
	temp := t.TempDir()
	parent.Env = append(os.Environ(), parentVariable+"="+env.Python, "TMPDIR="+temp)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	url, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	url = strings.TrimSpace(url)
	require.NoError(t, get(t.Context(), url))
	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	require.Eventually(t, func() bool {
		left, err := os.ReadDir(temp)
		return err == nil && len(left) == 0 && get(t.Context(), url) != nil
	}, time.Minute, 20*time.Millisecond, "neither server nor folder is left")
}
