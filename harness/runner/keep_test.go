package runner_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
)

// What engines wrote stays with a kept workspace; the modules are as they are now.
func TestKeptWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keep := filepath.Join(t.TempDir(), "kept")
	source := writeTree(t, map[string]string{"root/main.tf": "", "root/old.tf": "", "key/main.tf": ""})
	open := func() *runner.Workspace {
		t.Helper()
		w, err := b.start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: filepath.Join(source, "root"), Keep: keep})
		require.NoError(t, err)
		return w
	}
	write := func(dir, name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}

	w := open()
	write(w.Dir, "terraform.tfstate", "state")
	write(w.Dir, ".terraform/modules/modules.json", "modules")
	write(w.Dir, ".terraform/providers/link", "of a run that is over")
	write(w.Dir, "terraform.tfstate.d/other/terraform.tfstate", "another")
	require.NoError(t, w.Close())
	require.FileExists(t, filepath.Join(w.Dir, "terraform.tfstate"))

	// The root has changed, and now calls a module beside it, so that its copy lies
	// elsewhere.
	require.NoError(t, os.Remove(filepath.Join(source, "root", "old.tf")))
	write(source, "root/main.tf", `module "key" { source = "../key" }`)
	again := open()
	require.NotEqual(t, w.Dir, again.Dir)
	require.Contains(t, b.read(filepath.Join(again.Dir, "main.tf")), "../key")
	require.FileExists(t, filepath.Join(again.Dir, "../key/main.tf"))
	require.NoFileExists(t, filepath.Join(again.Dir, "old.tf"))
	for name, text := range map[string]string{
		"terraform.tfstate": "state", ".terraform/modules/modules.json": "modules", "terraform.tfstate.d/other/terraform.tfstate": "another",
	} {
		require.Equal(t, text, b.read(filepath.Join(again.Dir, name)), name)
	}
	require.NoFileExists(t, filepath.Join(again.Dir, ".terraform/providers/link"))
	require.NoError(t, again.Close())

	// Cut off before its last step.
	require.NoError(t, os.Rename(filepath.Join(keep, "src"), filepath.Join(keep, "src.new")))
	require.Equal(t, "state", b.read(filepath.Join(open().Dir, "terraform.tfstate")))
}

// A workspace may be kept inside the module it copies, if the folder is marked.
func TestKeptInsideTheModule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	source := writeTree(t, map[string]string{"main.tf": "", "kept/" + runner.CacheTag: runner.CacheSignature + "\n", "other/" + runner.CacheTag: "none"})
	for range 2 {
		w, err := b.start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: source, Keep: filepath.Join(source, "kept", "root")})
		require.NoError(t, err)
		require.NoDirExists(t, filepath.Join(w.Dir, "kept"))
		require.DirExists(t, filepath.Join(w.Dir, "other"))
		require.NoError(t, w.Close())
	}
}

func TestCutOff(t *testing.T) {
	t.Parallel()
	dir := writeTree(t, map[string]string{"a/src/terraform.tfstate": "{}"})
	cutOff := func(dir string) bool {
		t.Helper()
		found, err := runner.CutOff(dir)
		require.NoError(t, err)
		return found
	}
	require.False(t, cutOff(dir))
	require.False(t, cutOff(filepath.Join(dir, "none")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a/src/.terraform.tfstate.lock.info"), nil, 0o600))
	require.True(t, cutOff(dir))
}
