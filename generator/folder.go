package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// readFolder returns the content of each file under dir that an engine did not
// leave there; nil for what is no regular file, such as a symbolic link, whose
// content no one rendered.
func readFolder(dir string) (map[string][]byte, error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, errors.New("it is a file or a symbolic link; remove it, or set output to another folder")
	}
	found := map[string][]byte{}
	root := os.DirFS(dir)
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case isEngineFile(entry.Name()) && entry.IsDir():
			return fs.SkipDir
		case isEngineFile(entry.Name()) || entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			found[name] = nil
			return nil
		}
		found[name], err = fs.ReadFile(root, name)
		return err
	})
	return found, err
}

// engineFiles are the names of what Terraform and OpenTofu leave in a folder.
var engineFiles = []string{".terraform", ".terraform.lock.hcl", ".terraform.tfstate.lock.info", "*.tfstate", "*.tfstate.*", "crash.log", "crash.*.log"}

func isEngineFile(name string) bool {
	return slices.ContainsFunc(engineFiles, func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return matched && err == nil
	})
}

// OutputDir returns the folder of m under root, the folder of the spec. It
// refuses, with a [Diagnostic], a path that passes through a symbolic link, which
// may lead anywhere, or through a file.
func OutputDir(root string, m Module) (string, error) {
	dir := root
	for _, element := range strings.Split(m.Output, "/") {
		dir = filepath.Join(dir, element)
		info, err := os.Lstat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", fmt.Errorf("looking for the folder of module %q: %w", m.Name, err)
		case !info.IsDir():
			return "", Diagnostic{m.Position, fmt.Sprintf("the path of output %q passes through a file or a symbolic link, %q", m.Output, dir), "remove it, or set output to another folder"}
		}
	}
	return dir, nil
}
