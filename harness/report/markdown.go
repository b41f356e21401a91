package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The lines of a Markdown file between which [Support.Into] puts the matrix.
const (
	supportBegin = "<!-- keywright report: support matrix -->\n"
	supportEnd   = "<!-- keywright report: end -->\n"
)

// Into returns the text of a Markdown file with the matrix between its marks, or
// behind it if it has none: what is between them is replaced.
func (s Support) Into(text string) string {
	matrix := supportBegin + s.Markdown() + supportEnd
	before, rest, found := strings.Cut(text, supportBegin)
	if !found {
		return text + matrix
	}
	_, after, _ := strings.Cut(rest, supportEnd)
	return before + matrix + after
}

// Markdown returns the matrix as tables: modules by backend with engine, then what
// was skipped and why.
func (s Support) Markdown() string {
	columns := s.columns()
	modules := map[string][]Tally{}
	total := make([]Tally, len(columns))
	for _, t := range s.Tallies {
		if modules[t.Module] == nil {
			modules[t.Module] = make([]Tally, len(columns))
		}
		i := slices.Index(columns, column{t.Backend, t.Engine})
		modules[t.Module][i] = t
		total[i] = total[i].plus(t)
	}
	var b strings.Builder
	row(&b, "Promises held", columns, func(c column) string { return c.backend + ", " + c.engine })
	b.WriteString(strings.Repeat("|---", len(columns)+1) + "|\n")
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		row(&b, module, modules[module], Tally.cell)
	}
	row(&b, "all", total, Tally.cell)
	row(&b, "AWS provider", columns, func(c column) string { return cmp.Or(s.run(c).Provider, none) })
	row(&b, "wall time", columns, func(c column) string {
		if seconds := s.run(c).Seconds; seconds > 0 {
			return fmt.Sprintf("%.0f s", seconds)
		}
		return none
	})
	writeSkipped(&b, columns, total)
	return b.String()
}

// none stands for what nothing is known of.
const none = "–"

func row[T any](b *strings.Builder, title string, list []T, cell func(T) string) {
	b.WriteString("| " + title)
	for _, v := range list {
		b.WriteString(" | " + cell(v))
	}
	b.WriteString(" |\n")
}

func writeSkipped(b *strings.Builder, columns []column, total []Tally) {
	title := "\n| Skipped on | Promises | Reason |\n|---|---|---|\n"
	for i, t := range total {
		for _, reason := range slices.Sorted(maps.Keys(t.Skipped)) {
			fmt.Fprintf(b, "%s| %s, %s | %d | %s |\n", title, columns[i].backend, columns[i].engine, t.Skipped[reason], reason)
			title = ""
		}
	}
}

type column struct{ backend, engine string }

// columns are in the order of the runs; what has none comes behind.
func (s Support) columns() []column {
	var list []column
	add := func(c column) {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	for _, run := range s.Runs {
		add(column{run.Backend, run.Engine})
	}
	for _, t := range s.Tallies {
		add(column{t.Backend, t.Engine})
	}
	return list
}

// run is that of a column, zero if there is none.
func (s Support) run(c column) Run {
	for _, run := range s.Runs {
		if c == (column{run.Backend, run.Engine}) {
			return run
		}
	}
	return Run{}
}

func (t Tally) plus(o Tally) Tally {
	t.Held += o.Held
	t.Broken += o.Broken
	skipped := maps.Clone(t.Skipped)
	if skipped == nil {
		skipped = map[string]int{}
	}
	for reason, n := range o.Skipped {
		skipped[reason] += n
	}
	t.Skipped = skipped
	return t
}

func (t Tally) cell() string {
	skipped := 0
	for _, n := range t.Skipped {
		skipped += n
	}
	if t.Held+t.Broken+skipped == 0 {
		return none
	}
	text := fmt.Sprint(t.Held)
	if t.Broken > 0 {
		text += fmt.Sprintf(", %d broken", t.Broken)
	}
	if skipped > 0 {
		text += fmt.Sprintf(", %d skipped", skipped)
	}
	return text
}
