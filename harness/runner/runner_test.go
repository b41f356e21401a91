package runner_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
)

func TestWarmProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Environ["AWS_CA_BUNDLE"] = "/ca.pem"
	run := b.start()
	plain := writeTree(t, map[string]string{"main.tf": ""})
	configured := writeTree(t, map[string]string{"main.tf": `provider "aws" {}`})
	for _, root := range []string{plain, plain, configured} {
		_, err := run.NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: root})
		require.NoError(t, err)
	}
	require.Len(t, b.providers(), 2, "one shared process, and one for the root that configures it")
	require.Equal(t, "-debug\n", b.read(filepath.Join(b.provider, "argv")))
	for _, pid := range b.providers() {
		env := b.environ(filepath.Join(b.provider, fmt.Sprintf("env.%d", pid)))
		require.Equal(t, "http://127.0.0.1:1", env["AWS_ENDPOINT_URL"])
		require.NotContains(t, env, "AWS_CA_BUNDLE")
	}

	// A dead provider is replaced.
	for _, pid := range b.providers() {
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	require.Eventually(t, func() bool {
		_, err := run.NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: plain})
		return err == nil && len(b.alive()) == 1
	}, time.Minute, 10*time.Millisecond)

	require.NoError(t, run.Close())
	require.Empty(t, b.alive(), "no process is left")
	left, err := os.ReadDir(b.cfg.TempDir)
	require.NoError(t, err)
	require.Empty(t, left, "no folder is left")
	_, err = run.NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: plain})
	require.ErrorContains(t, err, "the run is closed")
}

// providers returns the ids of the provider processes started so far.
func (b *bench) providers() []int {
	found, err := filepath.Glob(filepath.Join(b.provider, "env.*"))
	require.NoError(b.t, err)
	pids := make([]int, len(found))
	for i, path := range found {
		pids[i], err = strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "env."))
		require.NoError(b.t, err)
	}
	return pids
}

func (b *bench) alive() []int {
	var pids []int
	for _, pid := range b.providers() {
		if syscall.Kill(pid, 0) == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestProviderDoesNotStart(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, script, want string }{
		{"it ends at once", "echo 'unable to add custom RootCAs' >&2; exit 1", "unable to add custom RootCAs"},
		{"it is another program", "exit 0", "it ended at once (exit status 0) without its announcement: is it the AWS provider?"},
		{"it serves something else", `echo "TF_REATTACH_PROVIDERS='{\"example.com/a/b\":{}}'"; exec sleep 60`, "it serves no hashicorp/aws"},
		{"its announcement is no JSON", `echo "TF_REATTACH_PROVIDERS='{'"; exec sleep 60`, "reading the provider's announcement"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			require.NoError(t, toolchain.WriteProgram(b.cfg.Tools.Provider.Path, strings.NewReader("#!/bin/sh\n"+tt.script+"\n"), 0o755))
			_, err := b.start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: writeTree(t, map[string]string{"main.tf": ""})})
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Folders of dead processes go at the next start; those of live ones stay.
func TestStaleFolders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dead := exec.Command("true")
	require.NoError(t, dead.Run())
	stale := filepath.Join(b.cfg.TempDir, fmt.Sprintf("keywright-%d-1", dead.Process.Pid))
	live := filepath.Join(b.cfg.TempDir, fmt.Sprintf("keywright-%d-1", os.Getpid()))
	foreign := filepath.Join(b.cfg.TempDir, "keywright-notes-1")
	held := filepath.Join(b.cfg.TempDir, fmt.Sprintf("keywright-%d-2", dead.Process.Pid))
	// Another process has got the dead one's id.
	reused := filepath.Join(b.cfg.TempDir, fmt.Sprintf("keywright-%d-3", os.Getpid()))
	for _, dir := range []string{stale, live, foreign, held, reused} {
		require.NoError(t, os.Mkdir(dir, 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(reused, "lock"), nil, 0o600))
	// As a run of another process namespace would hold it.
	lock, err := os.Create(filepath.Join(held, "lock"))
	require.NoError(t, err)
	defer lock.Close()
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))

	b.start()
	require.NoDirExists(t, stale)
	require.NoDirExists(t, reused)
	require.DirExists(t, live)
	require.DirExists(t, foreign)
	require.DirExists(t, held)
}

// The path of a socket is short: a folder that leaves no room for the provider's is
// refused, and nothing is left in it.
func TestTempDirTooLong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	parent := b.cfg.TempDir
	for length, fits := range map[int]bool{50: true, 90: false} {
		b.cfg.TempDir = filepath.Join(parent, strings.Repeat("x", length-len(parent)-1))
		require.NoError(t, os.Mkdir(b.cfg.TempDir, 0o700))
		run, err := runner.Start(b.cfg)
		if fits {
			require.NoError(t, err)
			require.NoError(t, run.Close())
		} else {
			require.ErrorContains(t, err, "bytes too long for the path of the provider's socket: set TMPDIR to a shorter one")
		}
		left, err := os.ReadDir(b.cfg.TempDir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

// A workspace whose provider has died gets another for its next command, and tells
// of the one that died.
func TestProviderDies(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"shared": "", "its own": `provider "aws" {}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			w, err := b.start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: writeTree(t, map[string]string{"main.tf": config})})
			require.NoError(t, err)
			require.NoError(t, w.Init(t.Context()))
			require.NoError(t, w.ProviderFailures())
			first := b.alive()
			require.Len(t, first, 1)

			require.NoError(t, syscall.Kill(first[0], syscall.SIGKILL))
			require.Eventually(t, func() bool { return w.ProviderFailures() != nil }, time.Minute, 10*time.Millisecond)
			require.NoError(t, w.Init(t.Context()))
			second := b.alive()
			require.Len(t, second, 1)
			require.NotEqual(t, first, second)
			require.Contains(t, b.environ(filepath.Join(b.engine, "env"))["TF_REATTACH_PROVIDERS"], fmt.Sprintf(`"Pid":%d,`, second[0]))
			require.EqualError(t, w.ProviderFailures(), fmt.Sprintf("the provider process %d ended while it was in use: signal: killed\n", first[0]))
		})
	}
}

// What a run leaves running in its environment ends with it, even if its parent is
// gone.
func TestCloseEndsStrays(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows which processes belong to a run")
	}
	b := newBench(t)
	run := b.start()
	w, err := run.NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: writeTree(t, map[string]string{"main.tf": ""})})
	require.NoError(t, err)
	// As a provider of an engine that was killed. It notes its id: that of the parent
	// of a shell in its place.
	b.program("engine/terraform", "#!/bin/sh\n(trap '' HUP INT TERM; echo $(exec sh -c 'echo $PPID') >\"$TMPDIR/../../stray\"; exec sleep 60) >/dev/null 2>&1 &\n")
	require.NoError(t, w.Init(t.Context()))
	var pid int
	require.Eventually(t, func() bool {
		data, err := os.ReadFile(filepath.Join(b.cfg.TempDir, "stray"))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(data)))
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, syscall.Kill(pid, 0), "it runs")
	require.NoError(t, run.Close())
	require.Eventually(t, func() bool {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		return err != nil || len(environ) == 0 // it may not have been waited for
	}, time.Minute, 10*time.Millisecond)
}
