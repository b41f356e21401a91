package kmsemu

import (
	"maps"
	"slices"
	"strings"
)

// rolesUnder lists the account's roles under a path, by name.
func (c *call) rolesUnder(prefix string) []*role {
	roles := c.server.state.account(c.caller.account).roles
	var out []*role
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		if strings.HasPrefix(roles[name].path, prefix) {
			out = append(out, roles[name])
		}
	}
	return out
}

func putRolePolicy(c *call, f *form) (*empty, error) {
	name := f.text("PolicyName", inlineNameRule)
	text := f.text("PolicyDocument", documentRule)
	r, err := c.role(f, nil)
	if err != nil {
		return nil, err
	}
	policy, err := parseIdentityPolicy("inline policy "+name, text)
	if err != nil {
		return nil, err
	}
	size := policyLength(text)
	for other, d := range r.inline {
		if other != name {
			size += policyLength(d.text)
		}
	}
	if size > maxInlinePolicy {
		return nil, fail(limitExceeded, "Maximum policy size of %d bytes exceeded for role %s", maxInlinePolicy, r.name)
	}
	r.inline[name] = document{text, policy}
	return done()
}

// inlinePolicy authorises the operation and finds the policy the form names.
func (c *call) inlinePolicy(f *form) (r *role, name string, err error) {
	name = f.text("PolicyName", inlineNameRule)
	if r, err = c.role(f, nil); err != nil {
		return nil, "", err
	}
	if _, ok := r.inline[name]; !ok {
		return nil, "", fail(noSuchEntity, "The role policy with name %s cannot be found.", name)
	}
	return r, name, nil
}

type rolePolicyResult struct {
	RoleName       string
	PolicyName     string
	PolicyDocument string
}

func getRolePolicy(c *call, f *form) (*rolePolicyResult, error) {
	r, name, err := c.inlinePolicy(f)
	if err != nil {
		return nil, err
	}
	return &rolePolicyResult{r.name, name, encodeDocument(r.inline[name].text)}, nil
}

func deleteRolePolicy(c *call, f *form) (*empty, error) {
	r, name, err := c.inlinePolicy(f)
	if err != nil {
		return nil, err
	}
	delete(r.inline, name)
	return done()
}

// nameList is an element with one member element per name.
type nameList struct {
	Members []string `xml:"member"`
}

type policyNamesResult struct {
	PolicyNames nameList
	IsTruncated bool
}

func listRolePolicies(c *call, f *form) (*policyNamesResult, error) {
	r, err := c.role(f, nil)
	if err != nil {
		return nil, err
	}
	return &policyNamesResult{PolicyNames: nameList{slices.Sorted(maps.Keys(r.inline))}}, nil
}

type attachedPoliciesResult struct {
	AttachedPolicies nameList
	IsTruncated      bool
}

// listAttachedRolePolicies answers that there are none: managed policies do not
// exist here. Terraform asks for every role.
func listAttachedRolePolicies(c *call, f *form) (*attachedPoliciesResult, error) {
	if _, err := c.role(f, nil); err != nil {
		return nil, err
	}
	return &attachedPoliciesResult{}, nil
}

type instanceProfilesResult struct {
	InstanceProfiles nameList
	IsTruncated      bool
}

// listInstanceProfilesForRole answers that there are none; Terraform asks before
// it deletes a role.
func listInstanceProfilesForRole(c *call, f *form) (*instanceProfilesResult, error) {
	if _, err := c.role(f, nil); err != nil {
		return nil, err
	}
	return &instanceProfilesResult{}, nil
}
