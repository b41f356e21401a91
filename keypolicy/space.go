package keypolicy

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is what two policies are compared for: one key.
type Scope struct {
	// Account is the twelve-digit account that owns the key.
	Account string
	// ARN of the key; "" for any key of the account. Callers are taken to be of
	// its partition, and of those that the policies name.
	ARN string
	// Key holds facts about the key. What has its zero value is not known and may
	// be anything; MultiRegion is known if Spec is.
	Key Key
}

// space is the requests that one or two key policies tell apart: finitely many
// stand for all. It is made of callers, deeds (actions on a resource) and, for
// each condition key, options.
type space struct {
	scope    Scope
	world    World // the facts about the key, and nothing else
	policies [2]*Policy
	lines    [2][]line
	clauses  []clause
	clauseID map[string]int
	shared   map[string]*dimension // by condition key
	rules    []rule
	ruleID   map[string]int
	powers   map[[2]uint8][byName + 1]uint8 // by kind of caller, and own account
	// asked are the principals that an assertion is about, askedAction is the
	// compiled pattern of its actions; without an assertion they are empty.
	asked       []principalPattern
	askedAction string
	// gaps says why some requests may stand for nothing here; nil normally.
	gaps     []string
	work     int // spent on searching
	textLeft int // work that may still be spent on texts
}

// line is a statement of one of the policies.
type line struct {
	*Statement
	clauses []int
}

// clause is a condition, however many statements have it.
type clause struct {
	text      string
	condition *compiledCondition // nil for one that stands for an unknown part
	operator  string             // without prefix and suffix
	name      string             // of the key, as written
	variables []string           // condition keys that the values contain
	doubt     string             // why it may not be decided, besides variables
}

// key is the condition key in lower case.
func (c *clause) key() string { return c.condition.key }

func newSpace(policies [2]*Policy, scope Scope) *space {
	s := &space{
		scope:    scope,
		policies: policies,
		textLeft: maxTextWork,
		clauseID: map[string]int{},
		shared:   map[string]*dimension{},
		ruleID:   map[string]int{},
		powers:   map[[2]uint8][byName + 1]uint8{},
	}
	s.world.Key = &s.scope.Key
	for side, p := range policies {
		for i := range p.Statements {
			s.lines[side] = append(s.lines[side], s.line(&p.Statements[i]))
		}
	}
	return s
}

func (s *space) line(st *Statement) line {
	l := line{Statement: st}
	for i := range st.Condition {
		l.clauses = append(l.clauses, s.condition(&st.Condition[i]))
	}
	for _, patterns := range [][]pattern{st.actions, st.resources} {
		for i := range patterns {
			if doubt := doubtOf(&patterns[i]); doubt != "" {
				l.clauses = append(l.clauses, s.unknownPart(what(st), doubt))
			}
		}
	}
	slices.Sort(l.clauses)
	l.clauses = slices.Compact(l.clauses)
	return l
}

// what is a statement's actions and resources as text.
func what(st *Statement) string {
	return fmt.Sprintf("%q %q %q %q", st.Action, st.NotAction, st.Resource, st.NotResource)
}

// condition notes a condition and gives its number: the same for the same test.
func (s *space) condition(c *Condition) int {
	made := clause{text: c.text(), condition: &c.compiled, name: c.Key, operator: c.Operator[strings.IndexByte(c.Operator, ':')+1:]}
	made.operator = strings.TrimSuffix(made.operator, "IfExists")
	for i := range c.compiled.patterns {
		p := &c.compiled.patterns[i]
		made.variables = append(made.variables, p.variables()...)
		if len(p.marks) > 0 {
			made.doubt = doubtOf(p)
		}
	}
	return s.note(made)
}

// unknownPart notes something that holds or does not hold, nobody knows.
func (s *space) unknownPart(text, doubt string) int {
	return s.note(clause{text: text, doubt: doubt})
}

func (s *space) note(c clause) int {
	id, found := s.clauseID[c.text]
	if !found {
		id = len(s.clauses)
		s.clauseID[c.text] = id
		s.clauses = append(s.clauses, c)
	}
	return id
}

// variables are the condition keys whose values the pattern contains.
func (p *pattern) variables() []string {
	var keys []string
	for _, s := range p.segments {
		if s.variable != "" {
			keys = append(keys, s.variable)
		}
	}
	return keys
}

// doubtOf is why a pattern cannot be compared with a text: "" if it can.
func doubtOf(p *pattern) string {
	if len(p.marks) > 0 {
		return strings.Join(p.marks, " and ") + " is not known yet"
	}
	if keys := p.variables(); keys != nil {
		return "a policy variable stands for the value of " + strings.Join(keys, " and ")
	}
	return ""
}

// partition is that of the key, or the one that is most common.
func (s *space) partition() string {
	if a := splitARN(s.scope.ARN); a.partition != "" {
		return a.partition
	}
	return "aws"
}

// gap notes that the requests found may not stand for all.
func (s *space) gap(format string, args ...any) {
	s.gaps = append(s.gaps, fmt.Sprintf(format, args...))
}
