package lint

import (
	"strings"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// class is what a value of a Principal element names.
type class uint8

const (
	undecided class = iota // not known yet, or a kind that rules do not judge
	malformed
	everyone
	account
	role
	user
	session
	group
	uniqueID
	service
	wildcard // a wildcard inside an ARN
)

// principal is a value of a Principal element with what it names.
type principal struct {
	keypolicy.PrincipalEntry
	class     class
	account   string // of an ARN or an account
	partition string // of an ARN
}

var (
	accountPattern  = lazyregexp.New(`^[0-9]{12}$`)
	uniqueIDPattern = lazyregexp.New(`^(AIDA|AROA|AGPA|ANPA|AIPA)[A-Z0-9]{12,}$`)
	servicePattern  = lazyregexp.New(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	partitions      = lazyregexp.New(`^aws(-[a-z]+)*$`)
)

func classify(entry keypolicy.PrincipalEntry) principal {
	p := principal{PrincipalEntry: entry}
	switch {
	case unknown(entry.Value):
	case entry.Type == "Service":
		p.class = malformed
		if servicePattern.MatchString(entry.Value) {
			p.class = service
		}
	case entry.Type == "AWS":
		p.classifyAWS()
	}
	return p
}

func (p *principal) classifyAWS() {
	switch {
	case p.Value == "*":
		p.class = everyone
	case strings.HasPrefix(p.Value, "arn:") && hasWildcard(p.Value):
		p.class = wildcard
	case strings.HasPrefix(p.Value, "arn:"):
		p.classifyARN()
	case accountPattern.MatchString(p.Value):
		p.class, p.account = account, p.Value
	case uniqueIDPattern.MatchString(p.Value):
		p.class = uniqueID
	default:
		p.class = malformed
	}
}

// arnClasses tell ARNs of principals apart by service and resource.
var arnClasses = []struct {
	prefix string
	class  class
}{
	{"iam:root", account}, {"iam:user/", user}, {"iam:role/", role}, {"iam:group/", group},
	{"sts:assumed-role/", session}, {"sts:federated-user/", session},
}

func (p *principal) classifyARN() {
	p.class = malformed
	part := strings.SplitN(p.Value, ":", 6)
	if len(part) != 6 || !partitions.MatchString(part[1]) || part[3] != "" || !accountPattern.MatchString(part[4]) {
		return
	}
	p.partition, p.account = part[1], part[4]
	for _, c := range arnClasses {
		if rest, ok := strings.CutPrefix(part[2]+":"+part[5], c.prefix); ok && (rest != "") == (c.class != account) {
			p.class = c.class
		}
	}
}

// sso reports whether the principal is a role that IAM Identity Center makes
// for a permission set.
func (p *principal) sso() bool {
	return p.class == role && strings.Contains(p.Value, ":role/aws-reserved/sso.amazonaws.com/")
}

// named reports whether it is one principal of an account.
func (p *principal) named() bool {
	return p.class == role || p.class == user || p.class == session
}

// same reports whether two values name the same: an account has two forms.
func (p principal) same(other principal) bool {
	if p.class == account {
		return other.class == account && p.account == other.account
	}
	return p.PrincipalEntry == other.PrincipalEntry
}

// caller is the principal as it calls: a role by a session of it, an account by
// its root. It is false for what never calls or is not known.
func (p *principal) caller() (keypolicy.Principal, bool) {
	switch p.class {
	case role:
		return roleSession(p.Value), true
	case account:
		return accountRoot(p.partition, p.account), true
	case user, session, service:
		caller, err := keypolicy.ParsePrincipal(p.Value)
		return caller, err == nil
	}
	return keypolicy.Principal{}, false
}

// roleSession is a session of a role.
func roleSession(arn string) keypolicy.Principal {
	part := strings.SplitN(arn, ":", 6)
	name := part[5][strings.LastIndexByte(part[5], '/')+1:]
	return keypolicy.Principal{ARN: "arn:" + part[1] + ":sts::" + part[4] + ":assumed-role/" + name + "/session", RoleARN: arn}
}

func accountRoot(partition, account string) keypolicy.Principal {
	if partition == "" {
		partition = "aws"
	}
	return keypolicy.Principal{ARN: "arn:" + partition + ":iam::" + account + ":root"}
}
