package runner_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		run  func(context.Context, *runner.Workspace) error
		want []string
	}{
		{"init", func(ctx context.Context, w *runner.Workspace) error { return w.Init(ctx, tfexec.Upgrade(true)) },
			[]string{"init -no-color -input=false -backend=true -get=true -upgrade=true"}},
		{"apply", func(ctx context.Context, w *runner.Workspace) error { return w.Apply(ctx, tfexec.Var("a=b")) },
			[]string{"apply -no-color -auto-approve -input=false -lock=true -parallelism=10 -refresh=true -var a=b"}},
		{"output", func(ctx context.Context, w *runner.Workspace) error { _, err := w.Output(ctx); return err },
			[]string{"output -no-color -json"}},
		{"drift", func(ctx context.Context, w *runner.Workspace) error { _, err := w.Drift(ctx); return err },
			[]string{"plan -no-color -input=false -detailed-exitcode -lock-timeout=0s -out=PLAN -lock=true -parallelism=10 -refresh=true"}},
		{"plan", func(ctx context.Context, w *runner.Workspace) error { _, err := w.Plan(ctx); return err },
			[]string{"plan -no-color -input=false -detailed-exitcode -lock-timeout=0s -out=PLAN -lock=true -parallelism=10 -refresh=true", "show -json -no-color PLAN"}},
		{"destroy of nothing", func(ctx context.Context, w *runner.Workspace) error { return w.Destroy(ctx) }, nil},
		{"destroy of an empty state", func(ctx context.Context, w *runner.Workspace) error {
			return firstError(writeState(w, `{"resources":[]}`), w.Destroy(ctx))
		}, nil},
		{"destroy", func(ctx context.Context, w *runner.Workspace) error {
			return firstError(writeState(w, `{"resources":[{}]}`), w.Destroy(ctx, tfexec.VarFile("v.tfvars")))
		}, []string{"destroy -no-color -auto-approve -input=false -lock-timeout=0s -var-file=v.tfvars -lock=true -parallelism=10 -refresh=true"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			require.NoError(t, os.WriteFile(filepath.Join(b.engine, "argv"), nil, 0o600))
			w := b.workspace(nil)
			require.NoError(t, tt.run(t.Context(), w))
			got := b.argv()
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], filepath.Join(filepath.Dir(w.Engine), "plan"), "PLAN")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

func writeState(w *runner.Workspace, state string) error {
	return os.WriteFile(filepath.Join(w.Dir, "terraform.tfstate"), []byte(state), 0o600)
}

// Without a state there is nothing to destroy, unless the state may be elsewhere.
func TestDestroyWithoutState(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, noted string
		runs        int
	}{
		{"no backend", "", 0},
		{"local", `{"backend":{"type":"local","config":{"path":null,"workspace_dir":null}}}`, 0},
		{"local, at a path", `{"backend":{"type":"local","config":{"path":"../state","workspace_dir":null}}}`, 1},
		{"s3", `{"backend":{"type":"s3","config":{}}}`, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			require.NoError(t, os.WriteFile(filepath.Join(b.engine, "argv"), nil, 0o600))
			w := b.workspace(nil)
			if row.noted != "" {
				require.NoError(t, os.Mkdir(filepath.Join(w.Dir, ".terraform"), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(w.Dir, ".terraform", "terraform.tfstate"), []byte(row.noted), 0o600))
			}
			require.NoError(t, w.Destroy(t.Context()))
			require.Len(t, b.argv(), row.runs)
		})
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.workspace(nil)
	b.program("engine/terraform", "#!/bin/sh\necho out\necho 'Error: no such thing' >&2\nexit 1\n")
	require.ErrorContains(t, w.Init(t.Context()), "running init: exit status 1\nError: no such thing")
}

// What a command says on either output is in the log, whole, though the log is for one
// writer at a time.
func TestLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	root := writeTree(t, map[string]string{"main.tf": ""})
	var log bytes.Buffer
	w, err := b.start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: root, Log: &log})
	require.NoError(t, err)
	b.program("engine/terraform", "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do echo 'hello from the engine'; echo 'careful' >&2; done\n")
	require.NoError(t, w.Init(t.Context()))
	said := strings.Count(log.String(), "hello from the engine\n")
	require.GreaterOrEqual(t, said, 9)
	require.Equal(t, said, strings.Count(log.String(), "careful\n"))
}

// A cancelled command is interrupted, not killed, and says why it ended.
func TestCancelInterrupts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.workspace(nil)
	b.program("engine/wait", "")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Apply(ctx) }()
	waitFor(t, filepath.Join(b.engine, "waiting"))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Contains(t, b.argv(), "interrupted")
}

// Stop ends what runs, lets nothing else start but a destroy, and says why.
func TestStop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.workspace(nil)
	b.program("engine/wait", "")
	ended := make(chan error, 1)
	go func() { ended <- w.Apply(context.WithoutCancel(t.Context())) }()
	waitFor(t, filepath.Join(b.engine, "waiting"))
	require.NoError(t, w.Stop(t.Context(), "a test of stopping"))
	require.ErrorContains(t, <-ended, "running apply")
	require.Contains(t, b.argv(), "interrupted")

	require.NoError(t, os.Remove(filepath.Join(b.engine, "wait")))
	require.ErrorContains(t, w.Init(t.Context()), "not started, the test is being stopped: a test of stopping")
	require.NoError(t, writeState(w, `{"resources":[{}]}`))
	require.NoError(t, w.Destroy(t.Context()))
	require.Len(t, b.argv(), 1, "the destroy alone")
}

// An engine that does not heed the interrupt is killed when ctx ends.
func TestStopKills(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.workspace(nil)
	b.program("engine/terraform", "#!/bin/sh\n[ $1 = version ] && exit 1\ntrap '' INT\ntouch \"$(dirname \"$0\")/waiting\"\nwhile :; do sleep 0.02; done\n")
	ended := make(chan error, 1)
	go func() { ended <- w.Init(context.WithoutCancel(t.Context())) }()
	waitFor(t, filepath.Join(b.engine, "waiting"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.Stop(ctx, "enough"), context.DeadlineExceeded)
	require.ErrorContains(t, <-ended, "signal: killed")
}

// waitFor waits for a file that a stub makes.
func waitFor(t *testing.T, path string) {
	t.Helper()
	require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, time.Minute, 5*time.Millisecond)
}
