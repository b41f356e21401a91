package runner_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
)

// Nothing in the workspace keeps a resource from being destroyed any more; what was
// copied still does.
func TestAllowDestroy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const kept = `module "key" {
  source = "../key"
}

resource "aws_kms_key" "own" {
  lifecycle {
    prevent_destroy = true # on purpose
    ignore_changes  = [tags]
  }
}

resource "aws_kms_key" "free" {
  lifecycle {
    prevent_destroy = false
  }
}
`
	const called = `resource "aws_kms_key" "called" {
  lifecycle { prevent_destroy = true }
}
`
	files := map[string]string{"root/main.tf": kept, "key/main.tf": called}
	dir := writeTree(t, files)
	w, err := b.start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: filepath.Join(dir, "root")})
	require.NoError(t, err)
	freed, err := w.AllowDestroy()
	require.NoError(t, err)
	require.Equal(t, []string{"aws_kms_key.called", "aws_kms_key.own"}, freed)
	again, err := w.AllowDestroy()
	require.NoError(t, err)
	require.Empty(t, again)

	rewritten, err := os.ReadFile(filepath.Join(w.Dir, "main.tf"))
	require.NoError(t, err)
	require.Contains(t, string(rewritten), "prevent_destroy = false # on purpose\n    ignore_changes  = [tags]")
	for name, text := range files {
		original, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, text, string(original))
	}
	require.NoError(t, w.Close())
	_, err = w.AllowDestroy()
	require.NoError(t, err, "there is nothing left to destroy")
}
