package kmsemu

import (
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

const maxAttached = 10 // managed policies per role, user or group

func policyARNConditions(arn string) keypolicy.Context {
	conditions := keypolicy.Context{}
	conditions.Set("iam:PolicyARN", arn)
	return conditions
}

func attach[T policyHolder](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		arn := f.text("PolicyArn", arnRule)
		f.checkPolicyARN(arn)
		t, err := change(k, c, changeInput{f, policyARNConditions(arn)})
		if err != nil {
			return nil, err
		}
		p := c.policyByARN(arn)
		if p == nil {
			return nil, fail(noSuchEntity, "Policy %s does not exist or is not attachable.", arn)
		}
		h := t.hold()
		if h.attached[arn] == nil && len(h.attached) >= maxAttached {
			return nil, fail(limitExceeded, "Cannot exceed quota for PoliciesPer%s: %d", k.title, maxAttached)
		}
		h.attached[arn] = p
		return done()
	}
}

func detach[T policyHolder](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		arn := f.text("PolicyArn", arnRule)
		f.checkPolicyARN(arn)
		t, err := change(k, c, changeInput{f, policyARNConditions(arn)})
		if err != nil {
			return nil, err
		}
		if t.hold().attached[arn] == nil {
			return nil, fail(noSuchEntity, "Policy %s was not found.", arn)
		}
		delete(t.hold().attached, arn)
		return done()
	}
}

// attachedXML is the AttachedPolicy of the IAM API.
type attachedXML struct {
	PolicyName string
	PolicyArn  string
}

type attachedResult struct {
	AttachedPolicies []attachedXML `xml:"AttachedPolicies>member"`
	iamPageOutput
}

func listAttached[T policyHolder](k *kind[T]) func(*call, *form) (*attachedResult, error) {
	return func(c *call, f *form) (*attachedResult, error) {
		prefix, page := f.pathPrefix(), f.paging()
		t, err := k.open(c, f, nil)
		if err != nil {
			return nil, err
		}
		out := &attachedResult{}
		out.AttachedPolicies, out.iamPageOutput, err = listed(c, page, sortedUnder(t.hold().attached, prefix),
			func(p *managedPolicy) attachedXML { return attachedXML{p.name, p.arn} })
		return out, err
	}
}

// bounded is a role or user, which can have a permissions boundary.
type bounded interface {
	policyHolder
	limit() *member
}

func (m *member) limit() *member { return m }

// boundaryXML is the AttachedPermissionsBoundary of the IAM API.
type boundaryXML struct {
	PermissionsBoundaryType string
	PermissionsBoundaryArn  string
}

func (m *member) boundaryXML() *boundaryXML {
	if m.boundary == nil {
		return nil
	}
	return &boundaryXML{"Policy", m.boundary.arn}
}

// boundaryConditions are those of a request that sets a boundary; "" for none.
func boundaryConditions(arn string) keypolicy.Context {
	conditions := keypolicy.Context{}
	if arn != "" {
		conditions.Set("iam:PermissionsBoundary", arn)
	}
	return conditions
}

// boundaryByARN finds the policy of a boundary; nil for "".
func (c *call) boundaryByARN(arn string) (*managedPolicy, error) {
	if arn == "" {
		return nil, nil
	}
	p := c.policyByARN(arn)
	if p == nil {
		return nil, fail(noSuchEntity, "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return p, nil
}

func putBoundary[T bounded](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		arn := f.text("PermissionsBoundary", arnRule)
		f.checkPolicyARN(arn)
		t, err := change(k, c, changeInput{f, boundaryConditions(arn)})
		if err != nil {
			return nil, err
		}
		p, err := c.boundaryByARN(arn)
		if err != nil {
			return nil, err
		}
		t.limit().boundary = p
		return done()
	}
}

func deleteBoundary[T bounded](k *kind[T]) func(*call, *form) (*empty, error) {
	return func(c *call, f *form) (*empty, error) {
		t, err := change(k, c, changeInput{form: f})
		if err != nil {
			return nil, err
		}
		if t.limit().boundary == nil {
			return nil, fail(noSuchEntity, "The %s with name %s does not have a permissions boundary.", k.noun, t.base().name)
		}
		t.limit().boundary = nil
		return done()
	}
}

// The two ways to use a managed policy, as PolicyUsageFilter names them.
const (
	usePermissions = "PermissionsPolicy"
	useBoundary    = "PermissionsBoundary"
)

// usage lists the entities of the account that use a policy.
type usage struct{ attached, bounded []policyHolder }

func (c *call) uses(p *managedPolicy) usage {
	var u usage
	note := func(h policyHolder, boundary *managedPolicy) {
		if h.hold().attached[p.arn] != nil {
			u.attached = append(u.attached, h)
		}
		if boundary != nil && boundary.arn == p.arn {
			u.bounded = append(u.bounded, h)
		}
	}
	d := c.directoryLocked()
	for _, g := range d.groups {
		note(g, nil)
	}
	for _, r := range d.roles {
		note(r, r.boundary)
	}
	for _, m := range d.users {
		note(m, m.boundary)
	}
	return u
}

// fit reports whether a policy with this usage passes the filters of a list.
func (u usage) fit(filter string, onlyAttached bool) bool {
	return !onlyAttached && filter == "" || len(u.of(filter)) > 0
}

// of are the entities that use the policy in the way of a filter; "" for either.
func (u usage) of(filter string) []policyHolder {
	switch filter {
	case usePermissions:
		return u.attached
	case useBoundary:
		return u.bounded
	}
	return slices.Concat(u.attached, u.bounded)
}

// entityXML are the PolicyRole, PolicyUser and PolicyGroup of the IAM API.
type entityXML struct {
	RoleName  string `xml:",omitempty"`
	RoleID    string `xml:"RoleId,omitempty"`
	UserName  string `xml:",omitempty"`
	UserID    string `xml:"UserId,omitempty"`
	GroupName string `xml:",omitempty"`
	GroupID   string `xml:"GroupId,omitempty"`
}

type entitiesResult struct {
	PolicyGroups []entityXML `xml:"PolicyGroups>member"`
	PolicyRoles  []entityXML `xml:"PolicyRoles>member"`
	PolicyUsers  []entityXML `xml:"PolicyUsers>member"`
	iamPageOutput
}

// add puts an entity into the list of its kind.
func (out *entitiesResult) add(h policyHolder) {
	e := h.base()
	switch h.(type) {
	case *role:
		out.PolicyRoles = append(out.PolicyRoles, entityXML{RoleName: e.name, RoleID: e.id})
	case *user:
		out.PolicyUsers = append(out.PolicyUsers, entityXML{UserName: e.name, UserID: e.id})
	case *group:
		out.PolicyGroups = append(out.PolicyGroups, entityXML{GroupName: e.name, GroupID: e.id})
	}
}

var entityFilterRule = textRule{enum: []string{"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"}}

func listEntitiesForPolicy(c *call, f *form) (*entitiesResult, error) {
	filter, use := f.text("EntityFilter", entityFilterRule), f.text("PolicyUsageFilter", policyUses)
	prefix, page := f.pathPrefix(), f.paging()
	p, err := managedPolicies.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	byARN := map[string]policyHolder{} // who uses it in both ways counts once
	for _, h := range c.uses(p).of(use) {
		kind := strings.SplitN(h.base().arn, ":", 6)[5]
		if filter == "" || strings.HasPrefix(kind, strings.ToLower(filter)+"/") {
			byARN[h.base().arn] = h
		}
	}
	maps.DeleteFunc(byARN, func(_ string, h policyHolder) bool { return !strings.HasPrefix(h.base().path, prefix) })
	arn := func(h policyHolder) string { return h.base().arn }
	items := slices.SortedFunc(maps.Values(byARN), func(a, b policyHolder) int { return strings.Compare(arn(a), arn(b)) })
	out := &entitiesResult{}
	shown, more, err := paged(c, pagedInput[policyHolder, policyHolder]{page, items, arn, func(h policyHolder) policyHolder { return h }})
	for _, h := range shown {
		out.add(h)
	}
	out.iamPageOutput = more
	return out, err
}
