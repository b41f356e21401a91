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

// socketName is as long as the name of a provider's socket may be: go-plugin has
// os.CreateTemp make it.
const socketName = "plugin4294967295"

// folder is a run's temporary folder. Its lock is held as long as the process
// lives, however it ends, and is in place only once it is held.
type folder struct {
	path string
	lock *os.File
}

func newFolder(parent string) (*folder, error) {
	parent, err := filepath.Abs(parent) // engine and janitor work in other folders
	if err != nil {
		return nil, fmt.Errorf("making run folder: %w", err)
	}
	removeStale(parent)
	path, err := os.MkdirTemp(parent, fmt.Sprintf("%s%d-*", folderPrefix, os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("making run folder: %w: TMPDIR must name a folder that can be written to", err)
	}
	f := &folder{path: path}
	if err := f.checkSocket(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	lock, err := newLock(filepath.Join(path, lockName))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking run folder: %w", err), os.RemoveAll(path))
	}
	f.lock = lock
	if err := os.Mkdir(f.temp(), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("making run folder: %w", err), f.remove())
	}
	return f, nil
}

// checkSocket returns an error if the provider's socket would have too long a path,
// of which the provider only says that an argument is invalid. Source: unix(7),
// sun_path, which ends with a zero.
func (f *folder) checkSocket() error {
	longest := len(syscall.RawSockaddrUnix{}.Path) - 1
	if over := len(filepath.Join(f.temp(), socketName)) - longest; over > 0 {
		return fmt.Errorf("making run folder: %s is %d bytes too long for the path of the provider's socket: set TMPDIR to a shorter one", filepath.Dir(f.path), over)
	}
	return nil
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
