package modules_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

// engines are what modules must work with. Each is found, or installed once.
var engines = []toolchain.Product{toolchain.Terraform, toolchain.OpenTofu}

// withEngines runs the check once for each engine, side by side.
func withEngines(t *testing.T, check func(t *testing.T, run *runner.Runner)) {
	t.Parallel()
	for _, product := range engines {
		t.Run(string(product), func(t *testing.T) {
			t.Parallel()
			check(t, start(t, product))
		})
	}
}

// start starts a run of the engine on an embedded backend of its own.
func start(t *testing.T, product toolchain.Product) *runner.Runner {
	t.Helper()
	machine := pythontest.Config(t)
	tools, err := toolchain.Ensure(t.Context(), toolchain.Config{
		Product: product, ProviderPath: machine.Environ["KEYWRIGHT_PROVIDER"],
		CacheDir: machine.CacheDir, Environ: machine.Environ, Progress: machine.Progress,
	})
	require.NoError(t, err)
	b, err := backend.StartEmbedded(t.Context(), backend.EmbeddedConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	run, err := runner.Start(runner.Config{Tools: tools, Environ: machine.Environ, Backend: b.Env()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, run.Close()) })
	return run
}

// open makes a workspace of the root module and initialises it.
func open(t *testing.T, run *runner.Runner, root string) *runner.Workspace {
	t.Helper()
	w, err := run.NewWorkspace(t.Context(), runner.WorkspaceConfig{
		Dir: root,
	})
	require.NoError(t, err)
	out, err := engine(t, w, "init", "-input=false")
	require.NoError(t, err, out)
	return w
}

// engine runs a command of the engine in the workspace and returns what it says.
func engine(t *testing.T, w *runner.Workspace, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), w.Engine, append(args, "-no-color")...)
	cmd.Dir = w.Dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
