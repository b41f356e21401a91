package kmsemu

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// principalsExist reports whether every principal a policy names exists, and if
// not, which one does not (K0049).
func (s *state) principalsExist(policy *keypolicy.Policy) (unknown string, ok bool) {
	for _, statement := range policy.Statements {
		for _, entry := range slices.Concat(statement.Principal, statement.NotPrincipal) {
			if entry.Type == "AWS" && !s.principalExists(entry.Value) {
				return entry.Value, false
			}
		}
	}
	return "", true
}

// principalExists looks up a principal of the type AWS. An account that was
// never used here may well exist elsewhere, and so may what is in it.
func (s *state) principalExists(name string) bool {
	if name == "*" || accountPattern.MatchString(name) {
		return true
	}
	parts := strings.SplitN(name, ":", 6)
	if len(parts) != 6 {
		return s.roleByID(name) != nil
	}
	if parts[0] != "arn" || !accountPattern.MatchString(parts[4]) || strings.ContainsAny(parts[5], "*?") {
		return false
	}
	return s.resourceExists(parts[2], parts[4], parts[5])
}

// resourceExists tells whether an account has a root, role, session or user of
// that name.
func (s *state) resourceExists(service, account, resource string) bool {
	kind, path, _ := strings.Cut(resource, "/")
	var roleName string
	switch {
	case service == serviceIAM && resource == "root":
		return true
	case service == serviceIAM && kind == "role":
		roleName = path[strings.LastIndexByte(path, '/')+1:]
	case service == serviceSTS && kind == "assumed-role":
		roleName, _, _ = strings.Cut(path, "/")
	case service == serviceIAM && kind == "user", service == serviceSTS && kind == "federated-user":
	default:
		return false
	}
	known := s.accounts[account]
	if known == nil {
		return path != ""
	}
	r := known.roles[roleName]
	return r != nil && (kind != "role" || r.path+r.name == "/"+path)
}

func (s *state) roleByID(id string) *role {
	for _, a := range s.accounts {
		for _, r := range a.roles {
			if r.id == id {
				return r
			}
		}
	}
	return nil
}
