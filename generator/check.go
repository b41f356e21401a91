package generator

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/aymanbagabas/go-udiff"
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

// kinds holds, for each Kind, its word, what Write does about it, and whether that
// is to leave it alone, because what a person wrote would be lost.
var kinds = [...]struct {
	word, remedy string
	refused      bool
}{
	Missing:  {"missing", "create", false},
	Stale:    {"stale", "replace", false},
	Edited:   {"edited", "refuse", true},
	Orphaned: {"orphaned", "remove", false},
	Extra:    {"extra", "refuse", true},
}

// String returns the kind in one lower-case word, such as "edited".
func (k Kind) String() string { return kinds[k].word }

// Remedy returns in one word what [Write] does about a file of this kind: create,
// replace, remove, or refuse.
func (k Kind) Remedy() string { return kinds[k].remedy }

// Change is one file that differs.
type Change struct {
	// Path is slash-separated and relative to the folder.
	Path string
	Kind Kind
	// Causes say why, in a few words each, such as "edited by hand"; see [Check].
	Causes []string
	// Written is what the last run wrote, Found what is in the folder, and
	// Rendered what belongs there. Each is nil if there is none or if it is
	// unknown.
	Written, Found, Rendered []byte
}

// String returns "path (kind)".
func (c Change) String() string { return fmt.Sprintf("%s (%s)", c.Path, c.Kind) }

// Diff returns a unified diff: for an edited file, of what the person changed;
// for any other, of what [Write] would change. It is empty for a person's own
// file, and for the stamp, which nobody reads.
func (c Change) Diff() string {
	switch {
	case c.Kind == Extra || c.Path == stampName:
		return ""
	case c.Kind != Edited:
		return unified(c.Path, c.Found, c.Rendered)
	case c.Written != nil:
		return unified(c.Path, c.Written, c.Found)
	}
	return unified(c.Path, c.Rendered, c.Found)
}

// unified returns the diff of a file in the form that git and patch read.
func unified(name string, before, after []byte) string {
	from, to := "a/"+name, "b/"+name
	if before == nil {
		from = "/dev/null"
	}
	if after == nil {
		to = "/dev/null"
	}
	return udiff.Unified(from, to, string(before), string(after))
}

// Check compares dir with files and returns what differs, sorted by path; nothing
// means that the folder is up to date. A folder that is not there has every file
// missing. Check only reads. What Terraform leaves in a folder (.terraform, lock
// file, state, crash logs) counts neither as a change nor as a person's file.
//
// The causes of a change are, as far as the stamp in dir tells them: that the file
// was edited or deleted by hand, which arguments of the spec changed, and that the
// templates did.
func Check(dir string, files []File) ([]Change, error) {
	found, err := readFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("reading folder %q: %w", dir, err)
	}
	c := newComparison(found, files)
	var changes []Change
	for _, f := range files {
		if kind := c.compare(f); kind != 0 {
			changes = append(changes, c.change(f.Path, kind, f.Data))
		}
		delete(found, f.Path)
	}
	for name, data := range found {
		changes = append(changes, c.change(name, c.leftOver(name, data), nil))
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return changes, nil
}

// comparison is a folder beside what belongs there. Stamps are read when first
// needed: a folder that is up to date, or not there yet, is told without.
type comparison struct {
	found map[string][]byte
	// written is the stamp of the folder, nil if there is none; rendered that of
	// the new files.
	written, rendered func() *stamp
	// causes that all files have in common.
	causes func() []string
}

func newComparison(found map[string][]byte, files []File) *comparison {
	c := &comparison{found: found}
	ours := found[stampName]
	c.written = sync.OnceValue(func() *stamp { return readStamp(ours) })
	c.rendered = sync.OnceValue(func() *stamp {
		i := slices.IndexFunc(files, func(f File) bool { return f.Path == stampName })
		if i < 0 {
			return nil
		}
		return readStamp(files[i].Data)
	})
	c.causes = sync.OnceValue(func() []string {
		if c.written() == nil || c.rendered() == nil {
			return nil
		}
		return causes(c.written(), c.rendered())
	})
	return c
}

// compare returns how f differs on disk, or 0.
func (c *comparison) compare(f File) Kind {
	data, there := c.found[f.Path]
	switch {
	case !there:
		return Missing
	case bytes.Equal(data, f.Data):
		return 0
	case f.Path != stampName && c.written().wrote(f.Path, data):
		return Stale
	case f.Path != stampName || c.written() == nil:
		return Edited
	case c.rendered() != nil && c.written().same(c.rendered()):
		return 0
	}
	return Stale
}

// leftOver returns the kind of a file that is not rendered.
func (c *comparison) leftOver(name string, data []byte) Kind {
	switch {
	case c.written().wrote(name, data):
		return Orphaned
	case c.written().lists(name):
		return Edited
	}
	return Extra
}

// change tells about one file that differs.
func (c *comparison) change(name string, kind Kind, rendered []byte) Change {
	change := Change{Path: name, Kind: kind, Found: c.found[name], Rendered: rendered}
	if c.written().lists(name) {
		// An original that can't be read costs the diff, not the finding.
		if original, err := c.written().original(name); err == nil {
			change.Written = original
		}
	}
	change.Causes = c.causesOf(change)
	return change
}
