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

// verbs say what a statement does, and how surely.
var verbs = map[Effect][yes + 1]string{
	Allow: {maybe: "perhaps allows ", yes: "allows "},
	Deny:  {maybe: "perhaps denies ", yes: "denies "},
}

func (e *evaluation) reason(source Source, p *Policy, s *Statement, text string) Reason {
	return Reason{Source: source, Policy: p.Name, Sid: s.Sid, Statement: s.index, Position: s.Position, Text: text}
}

// missing is an implicit denial: no policy of the source allows. It lists what
// came nearest.
func (e *evaluation) missing(o outcome) Decision {
	if e.brief {
		return Decision{Verdict: Denied, Source: o.source, Reasons: o.reasons}
	}
	reasons := o.reasons
	if reasons == nil {
		reasons = []Reason{{Source: o.source, Policy: o.source.String(), Statement: -1, Text: "nothing allows " + e.what()}}
	}
	return Decision{Verdict: Denied, Source: o.source, Reasons: append(reasons, e.nearMisses(o.source)...)}
}

// miss is an Allow that did not apply, and how many of its elements did.
type miss struct {
	nearness int
	reason   Reason
}

func (e *evaluation) nearMisses(source Source) []Reason {
	var misses []miss
	for i := 0; ; i++ {
		level, ok := e.level(source, i)
		if !ok {
			break
		}
		for _, p := range level {
			misses = append(misses, e.missesOf(source, p)...)
		}
	}
	slices.SortStableFunc(misses, func(a, b miss) int { return cmp.Compare(b.nearness, a.nearness) })
	var reasons []Reason
	for _, m := range misses[:min(len(misses), maxMisses)] {
		reasons = append(reasons, m.reason)
	}
	return reasons
}

func (e *evaluation) missesOf(source Source, p *Policy) []miss {
	var misses []miss
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect != Allow {
			continue
		}
		if nearness, lack := e.lack(source, s); nearness > 0 {
			misses = append(misses, miss{nearness, e.reason(source, p, s, lack)})
		}
	}
	return misses
}

// lack says what an Allow lacked, and how near it came: 3 for a condition, 2
// for the resource or the caller, 1 for the action, 0 for a statement about
// something else.
func (e *evaluation) lack(source Source, s *Statement) (nearness int, text string) {
	named := !hasPrincipals(source) || s.names(&e.facts).atAll() != no
	action := s.coversAction(&e.facts) != no
	switch {
	case named && action && s.coversResource(&e.facts) == no:
		return 2, "allows " + e.request.Action + " on " + list(s.Resource, s.NotResource) + ", not on " + e.request.Resource
	case named && action:
		_, weakest := s.weakestCondition(&e.facts)
		return 3, "would allow " + e.what() + e.unmet(weakest)
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
	if values, present := e.lookUp(c.compiled.key); present != no {
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
