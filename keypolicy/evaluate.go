package keypolicy

import (
	"slices"
	"strings"
)

// Evaluate decides one request. It is total and pure: the same request and
// world always get the same decision, and what nothing allows is denied.
//
// The rules, in order: a matching Deny in any policy denies. Service control,
// resource control and VPC endpoint policies, where there are any, must allow.
// Then a grant may allow, or the resource policy: it covers the caller by its
// own name (allowed), by its role or as everyone (allowed within the permissions
// boundary and the session policies), or only by its account (the caller's
// identity policies decide, within the same bounds). A caller of another account
// needs an Allow on both sides. A resource without a policy is left to identity
// policies. Source: IAM User Guide, "Policy evaluation logic"; KMS Developer
// Guide, "Troubleshooting key access".
//
// Where a value is unknown the verdict is [Unknown], unless it is the same
// whatever the value.
func Evaluate(request Request, world World) Decision {
	e := newEvaluation(&request, &world)
	return e.decide()
}

// evaluation is one request being decided.
type evaluation struct {
	facts
	// single holds the sources that are one policy, so that they look like the
	// others.
	single [sources][1]*Policy
	// brief leaves the reasons of implicit denials out.
	brief bool
	hangs []string
}

func newEvaluation(request *Request, world *World) evaluation {
	e := evaluation{facts: newFacts(request, world)}
	e.single[ResourcePolicy][0] = world.ResourcePolicy
	e.single[PermissionsBoundary][0] = world.Boundary
	e.single[VPCEndpointPolicy][0] = world.VPCEndpoint
	return e
}

// outcome is the answer of one part of the evaluation.
type outcome struct {
	truth truth
	// source and reasons say what decided; for a no, source is the kind of
	// policy whose Allow is missing.
	source  Source
	reasons []Reason
}

func (e *evaluation) decide() Decision {
	denied := e.explicitDeny()
	if denied.truth == yes {
		return Decision{Verdict: Denied, Explicit: true, Source: denied.source, Reasons: denied.reasons}
	}
	allowed := e.ceilings()
	if allowed.truth != no {
		allowed = both(e.allow(), allowed)
	}
	switch {
	case allowed.truth == no:
		return e.missing(allowed)
	case denied.truth == maybe || allowed.truth == maybe:
		slices.Sort(e.hangs)
		return Decision{Verdict: Unknown, Source: allowed.source, HangsOn: slices.Compact(e.hangs), Reasons: append(allowed.reasons, denied.reasons...)}
	}
	return Decision{Verdict: Allowed, Source: allowed.source, Reasons: allowed.reasons}
}

// both is the outcome when two parts must allow: the one that allows less, and
// otherwise the first, which speaks for the decision.
func both(a, b outcome) outcome {
	if b.truth < a.truth {
		if b.truth == maybe {
			b.source, b.reasons = a.source, append(slices.Clone(a.reasons), b.reasons...)
		}
		return b
	}
	return a
}

// explicitDeny looks for a Deny in every policy: it beats any Allow.
func (e *evaluation) explicitDeny() outcome {
	var found outcome
	for source := range sources {
		for i := 0; found.truth != yes; i++ {
			level, ok := e.level(source, i)
			if !ok {
				break
			}
			if o := e.surest(Deny, source, level); o.truth > found.truth {
				found = o
			}
		}
	}
	return found
}

// level is the i-th level of a source's policies: any policy of a level may
// allow. Most sources have one level, or, with no policies, none.
func (e *evaluation) level(source Source, i int) (policies []*Policy, ok bool) {
	switch source {
	case ServiceControlPolicy:
		return at(e.world.SCPs, i)
	case ResourceControlPolicy:
		return at(e.world.RCPs, i)
	case IdentityPolicy:
		policies = e.world.Identity
	case SessionPolicy:
		policies = e.world.Session
	case ResourcePolicy, PermissionsBoundary, VPCEndpointPolicy:
		if e.single[source][0] != nil {
			policies = e.single[source][:]
		}
	}
	return policies, i == 0 && len(policies) > 0
}

func at(levels [][]*Policy, i int) ([]*Policy, bool) {
	if i >= len(levels) {
		return nil, false
	}
	return levels[i], true
}

// surest finds, in policies of a source, the statement of the given effect that
// applies most surely.
func (e *evaluation) surest(effect Effect, source Source, policies []*Policy) outcome {
	found := outcome{source: source}
	var by *Policy
	var statement *Statement
	for _, p := range policies {
		for i := range p.Statements {
			s := &p.Statements[i]
			if found.truth == yes || s.Effect != effect {
				continue
			}
			if t := e.applies(source, s); t > found.truth {
				found.truth, by, statement = t, p, s
			}
		}
	}
	if statement != nil {
		found.reasons = []Reason{e.reason(source, by, statement, verbs[effect][found.truth]+e.what())}
	}
	return found
}

// hasPrincipals are the sources whose statements say whom they are about; the
// others are about the caller by being attached to it.
func hasPrincipals(source Source) bool {
	return source == ResourcePolicy || source == ResourceControlPolicy || source == VPCEndpointPolicy
}

// applies reports whether a statement is about this caller and this request,
// and notes what an unknown answer hangs on.
func (e *evaluation) applies(source Source, s *Statement) truth {
	named := yes
	if hasPrincipals(source) {
		if named = s.names(&e.facts).atAll(); named == no {
			return no
		}
	}
	return e.note(s, min(named, s.applies(&e.facts)))
}

func (e *evaluation) note(s *Statement, t truth) truth {
	if t == maybe {
		e.hangs = append(e.hangs, s.unknowns(&e.facts)...)
	}
	return t
}

// ceilings are the policies that must allow whatever the others say: every
// level of them, where there are any.
func (e *evaluation) ceilings() outcome {
	capped := outcome{truth: yes}
	for _, source := range []Source{VPCEndpointPolicy, ResourceControlPolicy, ServiceControlPolicy} {
		if e.exempt(source) {
			continue
		}
		capped = both(capped, e.everyLevel(source))
	}
	return capped
}

// exempt callers are not bound: service control policies bind the principals of
// accounts, and neither they nor resource control policies bind service-linked
// roles. Source: AWS Organizations User Guide, "SCP effects on permissions" and
// "Resource control policies".
func (e *evaluation) exempt(source Source) bool {
	if source == VPCEndpointPolicy {
		return false
	}
	serviceLinked := strings.Contains(e.request.Principal.RoleARN, ":role/aws-service-role/")
	return serviceLinked || source == ServiceControlPolicy && e.account == ""
}

// everyLevel is whether each level of a source has an Allow; yes for no levels.
func (e *evaluation) everyLevel(source Source) outcome {
	all := outcome{truth: yes, source: source}
	for i := 0; ; i++ {
		level, ok := e.level(source, i)
		if !ok {
			return all
		}
		all = both(all, e.surest(Allow, source, level))
	}
}

// allow is whether a grant, the resource policy and the identity policies allow
// between them: the surest of the ways.
func (e *evaluation) allow() outcome {
	if e.world.ResourcePolicy == nil && len(e.world.Grants) == 0 {
		if !e.sameAccount() {
			return outcome{source: ResourcePolicy}
		}
		return e.within(e.byIdentity())
	}
	best := e.byResourcePolicy()
	if best.truth != yes {
		// A grant that only a ceiling takes back came nearer than no grant.
		if granted := e.byGrant(); granted.truth > best.truth || best.truth == no && granted.source != KeyGrant {
			best = granted
		}
	}
	return best
}

// byResourcePolicy tries the ways in which the resource policy may cover the
// caller, strongest first.
func (e *evaluation) byResourcePolicy() outcome {
	best := outcome{source: ResourcePolicy}
	if e.world.ResourcePolicy == nil {
		return best
	}
	ways, tried := e.ways(), false
	for r := byName; r > notNamed && best.truth != yes; r-- {
		if ways[r].truth == no {
			continue
		}
		if through := e.through(r, ways[r]); !tried || through.truth > best.truth {
			best, tried = through, true
		}
	}
	return best
}

// way is an Allow of the resource policy that covers the caller in some way.
type way struct {
	truth     truth
	statement *Statement
}

// ways finds the surest Allow of the resource policy for each way of covering
// the caller.
func (e *evaluation) ways() [byName + 1]way {
	var ways [byName + 1]way
	p := e.world.ResourcePolicy
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Effect != Allow {
			continue
		}
		named := s.names(&e.facts)
		if named.atAll() == no {
			continue
		}
		applies := s.applies(&e.facts)
		for r := byAccount; r <= byName; r++ {
			if t := e.note(s, min(named[r], applies)); t > ways[r].truth {
				ways[r] = way{t, s}
			}
		}
	}
	return ways
}

// through is what an Allow of the resource policy comes to, by the way in which
// it covers the caller.
func (e *evaluation) through(r reach, w way) outcome {
	said := func(text string) outcome {
		return outcome{w.truth, ResourcePolicy, []Reason{e.reason(ResourcePolicy, e.world.ResourcePolicy, w.statement, text)}}
	}
	switch {
	case !e.sameAccount():
		return e.acrossAccounts(said(verbs[Allow][w.truth] + e.what() + " from another account"))
	case r == byAccount:
		return e.withIdentity(said("leaves " + e.request.Action + " to the account's IAM policies"))
	case r == byRole || r == byEveryone:
		return e.within(said(verbs[Allow][w.truth] + e.what()))
	}
	return said(verbs[Allow][w.truth] + e.what())
}

// withIdentity is what an Allow comes to that needs the caller's identity
// policies besides.
func (e *evaluation) withIdentity(allow outcome) outcome {
	identity := e.byIdentity()
	o := both(identity, allow)
	if o.truth == yes {
		o.reasons = slices.Concat(identity.reasons, allow.reasons)
	}
	return e.within(o)
}

// sameAccount reports whether caller and resource share an account; services
// and anonymous callers have none and are judged by the resource policy alone.
func (e *evaluation) sameAccount() bool {
	return e.account == e.owner || e.account == "" || e.owner == ""
}

// acrossAccounts decides for a caller of another account: besides the key
// policy its own account must allow, and the operation must be one that works
// across accounts.
func (e *evaluation) acrossAccounts(allow outcome) outcome {
	if strings.HasPrefix(e.action, "kms:") && !worksAcrossAccounts(e.action) {
		return outcome{source: ResourcePolicy, reasons: []Reason{{
			Source: ResourcePolicy, Policy: ResourcePolicy.String(), Statement: -1,
			Text: e.request.Action + " does not work on a key of another account, whatever its policy says",
		}}}
	}
	return e.withIdentity(allow)
}

func worksAcrossAccounts(action string) bool {
	a, _ := LookUpAction(action)
	return a.CrossAccount
}

// byIdentity is what the caller's identity policies say. An account root needs
// none.
func (e *evaluation) byIdentity() outcome {
	if e.kind == root {
		reason := Reason{Source: IdentityPolicy, Policy: "account root", Statement: -1, Text: "may do everything in its account"}
		return outcome{yes, IdentityPolicy, []Reason{reason}}
	}
	return e.surest(Allow, IdentityPolicy, e.world.Identity)
}

// byGrant finds the surest grant. What it takes besides is assumed to be what a
// key policy's Allow to the same principal would: a grant to a role is bound by
// boundary and session policies, one to an account leaves it to IAM.
func (e *evaluation) byGrant() outcome {
	best := outcome{source: KeyGrant}
	for i := range e.world.Grants {
		g := &e.world.Grants[i]
		r, t := g.allows(&e.facts)
		if t == no {
			continue
		}
		if t == maybe {
			e.hangs = append(e.hangs, g.unknowns(&e.facts)...)
		}
		reason := Reason{Source: KeyGrant, Policy: "grant " + g.ID, Statement: -1, Text: verbs[Allow][t] + e.what()}
		granted := outcome{t, KeyGrant, []Reason{reason}}
		switch r {
		case byAccount:
			granted = e.withIdentity(granted)
		case byRole, byEveryone:
			granted = e.within(granted)
		}
		if granted.truth > best.truth || best.truth == no {
			best = granted
		}
	}
	return best
}

// within keeps an Allow only if the permissions boundary and the session
// policies, where there are any, allow as well.
func (e *evaluation) within(allow outcome) outcome {
	for _, source := range []Source{PermissionsBoundary, SessionPolicy} {
		allow = both(allow, e.everyLevel(source))
	}
	return allow
}
