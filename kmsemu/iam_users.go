package kmsemu

import (
	"cmp"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// user is an IAM user.
type user struct {
	member
	groups map[string]*group // by id
	keys   []*accessKey      // oldest first
}

var users = &kind[*user]{
	noun: "user", title: "User", parameter: "UserName", rule: userNameRule, tags: memberTags,
	missing: "The user with name %s cannot be found.",
	find:    named(func(d *directory) map[string]*user { return d.users }), arn: under("user"),
	quota: 2048,
	most:  5000, plenty: "UsersPerAccount",
}

// principal is the user as a caller.
func (u *user) principal() keypolicy.Principal {
	return keypolicy.Principal{ARN: u.arn, UniqueID: u.id, Tags: u.tags}
}

// allPolicies are the user's own policies and then those of its groups, which say
// so in their names.
func (u *user) allPolicies() []*keypolicy.Policy {
	out := u.policies()
	for _, g := range sortedUnder(u.groups, "") {
		for _, p := range g.policies() {
			out = append(out, renamed(p, p.Name+" of group "+g.name))
		}
	}
	return out
}

// openSelf is users.open for operations that are about the calling user if they
// name none (K0404).
func (c *call) openSelf(f *form) (*user, error) {
	name := f.optional("UserName", userNameRule)
	if err := f.err(); err != nil {
		return nil, err
	}
	if name == "" {
		if c.caller.user == nil {
			return nil, fail(validation, "Must specify userName when calling with non-User credentials")
		}
		name = c.caller.user.name
	}
	return users.openNamed(c, name, nil)
}

// userXML is the User of the IAM API.
type userXML struct {
	Path                string
	UserName            string
	UserID              string `xml:"UserId"`
	Arn                 string
	CreateDate          timestamp
	PermissionsBoundary *boundaryXML
	Tags                *tagListXML
}

func (u *user) xml() userXML {
	out := u.listedXML()
	out.PermissionsBoundary, out.Tags = u.boundaryXML(), tagListOf(u.tags)
	return out
}

// listedXML is the user in lists, which leave tags and boundary out (K0402).
func (u *user) listedXML() userXML {
	return userXML{Path: u.path, UserName: u.name, UserID: u.id, Arn: u.arn, CreateDate: timestamp{u.created}}
}

type userResult struct{ User userXML }

func createUser(c *call, f *form) (*userResult, error) {
	u := &user{
		member: newMember(c, f.text("UserName", madeUserRule), cmp.Or(f.text("Path", pathRule), "/")),
		groups: map[string]*group{},
	}
	u.arn = c.arn(serviceIAM, "user"+u.path+u.name)
	u.tags = tagMap(f.tags())
	boundary := f.boundary()
	f.checkIAMTags(f.tags(), memberTags)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permitNew(creation{arn: u.arn, tagging: "iam:TagUser", tags: f.tags(), context: boundaryConditions(boundary)}); err != nil {
		return nil, err
	}
	known := c.directoryLocked().users
	if taken(known, u.name) {
		return nil, fail(entityExists, "User with name %s already exists.", u.name)
	}
	if err := users.room(known); err != nil {
		return nil, err
	}
	var err error
	if u.boundary, err = c.boundaryByARN(boundary); err != nil {
		return nil, err
	}
	if u.id, err = newID(c.random, "AIDA", 17); err != nil {
		return nil, err
	}
	known[u.name] = u
	c.server.state.changes.note(u)
	return &userResult{u.xml()}, nil
}

func getUser(c *call, f *form) (*userResult, error) {
	u, err := c.openSelf(f)
	if err != nil {
		return nil, err
	}
	return &userResult{u.xml()}, nil
}

// updateUser renames or moves a user, which needs the permission on the old and
// on the new name. Key policies that name the user follow (K0403).
func updateUser(c *call, f *form) (*empty, error) {
	name, path := f.text("NewUserName", newUserRule), f.text("NewPath", pathRule)
	u, err := users.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	return nil, rename(c, renaming[*user]{users, c.directoryLocked().users, u, name, path})
}

// renaming is a change of the name and path of one of the known entities of a
// kind; "" keeps them.
type renaming[T thing] struct {
	kind       *kind[T]
	known      map[string]T
	of         T
	name, path string
}

// rename authorises the new name and makes the change. A name that only changes
// its case stays the entity's own.
func rename[T thing](c *call, r renaming[T]) error {
	e := r.of.base()
	name, path := cmp.Or(r.name, e.name), cmp.Or(r.path, e.path)
	arn := c.arn(serviceIAM, r.kind.noun+path+name)
	if arn == e.arn {
		return nil
	}
	if err := c.permit(permission{action: c.action, resource: arn}); err != nil {
		return err
	}
	if !strings.EqualFold(name, e.name) && taken(r.known, name) {
		return fail(entityExists, "%s with name %s already exists.", r.kind.title, name)
	}
	delete(r.known, e.name)
	e.name, e.path, e.arn = name, path, arn
	r.known[name] = r.of
	return nil
}

// deleteUser refuses to delete a user that still has something. Source: IAM API
// Reference, DeleteUser.
func deleteUser(c *call, f *form) (*empty, error) {
	u, err := users.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	if err := u.holdsNone(); err != nil {
		return nil, err
	}
	if len(u.keys) > 0 {
		return nil, fail(deleteConflict, "Cannot delete entity, must delete access keys first.")
	}
	if len(u.groups) > 0 {
		return nil, fail(deleteConflict, "Cannot delete entity, must remove users from group first.")
	}
	u.deleted = true
	delete(c.directoryLocked().users, u.name)
	return done()
}

type usersResult struct {
	Users []userXML `xml:"Users>member"`
	iamPageOutput
}

func listUsers(c *call, f *form) (*usersResult, error) {
	prefix, page, err := c.listAll(f, "user")
	if err != nil {
		return nil, err
	}
	out := &usersResult{}
	out.Users, out.iamPageOutput, err = listed(c, page, sortedUnder(c.directoryLocked().users, prefix), (*user).listedXML)
	return out, err
}

type groupsResult struct {
	Groups []groupXML `xml:"Groups>member"`
	iamPageOutput
}

func listGroupsForUser(c *call, f *form) (*groupsResult, error) {
	page := f.paging()
	u, err := users.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	out := &groupsResult{}
	out.Groups, out.iamPageOutput, err = listed(c, page, sortedUnder(u.groups, ""), (*group).xml)
	return out, err
}

// none makes an operation that lists what users here never have: Terraform asks
// for them before it deletes a user with force_destroy (K0417).
func none[Out any](what *Out) func(*call, *form) (*Out, error) {
	return func(c *call, f *form) (*Out, error) {
		f.paging()
		if _, err := c.openSelf(f); err != nil {
			return nil, err
		}
		return what, nil
	}
}

// The empty lists, under the names their operations give them.
type (
	noCertificates struct {
		Certificates struct{}
		iamPageOutput
	}
	noMFADevices struct {
		MFADevices struct{}
		iamPageOutput
	}
	noSSHPublicKeys struct {
		SSHPublicKeys struct{}
		iamPageOutput
	}
	noServiceCredentials struct {
		ServiceSpecificCredentials struct{}
		iamPageOutput
	}
	noVirtualMFADevices struct {
		VirtualMFADevices struct{}
		iamPageOutput
	}
)

var assignmentRule = textRule{enum: []string{"Assigned", "Unassigned", "Any"}}

func listVirtualMFADevices(c *call, f *form) (*noVirtualMFADevices, error) {
	f.paging()
	f.text("AssignmentStatus", assignmentRule)
	if err := f.err(); err != nil {
		return nil, err
	}
	return &noVirtualMFADevices{}, c.permit(permission{action: c.action, resource: c.arn(serviceIAM, "mfa/")})
}

// deleteLoginProfile finds none: nobody signs in to a console here.
func deleteLoginProfile(c *call, f *form) (*empty, error) {
	u, err := c.openSelf(f)
	if err != nil {
		return nil, err
	}
	return nil, fail(noSuchEntity, "Login Profile for User %s cannot be found.", u.name)
}
