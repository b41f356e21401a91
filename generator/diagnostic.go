package generator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Position is a place in a spec. Line and Column start at 1; Column counts
// characters.
type Position struct {
	File         string
	Line, Column int
}

// String returns "file:line:column", the form editors turn into links.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

func position(r hcl.Range) Position {
	return Position{File: r.Filename, Line: r.Start.Line, Column: r.Start.Column}
}

// Diagnostic is one problem of a spec.
type Diagnostic struct {
	Position
	// Problem says what is wrong, without a final period.
	Problem string
	// Remedy says what to write instead.
	Remedy string
}

// Error returns "file:line:column: problem; remedy".
func (d Diagnostic) Error() string {
	return fmt.Sprintf("%s: %s; %s", d.Position, d.Problem, d.Remedy)
}

// Diagnostics holds every problem of a spec, in the order of their places. It is
// the error of [ParseSpec].
type Diagnostics []Diagnostic

// Error returns one line a problem.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

func (ds Diagnostics) sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// fromHCL keeps HCL's own words, in the form of ours: its summary is the problem
// and its detail mostly says what to do.
func fromHCL(diags hcl.Diagnostics) Diagnostics {
	var found Diagnostics
	for _, d := range diags {
		found = append(found, Diagnostic{
			Position: position(*d.Subject),
			Problem:  clause(d.Summary),
			Remedy:   clause(d.Detail),
		})
	}
	return found
}

// clause makes a sentence fit for the middle of another.
func clause(sentence string) string {
	first, size := utf8.DecodeRuneInString(sentence)
	return string(unicode.ToLower(first)) + strings.TrimSuffix(sentence[size:], ".")
}
