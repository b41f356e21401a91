package runner

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notCopied are the names that belong to earlier runs or to version control.
var notCopied = []string{".git", ".terraform", stateLock, "terraform.tfstate.d", "crash.log"}

func isCopied(name string) bool {
	return !slices.Contains(notCopied, name) &&
		!strings.HasSuffix(name, ".tfstate") && !strings.Contains(name, ".tfstate.")
}

// A folder with a file CacheTag that begins with CacheSignature is a cache, and no
// part of a module. Source: Cache Directory Tagging Specification.
const (
	CacheTag       = "CACHEDIR.TAG"
	CacheSignature = "Signature: 8a477f597d28d172789f06886806bc55"
)

func isCache(dir string) bool {
	tag, err := os.ReadFile(filepath.Join(dir, CacheTag))
	return err == nil && strings.HasPrefix(string(tag), CacheSignature)
}

// copyModules copies the root and the modules it calls below dest, in the
// places they have to each other, and returns the root's copy.
func copyModules(dirs []string, dest string) (string, error) {
	ancestor := commonAncestor(dirs)
	for _, dir := range dirs {
		rel, err := filepath.Rel(ancestor, dir)
		if err != nil {
			return "", fmt.Errorf("copying module %s: %w", dir, err)
		}
		if err := copyTree(dir, filepath.Join(dest, rel)); err != nil {
			return "", fmt.Errorf("copying module %s: %w", dir, err)
		}
	}
	rel, err := filepath.Rel(ancestor, dirs[0])
	return filepath.Join(dest, rel), err
}

func copyTree(from, to string) error {
	from, err := filepath.EvalSymlinks(from) // WalkDir does not enter a link
	if err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case path != from && !isCopied(entry.Name()):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case path != from && entry.IsDir() && isCache(path):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o700)
		default:
			return copyFile(path, target)
		}
	})
}

// copyFile copies a file; a link becomes one to the same target, from its new
// place. A module inside another is copied twice: the second time changes
// nothing.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return nil
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := filepath.EvalSymlinks(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	if !info.Mode().IsRegular() {
		return nil // a socket or a device is no part of a module
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm()|0o600)
}
