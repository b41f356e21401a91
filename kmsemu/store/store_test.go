package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/store"
)

var _ kmsemu.Store = (*store.Folder)(nil)

func open(t *testing.T, path string) *store.Folder {
	t.Helper()
	f, err := store.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func contents(t *testing.T, f *store.Folder) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, f.Read(func(name string, body []byte) error {
		all[name] = string(body)
		return nil
	}))
	return all
}

func TestFolderKeeps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b")
	f := open(t, path)
	require.Empty(t, contents(t, f))
	require.NoError(t, f.Write(map[string][]byte{"a": []byte("1"), "b": []byte("2")}))
	require.NoError(t, f.Write(map[string][]byte{"a": []byte("3"), "b": nil, "c": nil, "d": {}}))
	want := map[string]string{"a": "3", "d": ""}
	require.Equal(t, want, contents(t, f))
	require.NoError(t, f.Close())
	require.Equal(t, want, contents(t, open(t, path)))
}

func TestFolderIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	require.NoError(t, open(t, path).Close())
	for name, mode := range map[string]os.FileMode{path: 0o700, filepath.Join(path, "state.db"): 0o600} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

// TestWriteIsAllOrNothing: a record that cannot be written takes the others back.
func TestWriteIsAllOrNothing(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	err := f.Write(map[string][]byte{"a": []byte("1"), "": []byte("2")})
	require.ErrorContains(t, err, `writing to state folder`)
	require.Empty(t, contents(t, f))
	require.NoError(t, f.Write(map[string][]byte{"a": []byte("1")}))
}

func TestFolderHasOneUser(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f := open(t, path)
	_, err := store.Open(path)
	require.EqualError(t, err, `state folder "`+path+`" is in use: stop the server that has it, or give another folder`)
	require.NoError(t, f.Close())
	require.NoError(t, open(t, path).Close())
}

func TestFoldersThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := store.Open(file)
	require.ErrorContains(t, err, "making state folder: ")

	damaged := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(damaged, "state.db"), make([]byte, 8192), 0o600))
	_, err = store.Open(damaged)
	require.ErrorContains(t, err, `opening state folder "`+damaged+`": `)
}

// TestDamagedFolders: wherever a page is damaged, the folder is refused, or opens and
// has what it had; it stays as it was.
func TestDamagedFolders(t *testing.T) {
	t.Parallel()
	page := os.Getpagesize()
	path := t.TempDir()
	f := open(t, path)
	records := map[string][]byte{}
	for i := range 500 {
		records[fmt.Sprint("record ", i)] = bytes.Repeat([]byte{byte(i)}, 100)
	}
	require.NoError(t, f.Write(records))
	want := contents(t, f)
	require.NoError(t, f.Close())
	whole, err := os.ReadFile(filepath.Join(path, "state.db"))
	require.NoError(t, err)
	refused := 0
	for at := 2 * page; at < len(whole); at += page { // behind the two that tell what is where
		for name, damage := range map[string][]byte{"zeroes": make([]byte, 64), "ones": bytes.Repeat([]byte{0xff}, 64)} {
			damaged := slices.Clone(whole)
			copy(damaged[at:], damage)
			file := filepath.Join(t.TempDir(), "state.db")
			require.NoError(t, os.WriteFile(file, damaged, 0o600))
			f, err := store.Open(filepath.Dir(file))
			if err == nil {
				require.Equal(t, want, contents(t, f), "%s at %d", name, at)
				require.NoError(t, f.Close())
				continue
			}
			refused++
			require.ErrorContains(t, err, "state.db is damaged: take a copy of the folder from before, or give another: ")
			now, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, damaged, now)
		}
	}
	require.Greater(t, refused, 20)
}

func TestReadEndsWithTheError(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	require.NoError(t, f.Write(map[string][]byte{"a": nil, "b": []byte("1")}))
	enough := errors.New("enough")
	require.ErrorIs(t, f.Read(func(string, []byte) error { return enough }), enough)
	require.NoError(t, f.Close())
	require.Error(t, f.Write(map[string][]byte{"a": []byte("1")}))
}
