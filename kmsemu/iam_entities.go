package kmsemu

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// directory is what IAM holds for one account.
type directory struct {
	roles     map[string]*role            // by name, which is unique whatever the path
	users     map[string]*user            // likewise
	groups    map[string]*group           // likewise
	profiles  map[string]*instanceProfile // likewise
	policies  map[string]*managedPolicy   // customer managed, by ARN
	providers map[string]*oidcProvider    // by ARN
	deletions map[string]bool             // deletion tasks of service-linked roles
}

func newDirectory() directory {
	return directory{
		roles: map[string]*role{}, users: map[string]*user{}, groups: map[string]*group{}, profiles: map[string]*instanceProfile{},
		policies: map[string]*managedPolicy{}, providers: map[string]*oidcProvider{}, deletions: map[string]bool{},
	}
}

// entity is what roles, users, groups, policies, instance profiles and identity
// providers have in common.
type entity struct {
	id, account, arn string
	name, path       string
	created          time.Time
	tags             map[string]string
	deleted          bool // sessions and key policies outlive the entry in the directory
}

// thing is an entity of any kind.
type thing interface {
	durable
	base() *entity
	// describe adds the condition keys that ask about the entity.
	describe(keypolicy.Context)
}

func (e *entity) base() *entity { return e }

func (e *entity) describe(conditions keypolicy.Context) {
	for key, value := range e.tags {
		conditions.Set("aws:ResourceTag/"+key, value)
		conditions.Set("iam:ResourceTag/"+key, value)
	}
}

// holder is an entity that policies are attached to: a role, user or group.
type holder struct {
	entity
	inline   map[string]document       // by policy name
	attached map[string]*managedPolicy // by ARN
	linked   bool                      // a service-linked role: only its service may change it
}

// policyHolder is a role, user or group.
type policyHolder interface {
	thing
	hold() *holder
}

func (h *holder) hold() *holder { return h }

// sortedKeys lists the keys of a map in order, in one allocation, or none for none.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// policies are the policies of the entity: inline ones by name, then managed ones
// by ARN.
func (h *holder) policies() []*keypolicy.Policy {
	out := make([]*keypolicy.Policy, 0, len(h.inline)+len(h.attached))
	for _, name := range sortedKeys(h.inline) {
		out = append(out, h.inline[name].policy)
	}
	for _, arn := range sortedKeys(h.attached) {
		out = append(out, h.attached[arn].current().policy)
	}
	return out
}

// holdsNone refuses to delete an entity that still has policies.
func (h *holder) holdsNone() error {
	if len(h.inline) > 0 {
		return fail(deleteConflict, "Cannot delete entity, must delete policies first.")
	}
	if len(h.attached) > 0 {
		return fail(deleteConflict, "Cannot delete entity, must detach all policies first.")
	}
	return nil
}

// member is a role or user: what a caller can be.
type member struct {
	holder
	boundary *managedPolicy // nil for none
}

func (m *member) describe(conditions keypolicy.Context) {
	m.entity.describe(conditions)
	if m.boundary != nil {
		conditions.Set("iam:PermissionsBoundary", m.boundary.arn)
	}
}

// boundaryPolicy is the permissions boundary as keypolicy wants it.
func (m *member) boundaryPolicy() *keypolicy.Policy {
	if m.boundary == nil {
		return nil
	}
	return renamed(m.boundary.current().policy, "permissions boundary "+m.boundary.name)
}

// renamed is a policy under another name, for reasons.
func renamed(p *keypolicy.Policy, name string) *keypolicy.Policy {
	out := *p
	out.Name = name
	return &out
}

// kind is a kind of entity: how requests name one, and where it is kept.
type kind[T thing] struct {
	// noun and title are what texts call it, such as "role" and "Role"; a kind without
	// a noun is called by its ARN, the title is for roles, users and groups.
	noun, title string
	parameter   string // that names one, such as "RoleName"
	rule        textRule
	missing     string // what is said of one that does not exist
	find        func(c *call, name string) (T, bool)
	// arn is that of one that does not exist; nil if names are ARNs.
	arn  func(c *call, name string) string
	tags tagRules
	// quota is how long inline policies may be together, for policy holders.
	quota int
	// most is how many an account may have, by the name of plenty (K0618).
	most   int
	plenty string
}

// open authorises the operation on the entity that the form names and returns it.
// IAM asks for permission before it tells whether the entity exists.
func (k *kind[T]) open(c *call, f *form, context keypolicy.Context) (T, error) {
	name := f.text(k.parameter, k.rule)
	var none T
	if err := f.err(); err != nil {
		return none, err
	}
	return k.openNamed(c, name, context)
}

func (k *kind[T]) openNamed(c *call, name string, context keypolicy.Context) (T, error) {
	var none T
	p := permission{action: c.action, resource: name, context: keypolicy.Context{}}
	if k.noun != "" {
		p.shown = k.noun + " " + name // K0617
	}
	if k.arn != nil {
		p.resource = k.arn(c, name)
	}
	t, ok := k.find(c, name)
	if ok {
		p.resource = t.base().arn
		t.describe(p.context)
	}
	maps.Copy(p.context, context)
	if err := c.permit(p); err != nil {
		return none, err
	}
	if !ok {
		return none, fail(noSuchEntity, k.missing, name)
	}
	c.opened = append(c.opened, t)
	return t, nil
}

// room refuses one more than an account may have.
func (k *kind[T]) room(known map[string]T) error {
	if len(known) >= k.most {
		return fail(limitExceeded, "Cannot exceed quota for %s: %d", k.plenty, k.most)
	}
	return nil
}

// change is open for operations that change a policy holder.
func change[T policyHolder](k *kind[T], c *call, in changeInput) (T, error) {
	t, err := k.open(c, in.form, in.context)
	if err != nil {
		return t, err
	}
	return t, t.hold().changeable()
}

// changeInput is the form of a change, and the condition keys of its permission.
type changeInput struct {
	form    *form
	context keypolicy.Context
}

// changeable refuses to change what belongs to a service (K0416).
func (h *holder) changeable() error {
	if h.linked {
		return fail(unmodifiable, "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", h.name)
	}
	return nil
}

// directoryLocked is IAM's part of the caller's account.
func (c *call) directoryLocked() *directory {
	return &c.server.state.account(c.caller.account).directory
}

// named is a find function for entities kept by name in a map of the directory.
func named[T thing](in func(*directory) map[string]T) func(*call, string) (T, bool) {
	return func(c *call, name string) (T, bool) {
		t, ok := in(c.directoryLocked())[name]
		return t, ok
	}
}

// under is an arn function for entities whose resource is NOUN/NAME.
func under(noun string) func(*call, string) string {
	return func(c *call, name string) string { return c.arn(serviceIAM, noun+"/"+name) }
}

// creation is the permission to create an entity: with tags it is two.
type creation struct {
	arn     string
	shown   string // what a denial calls it; "" for its ARN
	tagging string // the action that tags one
	tags    []tag
	context keypolicy.Context
}

func (c *call) permitNew(n creation) error {
	p := permission{action: c.action, resource: n.arn, shown: n.shown, context: keypolicy.Context{}}
	if len(n.tags) > 0 {
		p.context = tagConditions(n.tags)
	}
	maps.Copy(p.context, n.context)
	if err := c.permit(p); err != nil || len(n.tags) == 0 {
		return err
	}
	p.action = n.tagging
	return c.permit(p)
}

// taken reports whether a name is in use. Names keep their case and are not told
// apart by it (K0401).
func taken[T thing](entities map[string]T, name string) bool {
	for _, t := range entities {
		if strings.EqualFold(t.base().name, name) {
			return true
		}
	}
	return false
}

// sortedUnder lists the entities under a path, by name.
func sortedUnder[T thing](entities map[string]T, prefix string) []T {
	var out []T
	for _, t := range entities {
		if strings.HasPrefix(t.base().path, prefix) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b T) int { return strings.Compare(a.base().name, b.base().name) })
	return out
}
