package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ConflictError is the refusal to overwrite or to lose what a person wrote.
type ConflictError struct {
	// Dir is the folder that was to be written.
	Dir string
	// Changes are the files in the way: Edited or Extra.
	Changes []Change
}

// Error names every file in the way and says what to do.
func (e *ConflictError) Error() string {
	names := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		names[i] = c.String()
	}
	return fmt.Sprintf("folder %q holds files that were not generated, or were changed since: %s; move them elsewhere, or restore what was generated, and put the change into the spec",
		e.Dir, strings.Join(names, ", "))
}

// Conflict returns a [*ConflictError] if any of changes, as [Check] found them in
// dir, keeps [Write] from writing; nil otherwise. Ask it of every module before
// writing the first, so that a spec is generated whole or not at all.
func Conflict(dir string, changes []Change) error {
	var refused []Change
	for _, c := range changes {
		if kinds[c.Kind].refused {
			refused = append(refused, c)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return &ConflictError{Dir: dir, Changes: refused}
}

// Write makes dir hold files and returns what it changed, as [Check] would have
// reported it. A folder that is up to date is not touched.
//
// The new folder is built beside dir and takes its place in one rename; until
// then dir is as it was. Should the process die in between, the old folder
// survives beside it under a name ending in ".keywright-old", and the next Write
// starts by putting it back. State, lock files and .terraform folders are
// carried over. Two Writes to one dir must not run at the same time.
//
// It returns a [*ConflictError], and writes nothing, when dir holds files that
// were not generated or were edited since.
func Write(dir string, files []File) ([]Change, error) {
	if err := Recover(dir); err != nil {
		return nil, err
	}
	changes, err := Check(dir, files)
	if err != nil {
		return nil, err
	}
	if err := Conflict(dir, changes); err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return nil, nil
	}
	if err := replace(dir, files, nil); err != nil {
		return nil, fmt.Errorf("writing folder %q: %w", dir, err)
	}
	return changes, nil
}

// oldName is where dir stays until its successor stands, nextName where the
// successor is built. Both are fixed, so that the next Write finds what an
// interrupted one left.
func oldName(dir string) string  { return sibling(dir, ".keywright-old") }
func nextName(dir string) string { return sibling(dir, ".keywright-new") }

func sibling(dir, suffix string) string {
	return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+suffix)
}

// Recover completes a write of dir that was interrupted, whichever step it died
// at. It does nothing if there was none.
func Recover(dir string) error {
	if err := recoverFolder(dir); err != nil {
		return fmt.Errorf("finishing an interrupted write of %q: %w", dir, err)
	}
	return nil
}

// recoverFolder puts the old folder back if dir is gone; otherwise only the
// engine's files are still to be carried over.
func recoverFolder(dir string) error {
	old := oldName(dir)
	if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(old, dir)
	}
	return retire(old, dir)
}

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
	err := os.Rename(dir, old)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Rename(next, dir)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(next, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return retire(old, dir)
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
