package keypolicy

import "strings"

// compile prepares the statement's patterns. Variables are replaced in
// resources and condition values only.
func (s *Statement) compile(variables bool) {
	s.notActions, s.notResources = s.NotAction != nil, s.NotResource != nil
	for _, action := range append(s.Action, s.NotAction...) {
		s.actions = append(s.actions, compilePattern(action, patternOptions{wildcards: true, fold: true}))
	}
	for _, resource := range append(s.Resource, s.NotResource...) {
		s.resources = append(s.resources, compilePattern(resource, patternOptions{wildcards: true, variables: variables}))
	}
	for i := range s.Condition {
		s.Condition[i].compile(variables)
	}
}

// coversAction reports whether the statement is about the request's action. A
// statement without Action and NotAction is about none: fact K0050 of kmsemu.
func (s *Statement) coversAction(f *facts) truth {
	return negateIf(s.notActions, matchesAny(s.actions, f.action, f))
}

// coversResource reports whether the statement is about the request's resource.
// A trust policy has no Resource: it is about its role. A key policy's
// statement without one has no effect.
func (s *Statement) coversResource(f *facts) truth {
	if len(s.resources) == 0 {
		return is(strings.HasPrefix(f.action, "sts:"))
	}
	return negateIf(s.notResources, matchesAny(s.resources, f.request.Resource, f))
}

func negateIf(negate bool, t truth) truth {
	if negate {
		return not(t)
	}
	return t
}

func matchesAny(patterns []pattern, text string, f *facts) truth {
	matched := no
	for i := range patterns {
		if matched = max(matched, patterns[i].matches(text, f)); matched == yes {
			break
		}
	}
	return matched
}

// weakestCondition is how well the conditions hold together, and the first of
// those that hold least; nil when all hold.
func (s *Statement) weakestCondition(f *facts) (holds truth, weakest *Condition) {
	holds = yes
	for i := range s.Condition {
		if t := s.Condition[i].compiled.holds(f); t < holds {
			holds, weakest = t, &s.Condition[i]
		}
	}
	return holds, weakest
}

// applies reports whether the statement is about this request, whoever asks.
func (s *Statement) applies(f *facts) truth {
	covers := min(s.coversAction(f), s.coversResource(f))
	if covers == no {
		return no
	}
	holds, _ := s.weakestCondition(f)
	return min(covers, holds)
}

// unknowns are the names of what the statement's answer for this request hangs
// on: its own marks, and the condition keys whose value is not known.
func (s *Statement) unknowns(f *facts) []string {
	var names []string
	for _, patterns := range [][]pattern{s.actions, s.resources} {
		for i := range patterns {
			names = append(names, patterns[i].marks...)
		}
	}
	for _, list := range []Principals{s.Principal, s.NotPrincipal} {
		for i := range list {
			names = append(names, marks(list[i].Value)...)
		}
	}
	for i := range s.Condition {
		c := &s.Condition[i].compiled
		if c.holds(f) != maybe {
			continue
		}
		values, _ := f.lookUp(c.key)
		names = append(names, marks(strings.Join(values, ""))...)
		for i := range c.patterns {
			names = append(names, c.patterns[i].marks...)
		}
	}
	return names
}
