package keypolicy

import (
	"slices"
	"strings"
)

// deed is an action on a resource, and the other actions that no statement and
// no rule of the evaluation tells apart from it.
type deed struct {
	actions  []string
	resource string
	covers   [2][]bool // by statement: whether it is about the deed, if perhaps
	granted  string    // its name in a grant; "" if no grant gives it
}

// deeds are all actions that a key policy can be about: those of the catalogue
// that work on keys, and for those that may come, one of each kind that the
// policies tell apart.
func (s *space) deeds() []deed {
	var deeds []deed
	place := map[string]int{}
	names := s.actionNames()
	for _, resource := range s.resources() {
		for _, name := range names {
			d, key := s.deed(name, resource)
			at, found := place[key]
			if !found {
				at = len(deeds)
				place[key] = at
				deeds = append(deeds, d)
			}
			if _, known := LookUpAction(name); known || !found {
				deeds[at].actions = append(deeds[at].actions, name)
			}
		}
	}
	return deeds
}

func (s *space) actionNames() []string {
	var names []string
	var shapes []shape
	for _, a := range Actions() {
		if slices.Contains(a.Resources, KeyResource) {
			names = append(names, a.Name)
			shapes = append(shapes, literal(strings.ToLower(a.Name)))
		}
	}
	known := len(names)
	shapes = append(shapes, patternShape(s.askedAction, exactly, anything))
	for side := range s.lines {
		for _, l := range s.lines[side] {
			for i := range l.actions {
				if text, ok := l.actions[i].constant(); ok {
					shapes = append(shapes, patternShape(text, exactly, anything))
				}
			}
		}
	}
	future, complete := cells(append(literal("kms:"), some(noColon)...), unique(shapes), &s.textLeft)
	if !complete {
		s.gap("the policies have too many patterns of actions")
	}
	for _, name := range future {
		if _, found := LookUpAction(name); !found {
			names = append(names, name)
		}
	}
	slices.Sort(names[known:])
	return names
}

// resources are the key, or, where it is not known, one key of each kind that
// the policies tell apart.
func (s *space) resources() []string {
	if s.scope.ARN != "" {
		return []string{s.scope.ARN}
	}
	var shapes []shape
	for side := range s.lines {
		for _, l := range s.lines[side] {
			for i := range l.resources {
				if text, ok := l.resources[i].constant(); ok {
					shapes = append(shapes, patternShape(text, exactly, anything))
				}
			}
		}
	}
	base := slices.Concat(literal("arn:"+s.partition()+":kms:"), some(noSlash), literal(":"+s.scope.Account+":key/"), some(noSlash))
	found, complete := cells(base, unique(shapes), &s.textLeft)
	if !complete {
		s.gap("the policies have too many patterns of resources")
	}
	return found
}

// constant is the text of a pattern without variables and marks.
func (p *pattern) constant() (string, bool) {
	if doubtOf(p) != "" {
		return "", false
	}
	return p.expand(nil)
}

// deed finds what tells an action apart from others.
func (s *space) deed(action, resource string) (deed, string) {
	d := deed{resource: resource}
	request := Request{Action: action, Resource: resource}
	f := newFacts(&request, &s.world)
	key := []byte(resource)
	for side := range s.lines {
		for _, l := range s.lines[side] {
			covers := l.coversAction(&f) != no && (l.coversResource(&f) != no || l.resourceDoubt())
			d.covers[side] = append(d.covers[side], covers)
			key = append(key, byte(is(covers)))
		}
	}
	if a, ok := LookUpAction(action); ok {
		d.granted = a.GrantOperation
	}
	stranger := Principal{ARN: "arn:" + s.partition() + ":iam::" + otherAccount(s.scope.Account) + ":user/x"}
	owner := Principal{ARN: "arn:" + s.partition() + ":iam::" + s.scope.Account + ":user/x"}
	for _, p := range []Principal{stranger, owner} {
		key = append(key, byte(is(s.possible(p, action, resource))))
	}
	return d, string(append(key, byte(is(d.granted != "")), byte(is(s.asks(action)))))
}

// asks reports whether an assertion is about the action.
func (s *space) asks(action string) bool { return glob(s.askedAction, strings.ToLower(action)) }

// resourceDoubt reports whether policy variables decide what resources the
// statement is about.
func (l *line) resourceDoubt() bool {
	return slices.ContainsFunc(l.resources, func(p pattern) bool { return p.variables() != nil })
}

// otherAccount is some account that is not this one.
func otherAccount(account string) string {
	if account == "999999999999" {
		return "888888888888"
	}
	return "999999999999"
}

// possible reports whether any key policy could allow the request.
func (s *space) possible(p Principal, action, resource string) bool {
	world := s.world
	world.ResourcePolicy, world.Identity = everything, []*Policy{everything}
	return Evaluate(Request{Principal: p, Action: action, Resource: resource}, world).Allowed()
}

// everything allows all, nothing allows nothing.
var (
	everything = allowing(Statement{Effect: Allow, Principal: Principals{newPrincipalEntry("AWS", "*")}, Action: []string{"*"}, Resource: []string{"*"}})
	nothing    = &Policy{Name: "empty policy"}
)

func allowing(s Statement) *Policy {
	s.compile(false)
	return &Policy{Name: "IAM policy that allows everything", Version: "2012-10-17", Statements: []Statement{s}}
}

// unique drops shapes that occur twice.
func unique(shapes []shape) []shape {
	seen := map[string]bool{}
	var kept []shape
	for _, s := range shapes {
		key := make([]rune, 0, 2*len(s))
		for _, a := range s {
			key = append(key, rune(a.class)<<1|rune(is(a.loop))>>1, a.char)
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			kept = append(kept, s)
		}
	}
	return kept
}
