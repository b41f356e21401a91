package generator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is how a file in a folder differs from what was rendered.
type Kind uint8

const (
	// Missing means that the file is rendered and not there.
	Missing Kind = iota + 1
	// Stale means that the file is as it was written, and would now be rendered otherwise.
	Stale
	// Edited means that the file differs from what was rendered and from what was written.
	Edited
	// Orphaned means that the file is as it was written, and is no longer rendered.
	Orphaned
	// Extra means that the file is not rendered and was never written.
	Extra
)

// kinds holds, for each Kind, its word and whether Write must leave it alone,
// because what a person wrote would be lost.
var kinds = [...]struct {
	word    string
	refused bool
}{
	Missing:  {"missing", false},
	Stale:    {"stale", false},
	Edited:   {"edited", true},
	Orphaned: {"orphaned", false},
	Extra:    {"extra", true},
}

// String returns the kind in one lower-case word, such as "edited".
func (k Kind) String() string { return kinds[k].word }

// Change is one file that differs.
type Change struct {
	// Path is slash-separated and relative to the folder.
	Path string
	Kind Kind
}

// String returns "path (kind)".
func (c Change) String() string { return fmt.Sprintf("%s (%s)", c.Path, c.Kind) }

// Check compares dir with files and returns what differs, sorted by path; nothing
// means that the folder is up to date. A folder that is not there has every file
// missing. Check only reads. What Terraform leaves in a folder (.terraform, lock
// file, state, crash logs) counts neither as a change nor as a person's file.
func Check(dir string, files []File) ([]Change, error) {
	found, err := readFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("reading folder %q: %w", dir, err)
	}
	written := readStamp(found[stampName])
	var changes []Change
	for _, f := range files {
		if kind := compare(f, found, written); kind != 0 {
			changes = append(changes, Change{f.Path, kind})
		}
		delete(found, f.Path)
	}
	for name, data := range found {
		changes = append(changes, Change{name, leftOver(name, data, written)})
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return changes, nil
}

// compare returns how f differs on disk, or 0.
func compare(f File, found map[string][]byte, written *stamp) Kind {
	data, there := found[f.Path]
	switch {
	case !there:
		return Missing
	case bytes.Equal(data, f.Data):
		return 0
	case f.Path == stampName && written != nil, written.wrote(f.Path, data):
		return Stale
	}
	return Edited
}

// leftOver returns the kind of a file that is not rendered.
func leftOver(name string, data []byte, written *stamp) Kind {
	switch {
	case written.wrote(name, data):
		return Orphaned
	case written.lists(name):
		return Edited
	}
	return Extra
}

// readStamp returns nil for a stamp that is missing or spoilt: nothing then
// proves which files are ours, so none is overwritten, and a spoilt stamp itself
// is reported as edited.
func readStamp(data []byte) *stamp {
	var s stamp
	if err := json.Unmarshal(data, &s); err != nil {
		return nil
	}
	return &s
}

// lists reports whether the stamp's author wrote a file of this name.
func (s *stamp) lists(name string) bool {
	if s == nil {
		return false
	}
	_, ok := s.Files[name]
	return ok
}

// wrote reports whether the file is as the stamp's author wrote it.
func (s *stamp) wrote(name string, data []byte) bool {
	return s.lists(name) && s.Files[name] == digest(data)
}

// readFolder returns the content of each file under dir that an engine did not
// leave there. A symbolic link counts as a file of a content no one rendered.
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
