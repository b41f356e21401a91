package keypolicy

import (
	"cmp"
	"slices"
	"strings"
)

// maxMisses is how many near misses a denial lists.
const maxMisses = 2

// what is the action and the caller, for a reason.
func (e *evaluation) what() string { return e.request.Action + " to " + e.caller() }

func (e *evaluation) caller() string {
	if e.request.Principal.ARN == "" {
		return "an anonymous caller"
	}
	return e.request.Principal.ARN
}

func (e *evaluation) reason(source Source, p *Policy, statement int, text string) Reason {
	s := &p.Statements[statement]
	return Reason{Source: source, Policy: p.Name, Sid: s.Sid, Statement: statement, Position: s.Position, Text: text}
}

// missing is an implicit denial: no policy of the source allows. It lists what
// came nearest.
func (e *evaluation) missing(source Source) Decision {
	first := Reason{Source: source, Policy: source.String(), Statement: -1, Text: "nothing allows " + e.what()}
	return Decision{Verdict: Denied, Source: source, Reasons: append([]Reason{first}, e.nearMisses(source)...)}
}

// miss is an Allow that did not apply, and how many of its elements did.
type miss struct {
	nearness int
	reason   Reason
}

func (e *evaluation) nearMisses(source Source) []Reason {
	var misses []miss
	for _, p := range e.policies(source) {
		for i := range p.Statements {
			if p.Statements[i].Effect != Allow {
				continue
			}
			if nearness, lack := e.lack(source, &p.Statements[i]); nearness > 0 {
				misses = append(misses, miss{nearness, e.reason(source, p, i, lack)})
			}
		}
	}
	slices.SortStableFunc(misses, func(a, b miss) int { return cmp.Compare(b.nearness, a.nearness) })
	var reasons []Reason
	for _, m := range misses[:min(len(misses), maxMisses)] {
		reasons = append(reasons, m.reason)
	}
	return reasons
}

// lack says what an Allow lacked, and how near it came: 3 for a condition, 2
// for the resource or the caller, 1 for the action, 0 for a statement about
// something else.
func (e *evaluation) lack(source Source, s *Statement) (nearness int, text string) {
	named, action := e.names(source, s), s.coversAction(&e.facts)
	switch {
	case named && action && !s.coversResource(&e.facts):
		return 2, "allows " + e.request.Action + " on " + list(s.Resource, s.NotResource) + ", not on " + e.request.Resource
	case named && action:
		return 3, "would allow " + e.what() + e.unmet(s.failedCondition(&e.facts))
	case action:
		return 2, "allows " + e.request.Action + ", but not to " + e.caller()
	case named:
		return 1, "is about " + e.caller() + ", but does not allow " + e.request.Action
	}
	return 0, ""
}

// unmet says how a condition failed: what it wants and what the request has.
func (e *evaluation) unmet(c *Condition) string {
	if c == nil {
		return ""
	}
	got := "has none"
	if values := e.values(c.compiled.key); len(values) > 0 {
		got = "has " + list(values, nil)
	}
	return ", but " + c.Operator + " wants " + c.Key + " " + list(c.Values, nil) + " and the request " + got
}

// list renders values, or the complement of values.
func list(values, except []string) string {
	if except != nil {
		return "all but " + list(except, nil)
	}
	if len(values) == 0 {
		return "nothing"
	}
	return strings.Join(values, " or ")
}
