package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// folderPrefix begins the name of every run's folder; the process id follows.
const folderPrefix = "keywright-"

// lockName is the file whose lock tells that a run's folder is in use.
const lockName = "lock"

// folder is a run's temporary folder. Its lock is held as long as the process
// lives, however it ends.
type folder struct {
	path string
	lock *os.File
}

func newFolder(parent string) (*folder, error) {
	removeStale(parent)
	path, err := os.MkdirTemp(parent, fmt.Sprintf("%s%d-*", folderPrefix, os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("making run folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making run folder: %w", err), os.RemoveAll(path))
	}
	f := &folder{path: path, lock: lock}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("locking run folder: %w", err), f.remove())
	}
	if err := os.Mkdir(f.temp(), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("making run folder: %w", err), f.remove())
	}
	return f, nil
}

// temp is the TMPDIR of engine and provider: what they leave goes with it.
func (f *folder) temp() string { return filepath.Join(f.path, "t") }

func (f *folder) cliConfig() string { return filepath.Join(f.path, "terraform.rc") }

func (f *folder) mirror() string { return filepath.Join(f.path, "mirror") }

func (f *folder) remove() error {
	return errors.Join(os.RemoveAll(f.path), f.lock.Close())
}

// removeStale removes the folders whose process is gone. It keeps silent about
// those it can't remove: another user's are none of this run's business.
func removeStale(parent string) {
	// Glob's one error is a malformed pattern, which this is not.
	found, _ := filepath.Glob(filepath.Join(parent, folderPrefix+"*-*"))
	for _, path := range found {
		if isStale(path) {
			_ = os.RemoveAll(path)
		}
	}
}

// isStale asks for both the process id and the lock: the id alone may mean
// another process by now, or one of another container that shares the folder;
// the lock alone is not yet held by a run that is just starting.
func isStale(path string) bool {
	id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), folderPrefix), "-")
	pid, err := strconv.Atoi(id)
	if err != nil || syscall.Kill(pid, 0) != syscall.ESRCH {
		return false
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	defer lock.Close()
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
