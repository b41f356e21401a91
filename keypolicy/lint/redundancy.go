package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// redundancyRules ask whether a statement makes a difference.
func redundancyRules() []Rule {
	return []Rule{{
		ID: "KP013", Title: "Statement that makes no difference", Severity: Low,
		Rationale: "A statement that other statements cover, that a Deny cancels, or whose conditions contradict each other, hides what the policy comes to.",
		Source:    "IAM Access Analyzer, Redundant statement",
		Remedy:    "remove the statement, or the wider one that makes it void",
		Bad:       delegating(allow(appRole, `"kms:Decrypt"`, ""), allow(appRole, `["kms:Decrypt", "kms:Encrypt"]`, "")),
		Good:      delegating(allow(appRole, `"kms:Decrypt"`, ""), allow(appRole, `["kms:DescribeKey", "kms:Encrypt"]`, "")),
		check:     checkRedundancy,
	}}
}

func checkRedundancy(s *subject) {
	for i := range s.statements {
		st := &s.statements[i]
		switch {
		case !st.actions.any() || st.NotPrincipal != nil:
		case contradiction(st) != "":
			s.reportStatement(st, "contradiction", "no request has both values that the conditions want of %s", contradiction(st))
		case s.cancelled(st):
			s.reportStatement(st, "cancelled", "a Deny cancels all that the statement allows")
		case s.covered(st):
			s.reportStatement(st, "covered", "other statements cover all that the statement says")
		}
	}
}

// contradiction is a key that two conditions want to be equal to different
// values; "" for none.
func contradiction(st *statement) string {
	for i := range st.conditions {
		for j := range i {
			a, b := &st.conditions[i], &st.conditions[j]
			if a.key == b.key && a.settles() && b.settles() && disjoint(a.Values, b.Values) {
				return a.Key
			}
		}
	}
	return ""
}

// settles reports whether the condition holds only for its values as written.
func (c *condition) settles() bool {
	return c.requires() && c.quantifier == "" && !c.known.MultiValued && !c.negated() &&
		(c.operator == "Bool" || strings.HasPrefix(c.operator, "String")) &&
		!slices.ContainsFunc(c.Values, func(v string) bool { return strings.ContainsAny(v, "*?$") || unknown(v) })
}

func disjoint(a, b []string) bool {
	return !slices.ContainsFunc(a, func(v string) bool {
		return slices.ContainsFunc(b, func(w string) bool { return strings.EqualFold(v, w) })
	})
}

// cancelled reports whether each request that the Allow covers is denied, with
// whatever values of its conditions.
func (s *subject) cancelled(st *statement) bool {
	if st.Effect != keypolicy.Allow || !s.mayBeCovered(st, keypolicy.Deny) {
		return false
	}
	return s.all(st, s.world, func(d keypolicy.Decision) bool { return d.Verdict == keypolicy.Denied && d.Explicit })
}

// covered reports whether the other statements of its effect come to the same
// for each request that the statement covers. Those of the other effect do not
// matter: they do what they do with the statement and without.
func (s *subject) covered(st *statement) bool {
	if !s.mayBeCovered(st, st.Effect) {
		return false
	}
	policy := *s.in.Policy
	policy.Statements = nil
	for other := range s.withEffect(st.Effect) {
		if other.index != st.index && other.overlaps(st) && other.certainBeside(st) {
			policy.Statements = append(policy.Statements, other.granting(st))
		}
	}
	world := s.world
	world.ResourcePolicy = &policy
	return s.all(st, world, func(d keypolicy.Decision) bool {
		if st.Effect == keypolicy.Deny {
			return d.Explicit
		}
		return d.Verdict == keypolicy.Allowed
	})
}

// mayBeCovered is a quick test before the costly one: another statement of the
// effect is about the first principal and the first action, for certain.
func (s *subject) mayBeCovered(st *statement, effect keypolicy.Effect) bool {
	if len(st.principals) == 0 {
		return false
	}
	first := slices.Index(st.actions, true)
	for other := range s.withEffect(effect) {
		if other.index != st.index && other.actions[first] && other.mayName(st.principals[0]) && other.certainBeside(st) {
			return true
		}
	}
	return false
}

// certainBeside reports whether the statement can apply for certain to requests
// that meet another's conditions: it has no further condition on a key that the
// request may lack.
func (st *statement) certainBeside(other *statement) bool {
	return !slices.ContainsFunc(st.conditions, func(c condition) bool {
		return c.requires() && !slices.Contains(callerFacts, c.key) && !slices.Contains(keyFacts, c.key) && !other.has(c.Condition)
	})
}

// granting is the statement for requests that meet another's conditions: without
// the conditions that both have.
func (st *statement) granting(other *statement) keypolicy.Statement {
	s := *st.Statement
	s.Condition = slices.DeleteFunc(slices.Clone(s.Condition), func(c keypolicy.Condition) bool { return other.has(&c) })
	return s
}

// has reports whether the statement has the same condition.
func (st *statement) has(c *keypolicy.Condition) bool {
	return slices.ContainsFunc(st.Condition, func(own keypolicy.Condition) bool {
		return own.Operator == c.Operator && strings.EqualFold(own.Key, c.Key) && slices.Equal(own.Values, c.Values)
	})
}

// overlaps reports whether the statements may be about the same request.
func (st *statement) overlaps(other *statement) bool {
	return st.actions.intersects(other.actions) && slices.ContainsFunc(other.principals, st.mayName)
}

// mayName reports whether the statement is about the principal as a whole.
func (st *statement) mayName(p principal) bool {
	return st.NotPrincipal != nil || st.everyone() || slices.ContainsFunc(st.principals, p.same)
}

// all reports whether the test holds for each principal of the statement and
// each of its actions. It is false where the principals cannot be told.
func (s *subject) all(st *statement, world keypolicy.World, test func(keypolicy.Decision) bool) bool {
	for i := range st.principals {
		callers := s.representatives(&st.principals[i])
		if callers == nil {
			return false
		}
		for _, r := range callers {
			for place, covered := range st.actions {
				if covered && !test(r.decide(catalogue()[place].Name, world)) {
					return false
				}
			}
		}
	}
	return true
}

// representative is a caller that stands for those a principal covers: what
// differs between them is unknown, and where the principal only leaves the key
// to IAM policies, those allow everything.
type representative struct {
	evaluator
	caller    keypolicy.Principal
	delegated bool
}

func (r *representative) decide(action string, world keypolicy.World) keypolicy.Decision {
	if r.delegated {
		world.Identity = []*keypolicy.Policy{allowAll()}
	}
	return r.evaluator.decide(r.caller, action, world)
}

// callerFacts are condition keys that follow from the caller.
var (
	nameFacts    = []string{"aws:principalarn", "aws:principaltype", "aws:userid", "aws:username"}
	accountFacts = []string{"aws:principalaccount", "kms:calleraccount"}
	serviceFacts = []string{"aws:principalisawsservice", "aws:principalservicename"}
	callerFacts  = slices.Concat(nameFacts, accountFacts, serviceFacts)
)

// representatives of a principal; nil where it is not known whom it covers.
func (s *subject) representatives(p *principal) []representative {
	const other = "000000000000"
	switch p.class {
	case account:
		named := s.unsure(nameFacts)
		return []representative{
			{named, accountRoot(p.partition, p.account), false},
			{named, userOf(p.account), true},
		}
	case everyone:
		any := s.unsure(callerFacts)
		return []representative{
			{any, userOf(cmp.Or(s.owner, ExampleAccount)), false},
			{any, userOf(other), true},
			{any, keypolicy.Principal{ARN: "keywright.amazonaws.com"}, false},
		}
	}
	if caller, ok := p.caller(); ok {
		return []representative{{s.evaluator, caller, false}}
	}
	return nil
}

func userOf(account string) keypolicy.Principal {
	return keypolicy.Principal{ARN: "arn:aws:iam::" + account + ":user/someone"}
}
