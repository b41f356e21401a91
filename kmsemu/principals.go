package kmsemu

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// principalsExist reports whether every principal a policy names exists, and if
// not, which one does not (K0049).
func (c *call) principalsExist(policy *keypolicy.Policy) (unknown string, ok bool) {
	for _, statement := range policy.Statements {
		for _, entry := range slices.Concat(statement.Principal, statement.NotPrincipal) {
			if entry.Type == "AWS" && !c.principalExists(entry.Value) {
				return entry.Value, false
			}
		}
	}
	return "", true
}

// principalExists looks up a principal of the type AWS. An account that was
// never used here may well exist elsewhere, and so may what is in it.
func (s *state) principalExists(name string) bool {
	if name == "*" || isAccount(name) {
		return true
	}
	parts := strings.SplitN(name, ":", 6)
	if len(parts) != 6 {
		return s.memberNamed(name) != nil
	}
	if parts[0] != "arn" || !isAccount(parts[4]) || strings.ContainsAny(parts[5], "*?") {
		return false
	}
	return s.resourceExists(parts[2], parts[4], parts[5])
}

// resourceExists tells whether an account has a root, role, session or user of
// that name.
func (s *state) resourceExists(service, account, resource string) bool {
	kind, path, _ := strings.Cut(resource, "/")
	known := s.accounts[account]
	switch {
	case service == serviceIAM && resource == "root":
		return true
	case path == "":
		return false
	case service == serviceIAM && kind == "role":
		return known == nil || has(known.roles, path)
	case service == serviceIAM && kind == "user":
		return known == nil || has(known.users, path)
	case service == serviceSTS && kind == "assumed-role":
		roleName, _, _ := strings.Cut(path, "/")
		return known == nil || known.roles[roleName] != nil
	}
	return service == serviceSTS && kind == "federated-user"
}

// has reports whether entities of a kind include the one with that path and name.
func has[T thing](entities map[string]T, path string) bool {
	t, ok := entities[path[strings.LastIndexByte(path, '/')+1:]]
	return ok && t.base().path+t.base().name == "/"+path
}

// memberNamed finds a user or role by its ARN or unique id; nil if there is none.
func (s *state) memberNamed(name string) *entity {
	parts := strings.SplitN(name, ":", 6)
	if len(parts) != 6 {
		return s.memberByID(name)
	}
	a := s.accounts[parts[4]]
	if a == nil || parts[2] != serviceIAM {
		return nil
	}
	base := name[strings.LastIndexByte(name, '/')+1:]
	if r := a.roles[base]; r != nil && r.arn == name {
		return &r.entity
	}
	if u := a.users[base]; u != nil && u.arn == name {
		return &u.entity
	}
	return nil
}

func (s *state) memberByID(id string) *entity {
	for _, a := range s.accounts {
		for _, r := range a.roles {
			if r.id == id {
				return &r.entity
			}
		}
		for _, u := range a.users {
			if u.id == id {
				return &u.entity
			}
		}
	}
	return nil
}
