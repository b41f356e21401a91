package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// keptTree holds the copies of a kept workspace's modules, and freshTree those
	// that are about to take their place.
	keptTree  = "src"
	freshTree = "src.new"
	// keptRoot tells where in the tree the root module is.
	keptRoot = "root"
	// stateLock is there while an engine works on a local state. Source: package
	// internal/states/statemgr of Terraform, Filesystem.lockInfoPath.
	stateLock = ".terraform.tfstate.lock.info"
)

// carried are the files of a root module's copy that an engine wrote and a later
// run needs. The rest of .terraform leads into the folder of a run that is over.
var carried = []string{
	"terraform.tfstate", "terraform.tfstate.backup", "terraform.tfstate.d", ".terraform.lock.hcl",
	filepath.Join(".terraform", "modules"), filepath.Join(".terraform", "environment"),
}

// copyKept copies the modules into a folder that outlives the run, with the state
// that an earlier run left there, and returns the root's copy. Whenever it is cut
// off, the next call finds the state.
func copyKept(dirs []string, keep string) (string, error) {
	tree, fresh := filepath.Join(keep, keptTree), filepath.Join(keep, freshTree)
	if _, err := os.Lstat(tree); errors.Is(err, fs.ErrNotExist) {
		// Cut off between the two last steps, if there is one.
		if err := os.Rename(fresh, tree); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("keeping workspace: %w", err)
		}
	}
	if err := os.RemoveAll(fresh); err != nil {
		return "", fmt.Errorf("keeping workspace: %w", err)
	}
	root, err := copyModules(dirs, fresh)
	if err != nil {
		return "", err
	}
	if err := carryOver(keep, root); err != nil {
		return "", fmt.Errorf("keeping workspace: %w", err)
	}
	rel, err := filepath.Rel(fresh, root)
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(keep, keptRoot), []byte(rel), 0o600),
			os.RemoveAll(tree), os.Rename(fresh, tree))
	}
	if err != nil {
		return "", fmt.Errorf("keeping workspace: %w", err)
	}
	return filepath.Join(tree, rel), nil
}

// carryOver copies what an engine wrote into the last copy of the root.
func carryOver(keep, root string) error {
	last, err := os.ReadFile(filepath.Join(keep, keptRoot))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // this is the first
	}
	if err != nil {
		return err
	}
	for _, name := range carried {
		from := filepath.Join(keep, keptTree, string(last), name)
		info, err := os.Stat(from)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		to := filepath.Join(root, name)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o700)
		}
		if err == nil && info.IsDir() {
			err = os.CopyFS(to, os.DirFS(from))
		} else if err == nil {
			err = copyFile(from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CutOff reports whether an engine ended in the middle of its work on a state below
// dir: what it made may be in no state.
func CutOff(dir string) (bool, error) {
	var found bool
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == stateLock {
			found = true
			return fs.SkipAll
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for a state that is locked: %w", err)
	}
	return found, nil
}
