package keypolicy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxUnits bounds how finely policies are taken apart before they are compared
// as text.
const maxUnits = 50_000

// sameText reports whether two policies say the same in the same words, apart
// from order, repetition, the case of names, and how statements are split. That
// is quick to see, and common.
func sameText(old, new *Policy) bool {
	a, b := units(old), units(new)
	return a != nil && b != nil && maps.Equal(a, b)
}

// units takes statements apart into single principals and actions; nil if there
// are too many.
func units(p *Policy) map[string]bool {
	all := map[string]bool{}
	for i := range p.Statements {
		s := &p.Statements[i]
		rest := s.restText()
		for _, who := range s.principalTexts() {
			for _, action := range s.actionTexts() {
				all[who+" "+action+" "+rest] = true
			}
		}
		if len(all) > maxUnits {
			return nil
		}
	}
	return all
}

// principalTexts are the principals one by one. A NotPrincipal is about all of
// its principals together.
func (s *Statement) principalTexts() []string {
	if s.NotPrincipal != nil {
		return []string{"not " + listText(texts(s.NotPrincipal))}
	}
	return texts(s.Principal)
}

func texts(principals Principals) []string {
	var list []string
	for _, p := range principals {
		list = append(list, fmt.Sprintf("%s %q", p.Type, p.Value))
	}
	return list
}

func (s *Statement) actionTexts() []string {
	var list []string
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		list = append(list, strings.ToLower(action))
	}
	if s.NotAction != nil {
		return []string{"not " + listText(list)}
	}
	return list
}

// restText is what is left of a statement. Policy variables count only in
// policies of the newer version, which their patterns show.
func (s *Statement) restText() string {
	var conditions []string
	for i := range s.Condition {
		conditions = append(conditions, s.Condition[i].text())
	}
	var variables []string
	for i := range s.resources {
		variables = append(variables, s.resources[i].variables()...)
	}
	return fmt.Sprint(s.Effect, listText(s.Resource), listText(s.NotResource), listText(variables), listText(conditions))
}

// text is the same for conditions that ask the same.
func (c *Condition) text() string {
	text := c.Operator + " " + c.compiled.key + " " + listText(c.Values)
	for i := range c.compiled.patterns {
		if c.compiled.patterns[i].segments != nil {
			return text + " with variables"
		}
	}
	return text
}

// listText is a list without order and repetition.
func listText(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return fmt.Sprintf("%q", slices.Compact(list))
}
