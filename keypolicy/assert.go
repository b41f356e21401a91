package keypolicy

import (
	"slices"
	"strings"
)

// Assertion is a claim about who has no access. Make one with [NoAccess],
// [NobodyOutside] or [OnlyThese].
type Assertion struct {
	text       string
	action     string
	principals []principalPattern
	// denied reports whether the assertion says that the caller has no access,
	// given which of the principals it matches.
	denied func(p *Principal, matches bool) bool
}

// String is the claim in words.
func (a Assertion) String() string { return a.text }

// NoAccess claims that no caller covered by the pattern may do the action.
//
// The pattern is the ARN of an account root, user, role, session or federated
// user, perhaps with wildcards, which do not cross a colon; a service such as
// "s3.amazonaws.com"; twelve digits for all of an account; or "*" for everyone.
// A role's pattern covers its sessions. The action, such as "kms:Decrypt", may
// have wildcards too.
func NoAccess(principalPattern, action string) Assertion {
	return Assertion{
		text:       "no access for " + principalPattern + " to " + action,
		action:     action,
		principals: patternsOf(principalPattern),
		denied:     func(_ *Principal, matches bool) bool { return matches },
	}
}

// NobodyOutside claims that no caller of another account, and no anonymous one,
// has access. AWS services are left out: they belong to no account.
func NobodyOutside(account string) Assertion {
	return Assertion{
		text:       "nobody outside " + account,
		action:     "*",
		principals: patternsOf(account),
		denied:     func(p *Principal, _ bool) bool { return p.kind() != service && p.Account() != account },
	}
}

// OnlyThese claims that nobody else may do the action. Principals are patterns
// as [NoAccess] takes them. An account's own administrators can give access
// wherever the policy delegates to it; where that is meant, list its twelve
// digits.
func OnlyThese(action string, principals ...string) Assertion {
	return Assertion{
		text:       "nobody but " + strings.Join(principals, ", ") + " to " + action,
		action:     action,
		principals: patternsOf(principals...),
		denied:     func(_ *Principal, matches bool) bool { return !matches },
	}
}

// AssertionResult is what [Assert] found.
type AssertionResult struct {
	// Holds is true if no request can break the assertion. It is false if one
	// can, and if that could not be told.
	Holds bool
	// Undecided says what could not be told, and why.
	Undecided []string
	// Counterexamples are requests that the policy allows and the assertion does
	// not, for each caller and group of actions that the policy tells apart.
	// Their Before is the decision of a policy that allows nothing.
	Counterexamples []Witness
}

// Assert tells whether the assertion holds whatever IAM policies there are. As
// in [Compare], nil stands for a policy that allows nothing, and what cannot be
// decided is never taken to hold. Grants are not looked at: a key policy that
// says nothing does not stop them.
func Assert(policy *Policy, scope Scope, a Assertion) AssertionResult {
	if problem := assertionProblem(&scope, a); problem != "" {
		return AssertionResult{Undecided: []string{problem}}
	}
	s := newSpace([2]*Policy{nothing, orNothing(policy)}, scope)
	s.asked, s.askedAction = a.principals, compilePattern(a.action, patternOptions{wildcards: true, fold: true}).text
	found := &findings{verb: "has"}
	views, deeds := s.views(), s.deeds()
	for _, v := range views {
		if !a.denied(&v.caller, v.isAsked()) {
			continue
		}
		for i := range deeds {
			if s.asks(deeds[i].actions[0]) {
				v.assert(&deeds[i], found)
			}
		}
	}
	undecided := distinct(slices.Concat(s.gaps, found.undecided))
	return AssertionResult{Holds: len(found.witnesses)+len(undecided) == 0, Undecided: undecided, Counterexamples: found.sorted()}
}

func assertionProblem(scope *Scope, a Assertion) string {
	for i := range a.principals {
		if problem := a.principals[i].problem; problem != "" {
			return problem
		}
	}
	return scope.complete()
}

func (v *view) isAsked() bool {
	return slices.ContainsFunc(v.asked, func(p principalPattern) bool { return p.matches(&v.caller) })
}

// assert looks for access of the caller to a deed.
func (v *view) assert(d *deed, found *findings) {
	new := v.side(1, d)
	if len(new.allows) > 0 && v.possible(v.caller, d.actions[0], d.resource) {
		v.seek(d, v.questions(side{}, new, d), found, 0)
	}
}

// principalPattern says which callers an assertion is about.
type principalPattern struct {
	text    string // compiled
	problem string // why it is not a pattern of callers
}

func patternsOf(texts ...string) []principalPattern {
	var patterns []principalPattern
	for _, text := range texts {
		p := principalPattern{text: wildcards.Replace(text)}
		if !isAccount(text) && text != "*" && !strings.HasSuffix(text, ".amazonaws.com") && !strings.HasSuffix(text, ".amazonaws.com.cn") && !hasCallerForm(text) {
			p.problem = "\"" + text + "\" is not a pattern of callers; write an ARN of an account root, user, role, session or federated user, a service, twelve digits or *"
		}
		patterns = append(patterns, p)
	}
	return patterns
}

func hasCallerForm(text string) bool {
	a := splitARN(text)
	form := a.service + ":" + a.resource
	return strings.HasPrefix(form, "iam:user/") || strings.HasPrefix(form, "iam:role/") || form == "iam:root" ||
		strings.HasPrefix(form, "sts:federated-user/") || strings.HasPrefix(form, "sts:assumed-role/") && strings.Count(form, "/") == 2
}

func (pp *principalPattern) matches(p *Principal) bool {
	switch {
	case pp.text == string(anyText):
		return true
	case isAccount(pp.text):
		return p.Account() == pp.text
	case strings.HasPrefix(pp.text, "arn:"):
		return p.ARN != "" && (matchARN(pp.text, p.ARN) == yes || matchARN(pp.text, p.RoleARN) == yes)
	}
	return p.kind() == service && glob(pp.text, p.ARN)
}

// pattern has the callers that an assertion's pattern covers told apart.
func (c *callerShapes) pattern(pp *principalPattern) {
	s, isARN := arnShape(pp.text)
	switch {
	case isAccount(pp.text):
		c.account(pp.text)
	case !isARN:
		c.shapes = append(c.shapes, patternShape(pp.text, exactly, anything))
	default:
		c.shapes = append(c.shapes, s)
	}
	a := splitARN(pp.text)
	if a.partition != "" && !strings.ContainsAny(a.partition, string([]rune{anyText, anyRune})) && !slices.Contains(c.partitions, a.partition) {
		c.partitions = append(c.partitions, a.partition)
	}
	role, ok := roleOfSession(a)
	if !ok {
		return
	}
	c.patterns = append(c.patterns, s)
	name := patternShape(role, exactly, noSlash)
	roles := slices.Concat(literal("arn:"), patternShape(a.partition, exactly, noColon), literal(":iam:"), many(noColon), literal(":"), patternShape(a.account, exactly, noColon), literal(":role/"))
	c.shapes = append(c.shapes, slices.Concat(roles, name), slices.Concat(roles, many(anything), literal("/"), name))
}
