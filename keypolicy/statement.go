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
// statement without Action and NotAction is about none: fact K-50.
func (s *Statement) coversAction(f *facts) bool {
	if len(s.actions) == 0 {
		return false
	}
	return matchesAny(s.actions, f.action, f) != s.notActions
}

// coversResource reports whether the statement is about the request's resource.
// A trust policy has no Resource: it is about its role. A key policy's
// statement without one has no effect.
func (s *Statement) coversResource(f *facts) bool {
	if len(s.resources) == 0 {
		return strings.HasPrefix(f.action, "sts:")
	}
	return matchesAny(s.resources, f.request.Resource, f) != s.notResources
}

func matchesAny(patterns []pattern, text string, f *facts) bool {
	for _, p := range patterns {
		if p.matches(text, f) {
			return true
		}
	}
	return false
}

// failedCondition is the first condition that the request does not meet; nil
// when all hold.
func (s *Statement) failedCondition(f *facts) *Condition {
	for i := range s.Condition {
		if !s.Condition[i].compiled.holds(f) {
			return &s.Condition[i]
		}
	}
	return nil
}

// applies reports whether the statement is about this request, whoever asks.
func (s *Statement) applies(f *facts) bool {
	return s.coversAction(f) && s.coversResource(f) && s.failedCondition(f) == nil
}
