package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/keywright/keywright/harness/coverage"
)

// Text writes the report for readers: how the promises fared by module, backend
// and engine, then each that is broken, how long the runs took and the coverage.
func (r Report) Text(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	// A tabwriter's errors come with Flush.
	_, _ = fmt.Fprintln(table, "module\tbackend\tengine\theld\tbroken\tskipped\tseconds")
	for _, g := range r.groups() {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%.1f\n", g.first.Module, g.first.Backend, g.first.Engine,
			g.Count(Held), g.Count(Broken), g.Count(Skipped), g.seconds())
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	var b strings.Builder
	for _, p := range r.Promises {
		if p.Outcome == Broken {
			where := strings.Join(strings.Fields(p.Test+" "+p.Module+" "+p.Resource), " ")
			fmt.Fprintf(&b, "\nbroken: %s (%s)\n  %s\n", p.Name, where, strings.ReplaceAll(p.Reason, "\n", "\n  "))
		}
	}
	for _, run := range r.Support().Runs {
		fmt.Fprintf(&b, "\nrun on %s with %s, AWS provider %s: %.0f s\n", run.Backend, run.Engine, run.Provider, run.Seconds)
	}
	for _, m := range r.Coverage {
		writeCoverage(&b, m)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

func writeCoverage(b *strings.Builder, m coverage.Module) {
	fmt.Fprintf(b, "\ncoverage of %s: %.0f %%\n", m.Module, m.Percent())
	for _, k := range m.Kinds() {
		untouched := k.Untouched()
		fmt.Fprintf(b, "  %-11s %d of %d", k.Name, len(k.Items)-len(untouched), len(k.Items))
		if len(untouched) > 0 {
			fmt.Fprintf(b, ", not: %s", strings.Join(untouched, ", "))
		}
		b.WriteByte('\n')
	}
}

// group is the promises of one module on one backend with one engine.
type group struct {
	Report
	first Promise
}

func (g group) seconds() float64 {
	sum := 0.0
	for _, p := range g.Promises {
		sum += p.Seconds
	}
	return sum
}

func (r Report) groups() []group {
	var list []group
	place := map[[3]string]int{}
	for _, p := range r.Promises {
		of := [3]string{p.Module, p.Backend, p.Engine}
		i, ok := place[of]
		if !ok {
			i = len(list)
			place[of] = i
			list = append(list, group{first: p})
		}
		list[i].Promises = append(list[i].Promises, p)
	}
	return list
}
