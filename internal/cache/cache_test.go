package cache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/cache"
)

// quiet fails the test if there is something to wait for.
func quiet(t *testing.T) func(string) {
	return func(line string) { t.Errorf("unexpected progress: %s", line) }
}

func put(dir string) error { return os.WriteFile(filepath.Join(dir, "file"), []byte("whole"), 0o600) }

// names lists what is in a folder, locks aside.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	list := []string{}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".lock" {
			list = append(list, entry.Name())
		}
	}
	return list
}

func TestInstallOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	require.NoError(t, cache.Install(t.Context(), dir, quiet(t), put))
	require.FileExists(t, filepath.Join(dir, "file"))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "other users can read it")
	require.NoError(t, cache.Install(t.Context(), dir, quiet(t), func(string) error {
		return errors.New("filled twice")
	}))
}

// What could not be filled leaves nothing, and the next one may.
func TestInstallNothing(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir, broken := filepath.Join(parent, "b"), errors.New("broken download")
	require.ErrorIs(t, cache.Install(t.Context(), dir, quiet(t), func(scratch string) error {
		return errors.Join(put(scratch), broken)
	}), broken)
	require.Empty(t, names(t, parent))
	require.NoError(t, cache.Install(t.Context(), dir, quiet(t), put))
	require.Equal(t, []string{"b"}, names(t, parent))
}

// Who comes while another installs says so, waits, and finds it done; who may not
// wait any longer says why.
func TestInstallWaits(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "b")
	begun, finish, told := make(chan bool), make(chan bool), make(chan string, 1)
	var both sync.WaitGroup
	var first, second error
	both.Go(func() {
		first = cache.Install(t.Context(), dir, quiet(t), func(scratch string) error {
			close(begun)
			<-finish
			return put(scratch)
		})
	})
	<-begun
	both.Go(func() {
		second = cache.Install(t.Context(), dir, func(line string) { told <- line }, func(string) error { return errors.New("filled twice") })
	})
	require.Equal(t, "waiting for another process to finish installing into "+filepath.Dir(dir), <-told)

	ctx, cancel := context.WithCancel(t.Context())
	err := cache.Install(ctx, dir, func(string) { cancel() }, put)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "waiting for the lock "+dir+".lock")

	close(finish)
	both.Wait()
	require.NoError(t, errors.Join(first, second))
	require.FileExists(t, filepath.Join(dir, "file"))
}

func TestInstallRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.ErrorContains(t, cache.Install(t.Context(), filepath.Join(file, "b"), quiet(t), put), "making cache folder: ")
	require.NoError(t, os.Mkdir(file+".d.lock", 0o700))
	require.ErrorContains(t, cache.Install(t.Context(), file+".d", quiet(t), put), "opening lock: ")
	require.NoError(t, os.WriteFile(file+".e", nil, 0o600))
	require.ErrorContains(t, cache.Install(t.Context(), file+".e", quiet(t), put), "putting the folder in its place: ")
}
