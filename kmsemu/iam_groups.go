package kmsemu

import "cmp"

// group is an IAM group. It has no tags and is never a caller.
type group struct {
	holder
	users map[string]*user // by id
}

var groups = &kind[*group]{
	noun: "group", title: "Group", parameter: "GroupName", rule: groupNameRule,
	missing: "The group with name %s cannot be found.",
	find:    named(func(d *directory) map[string]*group { return d.groups }), arn: under("group"),
	quota: 5120,
	most:  300, plenty: "GroupsPerAccount",
}

const maxGroupsPerUser = 10

// groupXML is the Group of the IAM API.
type groupXML struct {
	Path       string
	GroupName  string
	GroupID    string `xml:"GroupId"`
	Arn        string
	CreateDate timestamp
}

func (g *group) xml() groupXML {
	return groupXML{g.path, g.name, g.id, g.arn, timestamp{g.created}}
}

type groupResult struct{ Group groupXML }

func createGroup(c *call, f *form) (*groupResult, error) {
	g := &group{
		holder: newHolder(c, f.text("GroupName", groupNameRule), cmp.Or(f.text("Path", pathRule), "/")),
		users:  map[string]*user{},
	}
	g.arn = c.arn(serviceIAM, "group"+g.path+g.name)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permitNew(creation{arn: g.arn}); err != nil {
		return nil, err
	}
	known := c.directoryLocked().groups
	if taken(known, g.name) {
		return nil, fail(entityExists, "Group with name %s already exists.", g.name)
	}
	if err := groups.room(known); err != nil {
		return nil, err
	}
	var err error
	if g.id, err = newID(c.random, "AGPA", 17); err != nil {
		return nil, err
	}
	known[g.name] = g
	c.server.state.changes.note(g)
	return &groupResult{g.xml()}, nil
}

type groupUsersResult struct {
	Group groupXML
	Users []userXML `xml:"Users>member"`
	iamPageOutput
}

func getGroup(c *call, f *form) (*groupUsersResult, error) {
	page := f.paging()
	g, err := groups.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	out := &groupUsersResult{Group: g.xml()}
	out.Users, out.iamPageOutput, err = listed(c, page, sortedUnder(g.users, ""), (*user).listedXML)
	return out, err
}

func listGroups(c *call, f *form) (*groupsResult, error) {
	prefix, page, err := c.listAll(f, "group")
	if err != nil {
		return nil, err
	}
	out := &groupsResult{}
	out.Groups, out.iamPageOutput, err = listed(c, page, sortedUnder(c.directoryLocked().groups, prefix), (*group).xml)
	return out, err
}

func updateGroup(c *call, f *form) (*empty, error) {
	name, path := f.text("NewGroupName", newGroupRule), f.text("NewPath", pathRule)
	g, err := groups.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	return nil, rename(c, renaming[*group]{groups, c.directoryLocked().groups, g, name, path})
}

func deleteGroup(c *call, f *form) (*empty, error) {
	g, err := groups.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	if err := g.holdsNone(); err != nil {
		return nil, err
	}
	if len(g.users) > 0 {
		return nil, fail(deleteConflict, "Cannot delete entity, must remove users from group first.")
	}
	delete(c.directoryLocked().groups, g.name)
	return done()
}

// openMembership authorises the operation on the group and finds the user: where both
// are missing it is the user that IAM misses (K0616).
func (c *call) openMembership(f *form) (*group, *user, error) {
	name := f.text("UserName", userNameRule)
	g, err := groups.open(c, f, nil)
	u := c.directoryLocked().users[name]
	if u == nil && (err == nil || asAPIError(err).code == noSuchEntity) {
		return nil, nil, fail(noSuchEntity, users.missing, name)
	}
	return g, u, err
}

func addUserToGroup(c *call, f *form) (*empty, error) {
	g, u, err := c.openMembership(f)
	if err != nil {
		return nil, err
	}
	if u.groups[g.id] == nil && len(u.groups) >= maxGroupsPerUser {
		return nil, fail(limitExceeded, "Cannot exceed quota for GroupsPerUser: %d", maxGroupsPerUser)
	}
	u.groups[g.id], g.users[u.id] = g, u
	return done()
}

// removeUserFromGroup is no error for a user who is not in the group (K0616).
func removeUserFromGroup(c *call, f *form) (*empty, error) {
	g, u, err := c.openMembership(f)
	if err != nil {
		return nil, err
	}
	delete(u.groups, g.id)
	delete(g.users, u.id)
	return done()
}
