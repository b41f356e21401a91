package generator_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

// asNobody runs work with the file rights of a user who owns nothing, since root
// may write everywhere. It holds for one thread alone, which ends with it.
func asNobody(t *testing.T, work func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		work()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread is not used again
		const nobody = 65534
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Error(err)
			return
		}
		work()
	}()
	<-done
}

func TestWriteIntoAReadOnlyFolderLeavesIt(t *testing.T) {
	t.Parallel()
	dir, _ := written(t)
	parent := filepath.Dir(dir)
	require.NoError(t, os.Chmod(filepath.Dir(parent), 0o755))
	require.NoError(t, os.Chmod(parent, 0o555))
	t.Cleanup(func() { require.NoError(t, os.Chmod(parent, 0o755)) })
	before := snapshot(t, parent)
	files := render(t, parse(t, `description = "Orders"`))
	var err error
	asNobody(t, func() { _, err = generator.Write(dir, files) })
	require.ErrorContains(t, err, "writing folder")
	require.ErrorIs(t, err, os.ErrPermission)
	require.Empty(t, cmp.Diff(before, snapshot(t, parent)), "-want +got")
}
