package kmsemu

import (
	"maps"
	"slices"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// accountRecord is what is kept of an account besides what is in it.
type accountRecord struct {
	ID string
	// Deletions are the tasks that deleted service-linked roles.
	Deletions []string `json:",omitempty"`
}

func (a *account) recordName() string { return "account/" + a.id }

func (a *account) record(*state) any {
	return accountRecord{a.id, slices.Sorted(maps.Keys(a.deletions))}
}

func eachAccount(s *state, yield func(durable)) {
	for _, a := range s.accounts {
		yield(a)
	}
}

func restoreAccount(to *restoration, r *accountRecord) error {
	a := to.account(r.ID)
	for _, task := range r.Deletions {
		a.deletions[task] = true
	}
	return nil
}

// eachThing lists the entities of a kind in all directories.
func eachThing[T durable](in func(*directory) map[string]T) func(*state, func(durable)) {
	return func(s *state, yield func(durable)) {
		for _, a := range s.accounts {
			for _, t := range in(&a.directory) {
				yield(t)
			}
		}
	}
}

// entityRecord is what is kept of every entity of IAM.
type entityRecord struct {
	ID, Account, ARN, Name, Path string
	Created                      time.Time
	Tags                         map[string]string `json:",omitempty"`
}

func (e *entity) entityRecord() entityRecord {
	return entityRecord{e.id, e.account, e.arn, e.name, e.path, e.created.UTC(), e.tags}
}

func (r *entityRecord) entity() entity {
	return entity{
		id: r.ID, account: r.Account, arn: r.ARN, name: r.Name, path: r.Path, created: r.Created, tags: orEmpty(r.Tags),
	}
}

// orEmpty is the map itself, or an empty one for nil: JSON leaves empty maps out.
func orEmpty[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}

// holderRecord is what is kept of what policies are attached to.
type holderRecord struct {
	entityRecord
	Inline   map[string]string `json:",omitempty"` // texts by policy name
	Attached []string          `json:",omitempty"` // ARNs
	Linked   bool              `json:",omitempty"`
}

func (h *holder) holderRecord() holderRecord {
	inline := make(map[string]string, len(h.inline))
	for name, d := range h.inline {
		inline[name] = d.text
	}
	return holderRecord{h.entityRecord(), inline, slices.Sorted(maps.Keys(h.attached)), h.linked}
}

func (to *restoration) holderOf(r *holderRecord) (holder, error) {
	h := holder{entity: r.entity(), inline: map[string]document{}, attached: map[string]*managedPolicy{}, linked: r.Linked}
	for name, text := range r.Inline {
		policy, err := keypolicy.Parse("inline policy "+name, []byte(text))
		if err != nil {
			return holder{}, err
		}
		h.inline[name] = document{text: text, policy: policy}
	}
	for _, arn := range r.Attached {
		p, err := to.policy(r.Account, arn)
		if err != nil {
			return holder{}, err
		}
		h.attached[arn] = p
	}
	return h, nil
}

// policy is a managed policy that an entity of an account refers to.
func (to *restoration) policy(account, arn string) (*managedPolicy, error) {
	if p := awsManagedPolicy(arn); p != nil {
		return p, nil
	}
	if p := to.account(account).policies[arn]; p != nil {
		return p, nil
	}
	return nil, missing("policy", arn)
}

// memberRecord is what is kept of roles and users alike.
type memberRecord struct {
	holderRecord
	Boundary string `json:",omitempty"` // ARN
}

func (m *member) memberRecord() memberRecord {
	r := memberRecord{holderRecord: m.holderRecord()}
	if m.boundary != nil {
		r.Boundary = m.boundary.arn
	}
	return r
}

func (to *restoration) memberOf(r *memberRecord) (m member, err error) {
	if m.holder, err = to.holderOf(&r.holderRecord); err != nil || r.Boundary == "" {
		return m, err
	}
	m.boundary, err = to.policy(r.Account, r.Boundary)
	return m, err
}

type roleRecord struct {
	memberRecord
	Description string `json:",omitempty"`
	MaxSeconds  int
	Trust       string
}

func (r *role) recordName() string { return "role/" + r.id }

func (r *role) record(s *state) any {
	if s.accounts[r.account].roles[r.name] != r {
		return nil
	}
	return roleRecord{r.memberRecord(), r.description, r.maxSeconds, r.trust.bound()}
}

func restoreRole(to *restoration, r *roleRecord) error {
	m, err := to.memberOf(&r.memberRecord)
	if err != nil {
		return err
	}
	restored := &role{member: m, description: r.Description, maxSeconds: r.MaxSeconds}
	// The trust policy may name roles and users that are yet to come.
	to.last = append(to.last, func() error {
		restored.trust, err = to.document(r.Trust, parseTrust)
		return err
	})
	to.account(r.Account).roles[r.Name], to.roles[r.ID] = restored, restored
	return nil
}

type userRecord struct {
	memberRecord
	AccessKeys []accessKeyRecord `json:",omitempty"` // oldest first
}

type accessKeyRecord struct {
	ID, Secret string
	Active     bool
	Created    time.Time
}

func (u *user) recordName() string { return "user/" + u.id }

func (u *user) record(s *state) any {
	if s.accounts[u.account].users[u.name] != u {
		return nil
	}
	r := userRecord{memberRecord: u.memberRecord()}
	for _, k := range u.keys {
		r.AccessKeys = append(r.AccessKeys, accessKeyRecord{k.id, k.secret, k.active, k.created.UTC()})
	}
	return r
}

func restoreUser(to *restoration, r *userRecord) error {
	m, err := to.memberOf(&r.memberRecord)
	if err != nil {
		return err
	}
	restored := &user{member: m, groups: map[string]*group{}}
	for _, k := range r.AccessKeys {
		key := &accessKey{id: k.ID, secret: k.Secret, active: k.Active, user: restored, created: k.Created}
		restored.keys = append(restored.keys, key)
		to.accessKeys[key.id] = key
	}
	to.account(r.Account).users[r.Name], to.users[r.ID] = restored, restored
	return nil
}

type groupRecord struct {
	holderRecord
	Users []string `json:",omitempty"` // unique ids
}

func (g *group) recordName() string { return "group/" + g.id }

func (g *group) record(s *state) any {
	if s.accounts[g.account].groups[g.name] != g {
		return nil
	}
	return groupRecord{g.holderRecord(), slices.Sorted(maps.Keys(g.users))}
}

func restoreGroup(to *restoration, r *groupRecord) error {
	h, err := to.holderOf(&r.holderRecord)
	if err != nil {
		return err
	}
	restored := &group{holder: h, users: map[string]*user{}}
	for _, id := range r.Users {
		u := to.users[id]
		if u == nil {
			return missing("user", id)
		}
		restored.users[id], u.groups[r.ID] = u, restored
	}
	to.account(r.Account).groups[r.Name] = restored
	return nil
}

type policyRecord struct {
	entityRecord
	Description string `json:",omitempty"`
	Updated     time.Time
	Versions    []versionRecord // oldest first
	Default     string          // id of a version
	Made        int             // versions ever made
}

type versionRecord struct {
	ID      string
	Created time.Time
	Text    string
}

func (p *managedPolicy) recordName() string { return "policy/" + p.id }

func (p *managedPolicy) record(s *state) any {
	if s.accounts[p.account].policies[p.arn] != p {
		return nil
	}
	r := policyRecord{p.entityRecord(), p.description, p.updated.UTC(), nil, p.standard.id, p.made}
	for _, v := range p.versions {
		r.Versions = append(r.Versions, versionRecord{v.id, v.created.UTC(), v.text})
	}
	return r
}

func restorePolicy(to *restoration, r *policyRecord) error {
	restored := &managedPolicy{entity: r.entity(), description: r.Description, updated: r.Updated, made: r.Made}
	for _, v := range r.Versions {
		policy, err := keypolicy.Parse("managed policy "+r.Name, []byte(v.Text))
		if err != nil {
			return err
		}
		version := &policyVersion{document{text: v.Text, policy: policy}, v.ID, v.Created}
		restored.versions = append(restored.versions, version)
		if v.ID == r.Default {
			restored.standard = version
		}
	}
	if restored.standard == nil {
		return missing("version", r.Default)
	}
	to.account(r.Account).policies[r.ARN] = restored
	return nil
}

type profileRecord struct {
	entityRecord
	Role string `json:",omitempty"` // unique id
}

func (p *instanceProfile) recordName() string { return "profile/" + p.id }

func (p *instanceProfile) record(s *state) any {
	if s.accounts[p.account].profiles[p.name] != p {
		return nil
	}
	r := profileRecord{entityRecord: p.entityRecord()}
	if p.role != nil {
		r.Role = p.role.id
	}
	return r
}

func restoreProfile(to *restoration, r *profileRecord) error {
	restored := &instanceProfile{entity: r.entity()}
	if r.Role != "" {
		if restored.role = to.roles[r.Role]; restored.role == nil {
			return missing("role", r.Role)
		}
	}
	to.account(r.Account).profiles[r.Name] = restored
	return nil
}

type providerRecord struct {
	entityRecord
	Clients     []string `json:",omitempty"`
	Thumbprints []string `json:",omitempty"`
}

func (p *oidcProvider) recordName() string { return "provider/" + p.arn }

func (p *oidcProvider) record(s *state) any {
	if s.accounts[p.account].providers[p.arn] != p {
		return nil
	}
	return providerRecord{p.entityRecord(), p.clients, p.thumbprints}
}

func restoreProvider(to *restoration, r *providerRecord) error {
	to.account(r.Account).providers[r.ARN] = &oidcProvider{entity: r.entity(), clients: r.Clients, thumbprints: r.Thumbprints}
	return nil
}

// bound is the policy's text with the unique ids of the users and roles that it
// means in the places of their names, which may change.
func (d *document) bound() string {
	text, _ := d.rewritten(func(e *entity) string { return e.id })
	return text
}

// document reads a bound text. Names that were not bound when the policy was
// written mean nobody here, and so stay what they are.
func (to *restoration) document(text string, parse func(string) (document, error)) (document, error) {
	d, err := parse(text)
	if err != nil {
		return document{}, err
	}
	d = bind(d, to.member)
	if d.text == text {
		return d, nil
	}
	again, err := parse(d.text) // reasons give lines and columns, which are other ones now
	d.policy = again.policy
	return d, err
}

func parseTrust(text string) (document, error) {
	policy, err := keypolicy.Parse("trust policy", []byte(text))
	return document{text: text, policy: policy}, err
}
