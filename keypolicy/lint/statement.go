package lint

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// statement is a policy statement with what the rules ask of it worked out.
type statement struct {
	*keypolicy.Statement
	index      int
	principals []principal // of Principal, not of NotPrincipal
	conditions []condition
	actions    actionSet
	// everything is true if the actions are kms:* or *.
	everything bool
}

func newStatements(p *keypolicy.Policy) []statement {
	statements := make([]statement, len(p.Statements))
	for i := range p.Statements {
		s := &p.Statements[i]
		st := statement{Statement: s, index: i, actions: coveredActions(s)}
		for _, entry := range s.Principal {
			st.principals = append(st.principals, classify(entry))
		}
		for j := range s.Condition {
			st.conditions = append(st.conditions, newCondition(&s.Condition[j]))
		}
		st.everything = slices.Contains(s.Action, "*") || slices.ContainsFunc(s.Action, func(a string) bool { return strings.EqualFold(a, "kms:*") })
		statements[i] = st
	}
	return statements
}

// everyone reports whether the statement is about all principals.
func (st *statement) everyone() bool {
	return slices.ContainsFunc(st.principals, func(p principal) bool { return p.class == everyone })
}

// binds reports whether a condition holds only for certain values of one of the
// keys, so that a request without it does not match.
func (st *statement) binds(keys keySet) bool {
	return slices.ContainsFunc(st.conditions, func(c condition) bool {
		return c.operator != "Null" && c.requires() && keys.has(c.key)
	})
}

// mentions reports whether any condition is about one of the keys.
func (st *statement) mentions(keys keySet) bool {
	return slices.ContainsFunc(st.conditions, func(c condition) bool { return keys.has(c.key) })
}

// isTrue reports whether the statement holds only where the key is true, or may
// hold only there.
func (st *statement) isTrue(key string) bool {
	return slices.ContainsFunc(st.conditions, func(c condition) bool {
		return c.key == key && c.requires() && !slices.ContainsFunc(c.Values, func(v string) bool { return strings.EqualFold(v, "false") })
	})
}

// condition is a condition with its operator taken apart.
type condition struct {
	*keypolicy.Condition
	key        string // lower case
	quantifier string // "ForAnyValue", "ForAllValues" or ""
	operator   string // without quantifier and IfExists
	ifExists   bool
	// known is the key in the catalogue; its Name is "" if it is not there.
	known keypolicy.ConditionKey
}

func newCondition(c *keypolicy.Condition) condition {
	made := condition{Condition: c, key: strings.ToLower(c.Key), operator: c.Operator}
	if quantifier, rest, found := strings.Cut(c.Operator, ":"); found {
		made.quantifier, made.operator = quantifier, rest
	}
	made.operator, made.ifExists = strings.CutSuffix(made.operator, "IfExists")
	made.known, _ = keypolicy.LookUpConditionKey(c.Key)
	return made
}

// negated reports whether the operator is met by values that differ.
func (c *condition) negated() bool {
	return strings.Contains(c.operator, "Not")
}

// requires reports whether a request without the key fails the condition. Of
// the negated operators only those with ForAnyValue do.
func (c *condition) requires() bool {
	switch {
	case c.operator == "Null":
		return slices.ContainsFunc(c.Values, func(v string) bool { return strings.EqualFold(v, "false") })
	case c.quantifier == "ForAllValues" || c.ifExists:
		return false
	}
	return !c.negated() || c.quantifier == "ForAnyValue"
}

// unknown reports whether the text has a part that is not known yet.
func unknown(text string) bool { return strings.Contains(text, markStart) }

var markStart, markEnd, _ = strings.Cut(keypolicy.Mark("?"), "?")

// known drops the values that are not known yet.
func known(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), unknown)
}

// keySet is condition keys in lower case; one that ends in ":" or "/" stands
// for all that begin with it.
type keySet []string

func (ks keySet) has(key string) bool {
	return slices.ContainsFunc(ks, func(k string) bool {
		return k == key || (strings.HasSuffix(k, ":") || strings.HasSuffix(k, "/")) && strings.HasPrefix(key, k)
	})
}
