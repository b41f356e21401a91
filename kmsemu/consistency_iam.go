package kmsemu

import "github.com/keywright/keywright/keypolicy"

// iamView is what IAM says of the users and roles of an account at one time.
type iamView map[*entity]memberView

// memberView are the policies of a user or role, and a role's trust policy.
type memberView struct {
	identity []*keypolicy.Policy
	boundary *keypolicy.Policy
	trust    document
}

func (d *directory) view() iamView {
	view := iamView{}
	for _, r := range d.roles {
		view[&r.entity] = memberView{r.policies(), r.boundaryPolicy(), r.trust}
	}
	for _, u := range d.users {
		view[&u.entity] = memberView{u.allPolicies(), u.boundaryPolicy(), document{}}
	}
	return view
}

// keepIAM notes how things were before an operation of IAM changes them.
func (c *call) keepIAM() {
	s := c.span(c.server.consistency.IAM)
	if c.service != serviceIAM || !s.covers(c.now) || readOnly(c.name) {
		return
	}
	a := c.server.state.account(c.caller.account)
	c.past().iam.keep(a, a.view(), s)
}

// viewInForce is how IAM was when the changes on their way were not made; nil if
// there are none.
func (c *call) viewInForce(account string) iamView {
	return c.past().iam.inForce(c.server.state.accounts[account], nil, c.span(c.server.consistency.IAM))
}

// worldOfCaller are the policies of the caller that decide.
func (c *call) worldOfCaller() keypolicy.World {
	world := c.caller.worldLocked()
	who := c.caller.member()
	if who == nil {
		return world
	}
	if view := c.viewInForce(who.account); view != nil {
		world.Identity, world.Boundary = view[who].identity, view[who].boundary
	}
	return world
}

// member is the role or user whose policies the caller has; nil for none.
func (i *identity) member() *entity {
	switch {
	case i.session != nil && i.session.role != nil:
		return &i.session.role.entity
	case i.user != nil:
		return &i.user.entity
	}
	return nil
}

// trustOf is the trust policy of a role that decides.
func (c *call) trustOf(r *role) *keypolicy.Policy {
	d := &r.trust
	if view := c.viewInForce(r.account); view != nil {
		was := view[&r.entity].trust
		d = &was
	}
	d.follow()
	return d.policy
}

// settled reports whether a user or role is no longer too new to be known.
func (c *call) settled(e *entity) bool { return !c.span(c.server.consistency.IAM).covers(e.created) }

// roleByARN is [state.roleByARN] for roles that are known.
func (c *call) roleByARN(arn string) *role {
	r := c.server.state.roleByARN(arn)
	if r == nil || !c.settled(&r.entity) {
		return nil
	}
	return r
}

// principalExists is [state.principalExists] for principals that are known.
func (c *call) principalExists(name string) bool {
	if !c.server.state.principalExists(name) {
		return false
	}
	who := c.server.state.memberNamed(name)
	if r, _ := c.server.state.roleOfSession(name); r != nil {
		who = &r.entity
	}
	return who == nil || c.settled(who)
}
