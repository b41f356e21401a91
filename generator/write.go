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
	return fmt.Sprintf("folder %q holds files that were not generated, or were changed since: %s; move them elsewhere, or restore what was generated, and put the change into the spec, or merge the new rendering into them with keywright update --spec",
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
// The new folder is built beside dir and takes its place in one step; whenever the
// process dies, dir is the old folder or the new one. Where the system has no such
// step, the old folder may be left beside it under a name ending in
// ".keywright-old". The next Write starts by putting that right, and removes what
// was left. State, lock files and .terraform folders are carried over. Two Writes to
// one dir must not run at the same time.
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
	if err := os.RemoveAll(nextName(dir)); err != nil {
		return err
	}
	old := oldName(dir)
	if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(old, dir)
	}
	return retire(old, dir)
}
