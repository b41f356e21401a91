package lint

import (
	"slices"
	"time"
)

// RunWithout is [Run] with a rule taken out of the table.
func RunWithout(id string, in Input, now time.Time, suppressions ...Suppression) []Finding {
	rules := slices.DeleteFunc(slices.Clone(table()), func(r Rule) bool { return r.ID == id })
	return run(rules, []Input{in}, now, suppressions)
}
