package generator

import (
	"errors"
	"fmt"
	"io/fs"
)

// Overlay returns templates in which the files of own take the place of those of
// the same names. It returns an error if own has a file that templates has not:
// nothing would ever read it.
func Overlay(templates, own fs.FS) (fs.FS, error) {
	var known []string
	err := fs.WalkDir(templates, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			known = append(known, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the templates: %w", err)
	}
	o := overlay{templates, map[string]fs.FS{}}
	for _, name := range known {
		o.owners[name] = templates
	}
	var unknown []error
	err = fs.WalkDir(own, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
			return err
		case o.owners[name] == nil:
			unknown = append(unknown, fmt.Errorf("there is no template %q to take the place of; %s", name, suggest(name, known)))
		}
		o.owners[name] = own
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing your templates: %w", err)
	}
	return o, errors.Join(unknown...)
}

// overlay opens each file where it is owned, and folders in the templates, which
// have all of them.
type overlay struct {
	templates fs.FS
	owners    map[string]fs.FS
}

func (o overlay) Open(name string) (fs.File, error) {
	if owner, ok := o.owners[name]; ok {
		return owner.Open(name)
	}
	return o.templates.Open(name)
}
