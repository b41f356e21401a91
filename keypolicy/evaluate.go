package keypolicy

import "strings"

// Evaluate decides one request. It is total and pure: the same request and
// world always get the same decision, and what nothing allows is denied.
//
// The rules, in order: a matching Deny in any policy denies. Then the resource
// policy says how it covers the caller: by its own name (allowed), by its role
// or as everyone (allowed within the permissions boundary and the session
// policies), or only by its account (the caller's identity policies decide,
// within the same bounds). A caller of another account needs an Allow on both
// sides. A resource without a policy is left to identity policies. Source: IAM
// User Guide, "Policy evaluation logic"; KMS Developer Guide, "Troubleshooting
// key access".
func Evaluate(request Request, world World) Decision {
	e := evaluation{facts{request: &request, world: &world, action: strings.ToLower(request.Action)}}
	if d, found := e.explicitDeny(); found {
		return d
	}
	if world.ResourcePolicy == nil {
		return e.byIdentity()
	}
	statement, reach := e.strongestAllow()
	switch {
	case reach == notNamed:
		return e.missing(ResourcePolicy)
	case !e.sameAccount():
		return e.acrossAccounts(statement)
	case reach == byAccount && request.Principal.kind() != root:
		return e.delegated(statement)
	case reach == byRole || reach == byEveryone:
		return e.within(e.allowed(ResourcePolicy, world.ResourcePolicy, statement))
	}
	return e.allowed(ResourcePolicy, world.ResourcePolicy, statement)
}

// evaluation is one request being decided.
type evaluation struct{ facts }

// policies of one source.
func (e *evaluation) policies(source Source) []*Policy {
	switch source {
	case ResourcePolicy:
		return nonNil(e.world.ResourcePolicy)
	case IdentityPolicy:
		return e.world.Identity
	case PermissionsBoundary:
		return nonNil(e.world.Boundary)
	default:
		return e.world.Session
	}
}

func nonNil(p *Policy) []*Policy {
	if p == nil {
		return nil
	}
	return []*Policy{p}
}

// explicitDeny looks for a Deny in every policy: it beats any Allow.
func (e *evaluation) explicitDeny() (Decision, bool) {
	for source := ResourcePolicy; source <= SessionPolicy; source++ {
		for _, p := range e.policies(source) {
			for i := range p.Statements {
				s := &p.Statements[i]
				if s.Effect == Deny && e.names(source, s) && s.applies(&e.facts) {
					reason := e.reason(source, p, i, "denies "+e.what())
					return Decision{Verdict: Denied, Explicit: true, Source: source, Reasons: []Reason{reason}}, true
				}
			}
		}
	}
	return Decision{}, false
}

// names reports whether the statement is about the caller at all: identity
// policies are, by being attached to it.
func (e *evaluation) names(source Source, s *Statement) bool {
	return source != ResourcePolicy || s.reaches(&e.request.Principal) != notNamed
}

// strongestAllow is the resource policy's Allow that covers the caller most
// directly: a weaker one never allows more.
func (e *evaluation) strongestAllow() (statement int, best reach) {
	for i := range e.world.ResourcePolicy.Statements {
		s := &e.world.ResourcePolicy.Statements[i]
		if s.Effect != Allow {
			continue
		}
		if r := s.reaches(&e.request.Principal); r > best && s.applies(&e.facts) {
			statement, best = i, r
		}
	}
	return statement, best
}

// sameAccount reports whether caller and resource share an account; services
// and anonymous callers have none and are judged by the resource policy alone.
func (e *evaluation) sameAccount() bool {
	caller, owner := e.request.Principal.Account(), splitARN(e.request.Resource).account
	return caller == owner || caller == "" || owner == ""
}

// byIdentity decides where no resource policy has a say.
func (e *evaluation) byIdentity() Decision {
	if !e.sameAccount() {
		return e.missing(ResourcePolicy)
	}
	reason, ok := e.identityAllow()
	if !ok {
		return e.missing(IdentityPolicy)
	}
	return e.within(Decision{Verdict: Allowed, Source: IdentityPolicy, Reasons: []Reason{reason}})
}

// delegated decides where the key policy leaves it to the account's IAM
// policies.
func (e *evaluation) delegated(statement int) Decision {
	reason, ok := e.identityAllow()
	if !ok {
		return e.missing(IdentityPolicy)
	}
	through := e.reason(ResourcePolicy, e.world.ResourcePolicy, statement, "leaves "+e.action+" to the account's IAM policies")
	return e.within(Decision{Verdict: Allowed, Source: IdentityPolicy, Reasons: []Reason{reason, through}})
}

// crossAccount are the KMS actions that can work on a key of another account.
// Source: KMS Developer Guide, "Allowing users in other accounts to use a KMS
// key".
var crossAccount = map[string]bool{
	"kms:creategrant": true, "kms:decapsulate": true, "kms:decrypt": true, "kms:derivesharedsecret": true,
	"kms:describekey": true, "kms:encapsulate": true, "kms:encrypt": true, "kms:generatedatakey": true,
	"kms:generatedatakeypair": true, "kms:generatedatakeypairwithoutplaintext": true,
	"kms:generatedatakeywithoutplaintext": true, "kms:generatemac": true, "kms:getkeyrotationstatus": true,
	"kms:getpublickey": true, "kms:listgrants": true, "kms:reencryptfrom": true, "kms:reencryptto": true,
	"kms:retiregrant": true, "kms:revokegrant": true, "kms:sign": true, "kms:verify": true, "kms:verifymac": true,
}

// acrossAccounts decides for a caller of another account: the key policy has
// allowed, now the caller's own account must as well.
func (e *evaluation) acrossAccounts(statement int) Decision {
	if strings.HasPrefix(e.action, "kms:") && !crossAccount[e.action] {
		d := e.missing(ResourcePolicy)
		d.Reasons[0].Text = e.action + " does not work on a key of another account, whatever its policy says"
		return d
	}
	reason, ok := e.identityAllow()
	if !ok {
		return e.missing(IdentityPolicy)
	}
	consent := e.reason(ResourcePolicy, e.world.ResourcePolicy, statement, "allows "+e.what()+" from another account")
	return e.within(Decision{Verdict: Allowed, Source: IdentityPolicy, Reasons: []Reason{reason, consent}})
}

// identityAllow finds the caller's identity policy that allows. An account root
// needs none.
func (e *evaluation) identityAllow() (Reason, bool) {
	if e.request.Principal.kind() == root {
		return Reason{Source: IdentityPolicy, Policy: "account root", Statement: -1, Text: "may do everything in its account"}, true
	}
	return e.allowedBy(IdentityPolicy)
}

// allowedBy finds an Allow in the policies of a source.
func (e *evaluation) allowedBy(source Source) (Reason, bool) {
	for _, p := range e.policies(source) {
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect == Allow && s.applies(&e.facts) {
				return e.reason(source, p, i, "allows "+e.what()), true
			}
		}
	}
	return Reason{}, false
}

// within keeps an Allow only if the permissions boundary and the session
// policies, where there are any, allow as well.
func (e *evaluation) within(d Decision) Decision {
	for _, source := range []Source{PermissionsBoundary, SessionPolicy} {
		if len(e.policies(source)) == 0 {
			continue
		}
		if _, ok := e.allowedBy(source); !ok {
			return e.missing(source)
		}
	}
	return d
}

func (e *evaluation) allowed(source Source, p *Policy, statement int) Decision {
	reason := e.reason(source, p, statement, "allows "+e.what())
	return Decision{Verdict: Allowed, Source: source, Reasons: []Reason{reason}}
}
