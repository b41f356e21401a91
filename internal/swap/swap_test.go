package swap_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/swap"
)

// folder makes a folder that holds one file.
func folder(t *testing.T, dir, file string) {
	t.Helper()
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, file), nil, 0o600))
}

func TestExchange(t *testing.T) {
	t.Parallel()
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	folder(t, a, "of-a")
	folder(t, b, "of-b")
	err := swap.Exchange(a, b)
	if errors.Is(err, errors.ErrUnsupported) {
		require.FileExists(t, filepath.Join(a, "of-a"), "nothing has changed")
		t.Skip("the file system exchanges nothing")
	}
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(a, "of-b"))
	require.FileExists(t, filepath.Join(b, "of-a"))

	require.ErrorIs(t, swap.Exchange(a, b+"-missing"), os.ErrNotExist)
	require.FileExists(t, filepath.Join(a, "of-b"))
}
