package generator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/keywright/keywright/internal/merge"
)

// Outcome is what an update does with a file.
type Outcome uint8

const (
	// Create means that the file is new.
	Create Outcome = iota + 1
	// Replace means that nobody edited the file, and that it has changed.
	Replace
	// Merge means that the changes go into the edited file.
	Merge
	// Keep means that the file stays as the person left it: edited, or deleted.
	Keep
	// Remove means that nobody edited the file, and that it is no longer generated.
	Remove
	// Conflicting means that a person has to decide.
	Conflicting
)

var outcomes = [...]string{Create: "create", Replace: "replace", Merge: "merge", Keep: "keep", Remove: "remove", Conflicting: "conflict"}

// String returns the outcome in one lower-case word, such as "merge".
func (o Outcome) String() string { return outcomes[o] }

// Step is what an update does with one file.
type Step struct {
	// Path is slash-separated and relative to the folder.
	Path    string
	Outcome Outcome
	// Detail says more in a few words; "" if there is no more to say.
	Detail string
	// Before is what is in the folder and After what will be; nil for no file.
	Before, After []byte
}

// String returns "path: outcome (detail)".
func (s Step) String() string {
	if s.Detail == "" {
		return fmt.Sprintf("%s: %s", s.Path, s.Outcome)
	}
	return fmt.Sprintf("%s: %s (%s)", s.Path, s.Outcome, s.Detail)
}

// Diff returns a unified diff of what the step changes; it is empty for the stamp,
// which nobody reads.
func (s Step) Diff() string {
	if s.Path == stampName {
		return ""
	}
	return unified(s.Path, s.Before, s.After)
}

// changes reports whether the step changes the folder.
func (s Step) changes() bool {
	return (s.Before == nil) != (s.After == nil) || !bytes.Equal(s.Before, s.After)
}

// Update is the way from a copied, and perhaps edited, folder to the present
// templates.
type Update struct {
	// Dir is the folder.
	Dir string
	// Steps are sorted by path. What stays as it was generated, and what is a
	// person's own, has none.
	Steps []Step
	// kept are the paths that stay as they are in the folder.
	kept []string
}

// Stamped returns the module that the stamp in dir remembers, for [Render] and
// [PlanUpdate]. Its Output and Position are unknown.
func Stamped(dir string) (Module, error) {
	var m Module
	s, err := stampOf(dir)
	if err != nil {
		return m, err
	}
	d := json.NewDecoder(bytes.NewReader(s.Inputs))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("reading the inputs in %q: %w; they are of another version of keywright: name the spec with --spec", filepath.Join(dir, stampName), err)
	}
	if !moduleName.MatchString(m.Name) {
		return m, fmt.Errorf("reading the inputs in %q: %q is no name of a module; put the stamp back as it was written", filepath.Join(dir, stampName), m.Name)
	}
	m.Preset = s.Preset
	m.fill() // what has come to specs since has its default
	return m, nil
}

// StampedName returns the name of the module that the stamp in dir remembers. It
// can be read where [Stamped] meets inputs of another version.
func StampedName(dir string) (string, error) {
	s, err := stampOf(dir)
	if err != nil {
		return "", err
	}
	var inputs struct{ Name string }
	if err := json.Unmarshal(s.Inputs, &inputs); err != nil {
		return "", fmt.Errorf("reading the inputs in %q: %w; put the stamp back as it was written", filepath.Join(dir, stampName), err)
	}
	return inputs.Name, nil
}

func stampOf(dir string) (*stamp, error) {
	name := filepath.Join(dir, stampName)
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no %q: it is written with the module and copied along, and holds what an update starts from; copy it too, or generate the module anew", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the stamp: %w", err)
	}
	if s := readStamp(data); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%q is spoilt; put it back as it was written", name)
}

// PlanUpdate works out how dir gets from what its stamp remembers to files, the
// new rendering of its module. It is a three-way merge: of the originals in the
// stamp, the folder, and files. It only reads; see [Update.Write].
//
// It returns an error if an earlier conflict is still marked in a file, if a
// generated file is now a symbolic link, and if the stamp is missing or spoilt.
func PlanUpdate(dir string, files []File) (*Update, error) {
	s, err := stampOf(dir)
	if err != nil {
		return nil, err
	}
	found, err := readFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("reading folder %q: %w", dir, err)
	}
	p := &planner{stamp: s, found: found, rendered: map[string][]byte{}, update: &Update{Dir: dir}}
	for _, f := range files {
		p.rendered[f.Path] = f.Data
	}
	next := readStamp(p.rendered[stampName])
	if next == nil {
		return nil, errors.New("the files hold no stamp: they are not from Render")
	}
	p.labels = merge.Labels{Ours: "in the folder", Base: "written by templates " + s.TemplateVersion, Theirs: "templates " + next.TemplateVersion}
	if err := p.plan(next); err != nil {
		return nil, fmt.Errorf("updating folder %q: %w", dir, err)
	}
	return p.update, nil
}

// Conflicts returns the steps that a person has to decide.
func (u *Update) Conflicts() []Step {
	return slices.DeleteFunc(slices.Clone(u.Steps), func(s Step) bool { return s.Outcome != Conflicting })
}

// Write makes the folder what the update says, all at once as [Write] does. Files
// with conflicts hold marks in the form of git's diff3; a person's own files stay
// as they are.
func (u *Update) Write() error {
	if !slices.ContainsFunc(u.Steps, Step.changes) {
		return nil
	}
	var files []File
	for _, s := range u.Steps {
		if s.After != nil && !slices.Contains(u.kept, s.Path) {
			files = append(files, File{s.Path, s.After})
		}
	}
	if err := replace(u.Dir, files, u.kept); err != nil {
		return fmt.Errorf("writing folder %q: %w", u.Dir, err)
	}
	return nil
}
