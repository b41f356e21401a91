package kmsemu

import (
	"cmp"

	"github.com/keywright/keywright/keypolicy"
)

// instanceProfile is what carries a role to an EC2 instance.
type instanceProfile struct {
	entity
	role *role // nil for none; there is room for one
}

var profiles = &kind[*instanceProfile]{
	noun: "instance profile", parameter: "InstanceProfileName", rule: inlineNameRule, tags: ownTags,
	missing: "Instance Profile %s cannot be found.",
	most:    1000, plenty: "InstanceProfilesPerAccount",
	find: named(func(d *directory) map[string]*instanceProfile { return d.profiles }), arn: under("instance-profile"),
}

// profileXML is the InstanceProfile of the IAM API.
type profileXML struct {
	Path                string
	InstanceProfileName string
	InstanceProfileID   string `xml:"InstanceProfileId"`
	Arn                 string
	CreateDate          timestamp
	Roles               []roleXML `xml:"Roles>member"`
	Tags                *tagListXML
}

func (p *instanceProfile) xml() profileXML {
	out := p.listedXML()
	out.Tags = wholeTagList(p.tags)
	return out
}

// listedXML is the profile in lists, which leave tags out (K0402).
func (p *instanceProfile) listedXML() profileXML {
	out := profileXML{Path: p.path, InstanceProfileName: p.name, InstanceProfileID: p.id, Arn: p.arn, CreateDate: timestamp{p.created}}
	if p.role != nil {
		out.Roles = []roleXML{p.role.heldXML()}
	}
	return out
}

type profileResult struct{ InstanceProfile profileXML }

func createInstanceProfile(c *call, f *form) (*profileResult, error) {
	p := &instanceProfile{entity: newHolder(c, f.text("InstanceProfileName", inlineNameRule), cmp.Or(f.text("Path", pathRule), "/")).entity}
	p.arn = c.arn(serviceIAM, "instance-profile"+p.path+p.name)
	p.tags = tagMap(f.tags())
	f.checkIAMTags(f.tags(), ownTags)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permitNew(creation{arn: p.arn, tagging: "iam:TagInstanceProfile", tags: f.tags()}); err != nil {
		return nil, err
	}
	known := c.directoryLocked().profiles
	if taken(known, p.name) {
		return nil, fail(entityExists, "Instance Profile %s already exists.", p.name)
	}
	if err := profiles.room(known); err != nil {
		return nil, err
	}
	var err error
	if p.id, err = newID(c.random, "AIPA", 17); err != nil {
		return nil, err
	}
	known[p.name] = p
	c.server.state.changes.note(p)
	out := p.listedXML()
	out.Tags = tagListOf(p.tags)
	return &profileResult{out}, nil
}

func getInstanceProfile(c *call, f *form) (*profileResult, error) {
	p, err := profiles.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	return &profileResult{p.xml()}, nil
}

func deleteInstanceProfile(c *call, f *form) (*empty, error) {
	p, err := profiles.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	if p.role != nil {
		return nil, fail(deleteConflict, "Cannot delete entity, must remove roles from instance profile first.")
	}
	delete(c.directoryLocked().profiles, p.name)
	return done()
}

type profilesResult struct {
	InstanceProfiles []profileXML `xml:"InstanceProfiles>member"`
	iamPageOutput
}

func listInstanceProfiles(c *call, f *form) (*profilesResult, error) {
	prefix, page, err := c.listAll(f, "instance-profile")
	if err != nil {
		return nil, err
	}
	out := &profilesResult{}
	out.InstanceProfiles, out.iamPageOutput, err = listed(c, page, sortedUnder(c.directoryLocked().profiles, prefix), (*instanceProfile).listedXML)
	return out, err
}

func listInstanceProfilesForRole(c *call, f *form) (*profilesResult, error) {
	page := f.paging()
	r, err := roles.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	out := &profilesResult{}
	out.InstanceProfiles, out.iamPageOutput, err = listed(c, page, c.profilesOf(r), (*instanceProfile).listedXML)
	return out, err
}

// profilesOf lists the instance profiles with a role, by name.
func (c *call) profilesOf(r *role) []*instanceProfile {
	with := map[string]*instanceProfile{}
	for name, p := range c.directoryLocked().profiles {
		if p.role == r {
			with[name] = p
		}
	}
	return sortedUnder(with, "")
}

// openWithRole authorises the operation on the profile and finds the role.
func (c *call) openWithRole(f *form) (*instanceProfile, *role, error) {
	name := f.text("RoleName", roleNameRule)
	p, err := profiles.open(c, f, nil)
	if err != nil {
		return nil, nil, err
	}
	r := c.directoryLocked().roles[name]
	if r == nil {
		return nil, nil, fail(noSuchEntity, roles.missing, name)
	}
	return p, r, nil
}

// addRoleToInstanceProfile hands a role to a service, so it needs iam:PassRole too.
// Source: IAM API Reference, AddRoleToInstanceProfile.
func addRoleToInstanceProfile(c *call, f *form) (*empty, error) {
	p, r, err := c.openWithRole(f)
	if err != nil {
		return nil, err
	}
	conditions := keypolicy.Context{}
	r.describe(conditions)
	conditions.Set("iam:PassedToService", "ec2.amazonaws.com")
	if err := c.permit(permission{action: "iam:PassRole", resource: r.arn, context: conditions}); err != nil {
		return nil, err
	}
	if err := r.changeable(); err != nil {
		return nil, err
	}
	if p.role != nil {
		return nil, fail(limitExceeded, "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	p.role = r
	return done()
}

func removeRoleFromInstanceProfile(c *call, f *form) (*empty, error) {
	p, r, err := c.openWithRole(f)
	if err != nil {
		return nil, err
	}
	if p.role != r {
		return nil, fail(noSuchEntity, "Role %s in Instance Profile %s cannot be found.", r.name, p.name)
	}
	p.role = nil
	return done()
}
