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

// longestParent leaves room for the names below it in the path of the provider's
// socket, which may have 103 bytes on macOS and 107 on Linux: the run's folder, with a
// process id and a random number, t, and the socket's own name. Source: sun_path in
// unix(4) and unix(7).
const longestParent = 103 - len("/keywright-4194304-4294967295/t/plugin4294967295")

// folder is a run's temporary folder. Its lock is held as long as the process
// lives, however it ends, and is in place only once it is held.
type folder struct {
	path string
	lock *os.File
}

func newFolder(parent string) (*folder, error) {
	if len(parent) > longestParent {
		return nil, fmt.Errorf("making run folder: the provider's socket in %s would have too long a path: TMPDIR must name a folder of at most %d bytes", parent, longestParent)
	}
	removeStale(parent)
	path, err := os.MkdirTemp(parent, fmt.Sprintf("%s%d-*", folderPrefix, os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("making run folder: %w: TMPDIR must name a folder that can be written to", err)
	}
	lock, err := newLock(filepath.Join(path, lockName))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking run folder: %w", err), os.RemoveAll(path))
	}
	f := &folder{path: path, lock: lock}
	if err := os.Mkdir(f.temp(), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("making run folder: %w", err), f.remove())
	}
	return f, nil
}

func newLock(path string) (*os.File, error) {
	lock, err := os.OpenFile(path+".new", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if err := os.Rename(lock.Name(), path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
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

// isStale asks for the lock, which ends with its process even if another has got
// its id since, and is held across containers that share the folder. A run that is
// just starting has no lock yet: then the process id tells.
func isStale(path string) bool {
	id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), folderPrefix), "-")
	pid, err := strconv.Atoi(id)
	if err != nil {
		return false
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return syscall.Kill(pid, 0) == syscall.ESRCH
	}
	if err != nil {
		return false
	}
	defer lock.Close()
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
