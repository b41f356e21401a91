package keypolicy

import (
	"fmt"
	"strings"
)

// Principal is a caller.
type Principal struct {
	// ARN as GetCallerIdentity shows it: arn:PARTITION:iam::ACCOUNT:root,
	// …:user/PATH/NAME, arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION,
	// …:federated-user/NAME; or a service principal such as "s3.amazonaws.com".
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

// reaches finds the strongest way in which the element covers the caller.
func (s *Statement) reaches(p *Principal) reach {
	if s.NotPrincipal != nil {
		if s.NotPrincipal.spares(p) {
			return notNamed
		}
		return byEveryone
	}
	best := notNamed
	for i := range s.Principal {
		best = max(best, s.Principal[i].reaches(p))
	}
	return best
}

func (e *PrincipalEntry) reaches(p *Principal) reach {
	switch {
	case e.Type == "AWS" && e.Value == "*":
		return byEveryone
	case e.Value == p.ARN && p.ARN != "":
		return byName
	case e.Type != "AWS":
		return notNamed
	case e.Value == p.RoleARN && p.RoleARN != "":
		return byRole
	case p.UniqueID != "" && e.Value == p.UniqueID:
		if p.RoleARN != "" {
			return byRole
		}
		return byName
	case e.namesAccount(p.Account()):
		return byAccount
	}
	return notNamed
}

func (e *PrincipalEntry) namesAccount(account string) bool {
	if account == "" {
		return false
	}
	a := splitARN(e.Value)
	return e.Value == account || a.service == "iam" && a.account == account && a.resource == "root"
}

// spares reports whether a NotPrincipal leaves the caller out: its account, its
// role and the caller itself must all be listed. Source: IAM User Guide, "AWS
// JSON policy elements: NotPrincipal".
func (ps Principals) spares(p *Principal) bool {
	var named [byName + 1]bool
	for i := range ps {
		named[ps[i].reaches(p)] = true
	}
	switch p.kind() {
	case service, root:
		return named[byName]
	case session:
		return named[byName] && named[byRole] && named[byAccount]
	}
	return named[byName] && named[byAccount]
}
