package kmsemu

import (
	"cmp"
	"maps"
)

// roleXML is the Role of the IAM API.
type roleXML struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId"`
	Arn                      string
	CreateDate               timestamp
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	Tags                     []tagXML `xml:"Tags>member,omitempty"`
}

// tagXML is the Tag of the IAM API.
type tagXML struct{ Key, Value string }

func (r *role) xml() roleXML {
	return roleXML{
		Path: r.path, RoleName: r.name, RoleID: r.id, Arn: r.arn, CreateDate: timestamp{r.created},
		AssumeRolePolicyDocument: encodeDocument(r.trust.text), Description: r.description,
		MaxSessionDuration: r.maxSeconds, Tags: tagsXML(r.tags),
	}
}

func tagsXML(tags map[string]string) []tagXML {
	var out []tagXML
	for _, t := range sortedTags(tags) {
		out = append(out, tagXML{t.TagKey, t.TagValue})
	}
	return out
}

type roleResult struct{ Role roleXML }

func createRole(c *call, f *form) (*roleResult, error) {
	r := &role{
		account:     c.caller.account,
		name:        f.text("RoleName", roleNameRule),
		path:        cmp.Or(f.text("Path", pathRule), "/"),
		description: f.text("Description", descriptionRule),
		maxSeconds:  f.number("MaxSessionDuration", roleSeconds, roleSeconds.low),
		created:     c.now,
		inline:      map[string]document{},
		tags:        tagMap(f.tags()),
	}
	trust := f.text("AssumeRolePolicyDocument", documentRule)
	f.checkIAMTags(f.tags())
	if f.values.Has("PermissionsBoundary") {
		f.fail(noSuchEntity, "This emulator has no managed policies: %s does not exist.", f.values.Get("PermissionsBoundary"))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	r.arn = c.arn(serviceIAM, "role"+r.path+r.name)
	return c.addRole(r, trust, f.tags())
}

func (c *call) addRole(r *role, trust string, tags []tag) (*roleResult, error) {
	if err := c.permitNewRole(r, tags); err != nil {
		return nil, err
	}
	roles := c.server.state.account(c.caller.account).roles
	if roles[r.name] != nil {
		return nil, fail(entityExists, "Role with name %s already exists.", r.name)
	}
	var err error
	if r.trust, err = c.newTrustPolicy(trust); err != nil {
		return nil, err
	}
	if r.id, err = newID(c.server.random, "AROA", 17); err != nil {
		return nil, err
	}
	roles[r.name] = r
	return &roleResult{r.xml()}, nil
}

// permitNewRole asks for the creation and, with tags, for the tagging.
func (c *call) permitNewRole(r *role, tags []tag) error {
	if len(tags) == 0 {
		return c.permit(permission{action: c.action, resource: r.arn})
	}
	if err := c.permit(permission{action: c.action, resource: r.arn, context: tagConditions(tags)}); err != nil {
		return err
	}
	return c.permit(permission{action: "iam:TagRole", resource: r.arn, context: tagConditions(tags)})
}

func getRole(c *call, f *form) (*roleResult, error) {
	r, err := c.role(f, nil)
	if err != nil {
		return nil, err
	}
	return &roleResult{r.xml()}, nil
}

func deleteRole(c *call, f *form) (*empty, error) {
	r, err := c.role(f, nil)
	if err != nil {
		return nil, err
	}
	if len(r.inline) > 0 {
		return nil, fail(deleteConflict, "Cannot delete entity, must delete policies first.")
	}
	r.deleted = true
	delete(c.server.state.account(r.account).roles, r.name)
	return done()
}

func updateRole(c *call, f *form) (*struct{}, error) {
	description := f.text("Description", descriptionRule)
	seconds := f.number("MaxSessionDuration", roleSeconds, 0)
	r, err := c.role(f, nil)
	if err != nil {
		return nil, err
	}
	if f.values.Has("Description") {
		r.description = description
	}
	r.maxSeconds = cmp.Or(seconds, r.maxSeconds)
	return &struct{}{}, nil
}

func updateRoleDescription(c *call, f *form) (*roleResult, error) {
	description := f.text("Description", descriptionRule)
	r, err := c.role(f, nil)
	if err != nil {
		return nil, err
	}
	r.description = description
	return &roleResult{r.xml()}, nil
}

func updateAssumeRolePolicy(c *call, f *form) (*empty, error) {
	text := f.text("PolicyDocument", documentRule)
	r, err := c.role(f, nil)
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

func tagRole(c *call, f *form) (*empty, error) {
	f.checkIAMTags(f.tags())
	r, err := c.role(f, tagConditions(f.tags()))
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(r.tags)
	maps.Copy(tags, tagMap(f.tags()))
	if len(tags) > maxTags {
		return nil, fail(limitExceeded, "The number of tags has reached the maximum limit of %d.", maxTags)
	}
	r.tags = tags
	return done()
}

func untagRole(c *call, f *form) (*empty, error) {
	keys := f.list("TagKeys")
	r, err := c.role(f, tagKeyConditions(keys))
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(r.tags)
	for _, name := range keys {
		delete(tags, name)
	}
	r.tags = tags
	return done()
}

type roleTagsResult struct {
	Tags        []tagXML `xml:"Tags>member"`
	IsTruncated bool
}

func listRoleTags(c *call, f *form) (*roleTagsResult, error) {
	r, err := c.role(f, nil)
	if err != nil {
		return nil, err
	}
	return &roleTagsResult{Tags: tagsXML(r.tags)}, nil
}

type rolesResult struct {
	Roles       []roleXML `xml:"Roles>member"`
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

var listRolesPage = pageLimits{100, 1000}

func listRoles(c *call, f *form) (*rolesResult, error) {
	prefix := cmp.Or(f.text("PathPrefix", textRule{max: 512}), "/")
	size := f.number("MaxItems", intRule{1, listRolesPage.high}, listRolesPage.fallback)
	paging := pageInput{Limit: &size, Marker: f.text("Marker", textRule{max: 320})}
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permit(permission{action: c.action, resource: c.arn(serviceIAM, "role"+prefix)}); err != nil {
		return nil, err
	}
	roles, more, err := page(c, &paging, listRolesPage, c.rolesUnder(prefix), func(r *role) string { return r.name })
	if err != nil {
		return nil, err
	}
	out := &rolesResult{IsTruncated: more.Truncated, Marker: more.NextMarker}
	for _, r := range roles {
		out.Roles = append(out.Roles, r.xml())
	}
	return out, nil
}
