package lint

import (
	"slices"
	"time"
)

// Run judges one input by all rules. Findings are sorted by place and the same
// for the same input, clock and suppressions. A suppression that covers nothing
// here, has expired at now or is not valid is a finding itself; where there are
// several inputs, use [RunAll].
func Run(in Input, now time.Time, suppressions ...Suppression) []Finding {
	return RunAll([]Input{in}, now, suppressions...)
}

// RunAll judges several inputs, such as the keys of a plan, with one set of
// suppressions: one that covers a finding of any input is used.
func RunAll(inputs []Input, now time.Time, suppressions ...Suppression) []Finding {
	return run(table(), inputs, now, suppressions)
}

func run(rules []Rule, inputs []Input, now time.Time, suppressions []Suppression) []Finding {
	var findings []Finding
	for i := range inputs {
		s := newSubject(&inputs[i])
		for j := range rules {
			if rules[j].check == nil || !rules[j].scope.suits(s.in) {
				continue
			}
			s.rule = &rules[j]
			rules[j].check(s)
		}
		findings = append(findings, s.findings...)
	}
	findings = append(findings, suppress(rules, findings, now, suppressions)...)
	slices.SortStableFunc(findings, compareFindings)
	return findings
}
