package kmsemu

import (
	"cmp"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// party is a principal a grant names. Roles, users and sessions are held by their
// unique ids, so that a grant does not pass to a principal of the same name that
// comes later (K0304).
type party struct {
	name    string // ARN, or service principal
	id      string // AIDA…, AROA…, or AROA…:SESSION; "" if unknown or without one
	service bool   // given as a service principal by the caller
}

// ref is what the party is looked up by.
func (p party) ref() string { return cmp.Or(p.id, p.name) }

// isRoot tells an account's root user, which stands for the account.
func (p party) isRoot() bool { return strings.HasSuffix(p.name, ":root") }

// uniqueID is the id of the role, user or session of an ARN; "" if it has none
// or is of an account that was never used here.
func (s *state) uniqueID(arn string) string {
	if member := s.memberNamed(arn); member != nil {
		return member.id
	}
	if r, sessionName := s.roleOfSession(arn); r != nil {
		return r.id + ":" + sessionName
	}
	return ""
}

// roleOfSession is the role of a session's ARN, and the session's name; nil if
// there is none.
func (s *state) roleOfSession(arn string) (*role, string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || s.accounts[parts[4]] == nil {
		return nil, ""
	}
	path, ok := strings.CutPrefix(parts[5], "assumed-role/")
	name, sessionName, _ := strings.Cut(path, "/")
	if !ok {
		return nil, ""
	}
	return s.accounts[parts[4]].roles[name], sessionName
}

// partyName is what a party is called now: one that was deleted goes by its id
// (K0304).
func (s *state) partyName(p party) string {
	if p.id != "" && s.uniqueID(p.name) != p.id {
		return p.id
	}
	return p.name
}

// covering is one way in which a grant can name a caller: what the grant is found
// by, and what the caller is called in policies.
type covering struct{ ref, name string }

// coverings are all ways: the caller itself, its role or, for a federated user,
// its user, and its account. What is held by unique id is found by that.
func coverings(p keypolicy.Principal) []covering {
	ways := []covering{{p.ARN, p.ARN}}
	if p.RoleARN != "" {
		ways = append(ways, covering{p.RoleARN, p.RoleARN})
	}
	if p.UniqueID != "" {
		ways = append(ways, covering{p.UniqueID, cmp.Or(p.RoleARN, p.ARN)})
		if p.RoleARN != "" {
			ways = append(ways, covering{p.UniqueID + ":" + p.ARN[strings.LastIndexByte(p.ARN, '/')+1:], p.ARN})
		}
	}
	if parts := strings.SplitN(p.ARN, ":", 6); len(parts) == 6 && parts[5] != "root" {
		root := accountRoot(parts[1], parts[4])
		ways = append(ways, covering{root, root})
	}
	return ways
}
