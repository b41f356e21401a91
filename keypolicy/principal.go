package keypolicy

import (
	"fmt"
	"strings"
)

// Principal is a caller.
type Principal struct {
	// ARN as GetCallerIdentity shows it: arn:PARTITION:iam::ACCOUNT:root,
	// …:user/PATH/NAME, arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION,
	// …:federated-user/NAME; a service principal such as "s3.amazonaws.com"; or,
	// for who has a web identity token, arn:PARTITION:iam::ACCOUNT:oidc-provider/URL.
	// "" is an anonymous caller.
	ARN string
	// RoleARN is, for a session, the ARN of its role, which has the role's
	// path; the session's ARN lacks it. [ParsePrincipal] assumes the path "/".
	RoleARN string
	// UniqueID is the AIDA… id of a user or the AROA… id of a role; "" if
	// unknown. A policy names a deleted principal by it.
	UniqueID string
	// Tags are those of the user or role and of the session.
	Tags map[string]string
}

// ParsePrincipal takes a caller's ARN, or a service principal, apart. The error
// says which forms there are.
func ParsePrincipal(arn string) (Principal, error) {
	p := Principal{ARN: arn}
	if p.kind() == unknownPrincipal {
		return Principal{}, fmt.Errorf("%q is not a caller; write the ARN of an account root, user, assumed-role session or federated user, or a service such as s3.amazonaws.com", arn)
	}
	if p.kind() == session {
		a := splitARN(arn)
		name, _, _ := strings.Cut(strings.TrimPrefix(a.resource, "assumed-role/"), "/")
		p.RoleARN = "arn:" + a.partition + ":iam::" + a.account + ":role/" + name
	}
	return p, nil
}

// principalKind is what a caller is; the rules differ by it.
type principalKind uint8

const (
	unknownPrincipal principalKind = iota
	anonymous
	root
	user
	session
	federatedUser
	webIdentity
	service
)

func (p Principal) kind() principalKind {
	if p.ARN == "" {
		return anonymous
	}
	if !strings.HasPrefix(p.ARN, "arn:") {
		if strings.HasSuffix(p.ARN, ".amazonaws.com") || strings.HasSuffix(p.ARN, ".amazonaws.com.cn") {
			return service
		}
		return unknownPrincipal
	}
	a := splitARN(p.ARN)
	switch {
	case !isAccount(a.account):
		return unknownPrincipal
	case a.service == "iam" && a.resource == "root":
		return root
	case a.service == "iam" && strings.HasPrefix(a.resource, "user/"):
		return user
	case a.service == "sts" && strings.HasPrefix(a.resource, "federated-user/"):
		return federatedUser
	case a.service == "iam" && strings.HasPrefix(a.resource, "oidc-provider/"):
		return webIdentity
	case a.service == "sts" && strings.HasPrefix(a.resource, "assumed-role/") && strings.Count(a.resource, "/") == 2:
		return session
	}
	return unknownPrincipal
}

// Account is the caller's twelve-digit account, "" for a service or nobody.
func (p Principal) Account() string { return splitARN(p.ARN).account }

// arnParts are the six components of an ARN; all empty if it is not one.
type arnParts struct{ partition, service, region, account, resource string }

func splitARN(arn string) arnParts {
	rest, ok := strings.CutPrefix(arn, "arn:")
	if !ok {
		return arnParts{}
	}
	var a arnParts
	for _, part := range []*string{&a.partition, &a.service, &a.region, &a.account} {
		if *part, rest, ok = strings.Cut(rest, ":"); !ok {
			return arnParts{}
		}
	}
	a.resource = rest
	return a
}

func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// reach is how a statement's Principal element covers a caller, weakest first.
type reach uint8

const (
	// notNamed: the element does not cover the caller.
	notNamed reach = iota
	// byAccount: the caller's account is named. An Allow only delegates to the
	// account's IAM policies, unless the caller is the account root itself.
	byAccount
	// byEveryone: "*", or left out of a NotPrincipal.
	byEveryone
	// byRole: the caller is a session of the role named.
	byRole
	// byName: the caller itself is named.
	byName
)

// naming is how surely a statement's Principal element covers a caller in each
// way.
type naming [byName + 1]truth

// atAll is whether it covers the caller in any way.
func (n naming) atAll() truth { return max(n[byAccount], n[byEveryone], n[byRole], n[byName]) }

// names finds how the statement's Principal or NotPrincipal covers the caller.
func (s *Statement) names(f *facts) naming {
	if s.NotPrincipal == nil {
		return s.Principal.cover(f)
	}
	var n naming
	n[byEveryone] = not(s.NotPrincipal.spares(f))
	return n
}

func (ps Principals) cover(f *facts) naming {
	var n naming
	for i := range ps {
		r, t := ps[i].reaches(f)
		n[r] = max(n[r], t)
	}
	return n
}

// reaches finds the strongest way in which the entry covers the caller, and how
// surely.
func (e *PrincipalEntry) reaches(f *facts) (reach, truth) {
	p := &f.request.Principal
	switch {
	case e.Type == "AWS" && e.Value == "*":
		return byEveryone, yes
	case e.unknown:
		return e.mayReach(f)
	case e.Type != typeOf(f.kind):
		return notNamed, no
	case e.Value == p.ARN && p.ARN != "":
		return byName, yes
	case e.Value == p.RoleARN && p.RoleARN != "":
		return byRole, yes
	case p.UniqueID != "" && e.Value == p.UniqueID:
		return byID(p), yes
	case e.account != "" && e.account == f.account:
		return byAccount, yes
	}
	return notNamed, no
}

// typeOf is the type of the entries that name a caller of a kind.
func typeOf(kind principalKind) string {
	switch kind {
	case service:
		return "Service"
	case webIdentity:
		return "Federated"
	}
	return "AWS"
}

// byID is how a unique id names its principal: a session has that of its role.
func byID(p *Principal) reach {
	if p.RoleARN != "" {
		return byRole
	}
	return byName
}

// mayReach is reaches for a value with unknown parts. Of the ways in which it
// may cover the caller it gives the strongest: an answer that hangs on any of
// them is unknown anyway.
func (e *PrincipalEntry) mayReach(f *facts) (reach, truth) {
	p, value := &f.request.Principal, hide(e.Value)
	may := func(text string) bool { return text != "" && overlap(value, text) }
	switch {
	case e.Type != typeOf(f.kind):
		return byEveryone, min(maybe, is(e.Type == "AWS" && may("*")))
	case may(p.ARN):
		return byName, maybe
	case may(p.RoleARN):
		return byRole, maybe
	case may(p.UniqueID):
		return byID(p), maybe
	case may("*"):
		return byEveryone, maybe
	case may(f.account), f.account != "" && may(rootARN(p.ARN)):
		return byAccount, maybe
	}
	return notNamed, no
}

// rootARN is the ARN of the account root beside any ARN of the account.
func rootARN(arn string) string {
	a := splitARN(arn)
	return "arn:" + a.partition + ":iam::" + a.account + ":root"
}

// newPrincipalEntry looks at a value once, for the many callers it will be
// compared with.
func newPrincipalEntry(principalType, value string) PrincipalEntry {
	e := PrincipalEntry{Type: principalType, Value: value, unknown: strings.Contains(value, markOpen)}
	a := splitARN(value)
	switch {
	case isAccount(value):
		e.account = value
	case a.service == "iam" && a.resource == "root":
		e.account = a.account
	}
	return e
}

// spares reports whether a NotPrincipal leaves the caller out: its account, its
// role and the caller itself must all be listed. Source: IAM User Guide, "AWS
// JSON policy elements: NotPrincipal".
func (ps Principals) spares(f *facts) truth {
	n := ps.cover(f)
	switch f.kind {
	case service, root:
		return n[byName]
	case session:
		return min(n[byName], n[byRole], n[byAccount])
	}
	return min(n[byName], n[byAccount])
}
