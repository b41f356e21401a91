// Package merge merges two changed versions of a text, line by line.
package merge

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// The lines that enclose the texts of a conflict, as diff3 and git write them. The
// first, second and last go on with a label.
const (
	markOurs   = "<<<<<<< "
	markBase   = "||||||| "
	markMiddle = "=======\n"
	markTheirs = ">>>>>>> "
)

// Labels name the three texts of a merge in its conflicts.
type Labels struct{ Ours, Base, Theirs string }

// Merge brings the changes from base to theirs into ours, line by line, and
// returns how many places conflict: there both sides changed the same or adjoining
// lines, in different ways, and the text holds all three versions between marks.
//
// It is diff3 over the edits of a line-based diff. Source: Khanna, Kunal, Pierce:
// A Formal Investigation of Diff3, 2007.
func Merge(base, ours, theirs string, l Labels) (merged string, conflicts int) {
	a, b := udiff.Lines(base, ours), udiff.Lines(base, theirs)
	var out strings.Builder
	at := 0
	for len(a) > 0 || len(b) > 0 {
		r := region{start: first(a, b)}
		r.end = r.start
		for r.take(&a, &r.ours) || r.take(&b, &r.theirs) {
		}
		out.WriteString(base[at:r.start])
		at = r.end
		if !r.write(&out, base, l) {
			conflicts++
		}
	}
	out.WriteString(base[at:])
	return out.String(), conflicts
}

// region is a part of base, and the edits of both sides in it. No edit outside
// touches it.
type region struct {
	start, end   int
	ours, theirs []udiff.Edit
}

// first returns where the first edit of two lists starts, one of which may be empty.
func first(a, b []udiff.Edit) int {
	switch {
	case len(a) == 0:
		return b[0].Start
	case len(b) == 0:
		return a[0].Start
	}
	return min(a[0].Start, b[0].Start)
}

// take moves the first of edits to side if it touches the region, which then
// covers it.
func (r *region) take(edits, side *[]udiff.Edit) bool {
	if len(*edits) == 0 || (*edits)[0].Start > r.end {
		return false
	}
	r.end = max(r.end, (*edits)[0].End)
	*side = append(*side, (*edits)[0])
	*edits = (*edits)[1:]
	return true
}

// write writes what the region becomes, and reports false if it conflicts.
func (r *region) write(out *strings.Builder, base string, l Labels) bool {
	before, ours, theirs := base[r.start:r.end], r.apply(base, r.ours), r.apply(base, r.theirs)
	switch {
	case ours == theirs, theirs == before:
		out.WriteString(ours)
		return true
	case ours == before:
		out.WriteString(theirs)
		return true
	}
	for _, text := range []string{markOurs + l.Ours, ours, markBase + l.Base, before, markMiddle, theirs, markTheirs + l.Theirs} {
		out.WriteString(endLine(text))
	}
	return false
}

// apply returns the region as edits make it.
func (r *region) apply(base string, edits []udiff.Edit) string {
	var out strings.Builder
	at := r.start
	for _, e := range edits {
		out.WriteString(base[at:e.Start] + e.New)
		at = e.End
	}
	return out.String() + base[at:r.end]
}

// endLine ends text that does not end a line: a mark needs one of its own.
func endLine(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// HasMarks reports whether text still holds a conflict that Merge, or git, wrote.
func HasMarks(text string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, markOurs) || strings.HasPrefix(line, markBase) || strings.HasPrefix(line, markTheirs) {
			return true
		}
	}
	return false
}
