package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keywright/keywright/internal/swap"
)

// replace puts a new folder in the place of dir: of files, and of those in dir
// whose names are kept.
func replace(dir string, files []File, kept []string) error {
	if err := leave(dir); err != nil {
		return err
	}
	next, old := nextName(dir), oldName(dir)
	defer os.RemoveAll(next)
	if err := fill(next, files); err != nil {
		return err
	}
	if err := keep(dir, next, kept); err != nil {
		return err
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(next, dir)
	}
	if err := exchange(dir, next, old); err != nil {
		return err
	}
	return retire(old, dir)
}

// exchange puts next in the place of dir, which then is old. It has that name before
// it is exchanged: recoverFolder takes from old what it needs, and removes it.
func exchange(dir, next, old string) error {
	if err := os.Rename(next, old); err != nil {
		return err
	}
	err := swap.Exchange(old, dir)
	if err == nil {
		return nil
	}
	if back := os.Rename(old, next); back != nil || !errors.Is(err, errors.ErrUnsupported) {
		return errors.Join(err, back)
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(next, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}

// fill makes folder dir, which an interrupted write may have left, anew.
func fill(dir string, files []File) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// leave refuses a dir that the process was started in: the shell would be left in
// the folder that is gone.
func leave(dir string) error {
	target, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	at, err := os.Getwd()
	if err != nil {
		return err
	}
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		if here, err := os.Stat(at); err == nil && os.SameFile(here, target) {
			return errors.New("the folder is replaced as a whole, and the command was started inside it: start it from outside")
		}
	}
	return nil
}

// keep copies the files of these names from dir to next. It copies, and does not
// move, so that dir stays whole until next takes its place.
func keep(dir, next string, names []string) error {
	for _, name := range names {
		from, to := filepath.Join(dir, filepath.FromSlash(name)), filepath.Join(next, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := duplicate(from, to); err != nil {
			return err
		}
	}
	return nil
}

// duplicate copies a file with its mode, or a symbolic link as it is.
func duplicate(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is neither a file nor a symbolic link; move it elsewhere", from)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Chmod(to, info.Mode().Perm()) // whatever the umask took away
}

// retire moves what an engine left in old over to dir and removes old. It stops
// at a file that dir has too: only a person can say which state to keep.
func retire(old, dir string) error {
	err := filepath.WalkDir(old, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !isEngineFile(entry.Name()) {
			return err
		}
		relative, err := filepath.Rel(old, name)
		if err != nil {
			return err
		}
		if err := move(name, filepath.Join(dir, relative)); err != nil {
			return err
		}
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(old)
}

func move(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("both %q and %q are there; keep the one you need under the second name and remove the first", from, to)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.Rename(from, to)
}
