package kmsemu

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// role is an IAM role.
type role struct {
	member
	description string
	maxSeconds  int // MaxSessionDuration
	trust       document
}

var roles = &kind[*role]{
	noun: "role", title: "Role", parameter: "RoleName", rule: roleNameRule, tags: memberTags,
	missing: "The role with name %s cannot be found.",
	find:    named(func(d *directory) map[string]*role { return d.roles }), arn: under("role"),
	quota: 10240,
	most:  1000, plenty: "RolesPerAccount",
}

func (s *state) roleByARN(arn string) *role {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || s.accounts[parts[4]] == nil {
		return nil
	}
	r := s.accounts[parts[4]].roles[arn[strings.LastIndexByte(arn, '/')+1:]]
	if r == nil || r.arn != arn {
		return nil
	}
	return r
}

// roleXML is the Role of the IAM API.
type roleXML struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId"`
	Arn                      string
	CreateDate               timestamp
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int    `xml:",omitempty"`
	PermissionsBoundary      *boundaryXML
	RoleLastUsed             *empty
	Tags                     *tagListXML
}

func (r *role) xml() roleXML {
	r.trust.follow()
	return roleXML{
		Path: r.path, RoleName: r.name, RoleID: r.id, Arn: r.arn, CreateDate: timestamp{r.created},
		AssumeRolePolicyDocument: encodeDocument(r.trust.text), Description: r.description,
		PermissionsBoundary: r.boundaryXML(), Tags: tagListOf(r.tags),
	}
}

// gotXML is the role as GetRole shows it (K0611). When it was last used is not
// tracked, as of a role that was not used for long.
func (r *role) gotXML() roleXML {
	out := r.xml()
	out.MaxSessionDuration, out.RoleLastUsed = r.maxSeconds, &empty{}
	return out
}

// heldXML is the role in its instance profile (K0611).
func (r *role) heldXML() roleXML {
	out := r.listedXML()
	out.MaxSessionDuration, out.Description = 0, ""
	return out
}

// listedXML is the role in lists, which leave tags and boundary out (K0402).
func (r *role) listedXML() roleXML {
	out := r.xml()
	out.MaxSessionDuration, out.Tags, out.PermissionsBoundary = r.maxSeconds, nil, nil
	return out
}

type roleResult struct{ Role roleXML }

func createRole(c *call, f *form) (*roleResult, error) {
	r := &role{
		member:      newMember(c, f.text("RoleName", roleNameRule), cmp.Or(f.text("Path", pathRule), "/")),
		description: f.text("Description", roleDescriptionRule),
		maxSeconds:  f.number("MaxSessionDuration", roleSeconds, roleSeconds.low),
	}
	r.arn = c.arn(serviceIAM, "role"+r.path+r.name)
	r.tags = tagMap(f.tags())
	trust := f.text("AssumeRolePolicyDocument", documentRule)
	boundary := f.boundary()
	f.checkIAMTags(f.tags(), memberTags)
	if strings.HasPrefix(r.path, linkedPath) {
		f.fail(invalidInput, "The path %s is reserved for service-linked roles.", linkedPath)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permitNew(creation{arn: r.arn, tagging: "iam:TagRole", tags: f.tags(), context: boundaryConditions(boundary)}); err != nil {
		return nil, err
	}
	var err error
	if r.boundary, err = c.boundaryByARN(boundary); err != nil {
		return nil, err
	}
	return c.addRole(r, trust)
}

// newMember is a role or user of the caller's account without an id.
func newMember(c *call, name, path string) member {
	return member{holder: newHolder(c, name, path)}
}

func newHolder(c *call, name, path string) holder {
	return holder{
		entity: entity{account: c.caller.account, name: name, path: path, created: c.now, tags: map[string]string{}},
		inline: map[string]document{}, attached: map[string]*managedPolicy{},
	}
}

// addRole enters a role that the caller may create.
func (c *call) addRole(r *role, trust string) (*roleResult, error) {
	known := c.directoryLocked().roles
	if taken(known, r.name) {
		return nil, fail(entityExists, "Role with name %s already exists.", r.name)
	}
	if err := roles.room(known); err != nil {
		return nil, err
	}
	var err error
	if r.trust, err = c.newTrustPolicy(trust); err != nil {
		return nil, err
	}
	if r.id, err = newID(c.random, "AROA", 17); err != nil {
		return nil, err
	}
	known[r.name] = r
	c.server.state.changes.note(r)
	return &roleResult{r.xml()}, nil
}

func getRole(c *call, f *form) (*roleResult, error) {
	r, err := roles.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	return &roleResult{r.gotXML()}, nil
}

func deleteRole(c *call, f *form) (*empty, error) {
	r, err := change(roles, c, changeInput{form: f})
	if err != nil {
		return nil, err
	}
	if err := r.holdsNone(); err != nil {
		return nil, err
	}
	if len(c.profilesOf(r)) > 0 {
		return nil, fail(deleteConflict, "Cannot delete entity, must remove roles from instance profile first.")
	}
	c.dropRole(r)
	return done()
}

func (c *call) dropRole(r *role) {
	r.deleted = true
	delete(c.directoryLocked().roles, r.name)
}

func updateRole(c *call, f *form) (*struct{}, error) {
	description := f.text("Description", roleDescriptionRule)
	seconds := f.number("MaxSessionDuration", roleSeconds, 0)
	r, err := roles.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	if seconds != 0 {
		if err := r.changeable(); err != nil {
			return nil, err
		}
		r.maxSeconds = seconds
	}
	if f.values.Has("Description") {
		r.description = description
	}
	return &struct{}{}, nil
}

func updateRoleDescription(c *call, f *form) (*roleResult, error) {
	description := f.text("Description", roleDescriptionRule)
	r, err := roles.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	r.description = description
	return &roleResult{r.xml()}, nil
}

func updateAssumeRolePolicy(c *call, f *form) (*empty, error) {
	text := f.text("PolicyDocument", documentRule)
	r, err := change(roles, c, changeInput{form: f})
	if err != nil {
		return nil, err
	}
	trust, err := c.newTrustPolicy(text)
	if err != nil {
		return nil, err
	}
	r.trust = trust
	return done()
}

type rolesResult struct {
	Roles []roleXML `xml:"Roles>member"`
	iamPageOutput
}

func listRoles(c *call, f *form) (*rolesResult, error) {
	prefix, page, err := c.listAll(f, "role")
	if err != nil {
		return nil, err
	}
	out := &rolesResult{}
	out.Roles, out.iamPageOutput, err = listed(c, page, sortedUnder(c.directoryLocked().roles, prefix), (*role).listedXML)
	return out, err
}

// newTrustPolicy reads a role's trust policy; its principals must exist.
func (c *call) newTrustPolicy(text string) (document, error) {
	if n := policyLength(text); n > maxTrustPolicy {
		return document{}, fail(limitExceeded, "Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy)
	}
	if !json.Valid([]byte(text)) {
		return document{}, fail(malformedPolicy, "This policy contains invalid Json")
	}
	policy, err := keypolicy.Parse("trust policy", []byte(text))
	if err != nil {
		return document{}, syntaxErrors(err)
	}
	for _, s := range policy.Statements {
		switch {
		case s.Principal == nil && s.NotPrincipal == nil:
			return document{}, fail(malformedPolicy, "AssumeRole policy must specify a principal.")
		case s.Resource != nil || s.NotResource != nil:
			return document{}, fail(malformedPolicy, "Has prohibited field Resource")
		case s.Action == nil && s.NotAction == nil:
			return document{}, fail(malformedPolicy, "Missing required field Action")
		case slices.ContainsFunc(s.Action, outsideSTS):
			return document{}, fail(malformedPolicy, "AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	if err := checkIAMGrammar(policy); err != nil {
		return document{}, err
	}
	if unknown, ok := c.principalsExist(policy); !ok {
		return document{}, fail(malformedPolicy, `Invalid principal in policy: "AWS":%q`, unknown)
	}
	return c.server.state.bind(document{text: text, policy: policy}), nil
}

// outsideSTS reports whether an action of a trust policy is another service's.
func outsideSTS(action string) bool {
	service, _, named := strings.Cut(action, ":")
	return named && !strings.EqualFold(service, serviceSTS)
}
