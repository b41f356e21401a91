package kmsemu

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

type keyRecord struct {
	ARN                              string
	Spec, Usage, Origin, Description string
	Created                          time.Time
	State                            keyState
	Role                             familyRole `json:",omitempty"`
	Settles, Deletion                time.Time  `json:",omitzero"`
	WindowDays                       int        `json:",omitempty"`
	Policy                           string
	Tags                             map[string]string `json:",omitempty"`
	Materials                        []materialRecord  `json:",omitempty"` // oldest first
	Pending                          *materialRecord   `json:",omitempty"`
	TokenKey                         []byte            `json:",omitempty"`
	Rotation                         rotationRecord    `json:",omitzero"`
	Managed                          bool              `json:",omitempty"`
	Store                            string            `json:",omitempty"` // id
	ExternalKeyID                    string            `json:",omitempty"`
}

// materialRecord is what is kept of key material. Whoever reads it has the key:
// the emulator protects none.
type materialRecord struct {
	ID          string
	Seed        []byte    `json:",omitempty"`
	Imported    bool      `json:",omitempty"`
	Description string    `json:",omitempty"`
	ValidTo     time.Time `json:",omitzero"`
	Since       time.Time `json:",omitzero"`
	Rotation    string    `json:",omitempty"`
}

func (m *material) record() materialRecord {
	return materialRecord{m.id, m.seed, m.imported, m.description, m.validTo.UTC(), m.since.UTC(), m.rotation}
}

func (r *materialRecord) material(spec *keySpec) (*material, error) {
	if len(r.ID) != 2*materialIDLength || !r.Imported && len(r.Seed) != seedLength {
		return nil, fmt.Errorf("material %q is damaged", r.ID)
	}
	return &material{
		id: r.ID, spec: spec, seed: r.Seed, imported: r.Imported, description: r.Description, validTo: r.ValidTo,
		since: r.Since, rotation: r.Rotation,
	}, nil
}

type rotationRecord struct {
	Enabled    bool      `json:",omitempty"`
	PeriodDays int       `json:",omitempty"`
	Next       time.Time `json:",omitzero"`
	OnDemand   int       `json:",omitempty"`
}

func (r *rotation) record() rotationRecord {
	return rotationRecord{r.enabled, r.periodDays, r.next.UTC(), r.onDemand}
}

func (r *rotationRecord) rotation() rotation {
	return rotation{r.Enabled, r.PeriodDays, r.Next, r.OnDemand}
}

func (k *key) recordName() string { return "key/" + k.arn }

func (k *key) record(s *state) any {
	if s.keyNamed(k.arn) != k {
		return nil
	}
	r := keyRecord{
		ARN: k.arn, Spec: k.spec.name, Usage: k.usage, Origin: k.origin, Description: k.description, Created: k.created.UTC(),
		State: k.state, Role: k.role, Settles: k.settles.UTC(), Deletion: k.deletion.UTC(), WindowDays: k.windowDays, Policy: k.policy.bound(), Tags: k.tags,
		TokenKey: k.tokenKey, Rotation: k.rotation.record(), Managed: k.managed, ExternalKeyID: k.externalKeyID,
	}
	for _, m := range k.materials {
		r.Materials = append(r.Materials, m.record())
	}
	if k.pending != nil {
		pending := k.pending.record()
		r.Pending = &pending
	}
	if k.store != nil {
		r.Store = k.store.id
	}
	return r
}

// splitARN is the Region, account and resource of an ARN of KMS.
func splitARN(arn string) (region, account, resource string, err error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || !accountPattern.MatchString(parts[4]) {
		return "", "", "", fmt.Errorf("%q is not an ARN", arn)
	}
	return parts[3], parts[4], parts[5], nil
}

// regionOf is the part of a Region that an ARN of KMS is in; nil if there is none.
func (s *state) regionOf(arn string) (r *region, resource string) {
	name, account, resource, err := splitARN(arn)
	if err != nil || s.accounts[account] == nil {
		return nil, ""
	}
	return s.accounts[account].regions[name], resource
}

// keyNamed finds a key by ARN, whether or not its time has come; nil if there is
// none.
func (s *state) keyNamed(arn string) *key {
	r, resource := s.regionOf(arn)
	if r == nil {
		return nil
	}
	return r.keys[strings.TrimPrefix(resource, "key/")]
}

// eachRegion lists what there is of all Regions.
func (s *state) eachRegion(yield func(*region)) {
	for _, a := range s.accounts {
		for _, r := range a.regions {
			yield(r)
		}
	}
}

func eachKey(s *state, yield func(durable)) {
	s.eachRegion(func(r *region) {
		for _, k := range r.keys {
			yield(k)
		}
	})
}

func restoreKey(to *restoration, r *keyRecord) error {
	name, account, resource, err := splitARN(r.ARN)
	if err != nil {
		return err
	}
	k := &key{
		id: strings.TrimPrefix(resource, "key/"), account: account, region: name, arn: r.ARN, spec: keySpecs[r.Spec], usage: r.Usage,
		origin: r.Origin, description: r.Description, created: r.Created, state: r.State, role: r.Role, settles: r.Settles,
		deletion: r.Deletion, windowDays: r.WindowDays, tags: orEmpty(r.Tags), tokenKey: r.TokenKey,
		rotation: r.Rotation.rotation(), managed: r.Managed, externalKeyID: r.ExternalKeyID,
	}
	if k.spec == nil || k.spec.algorithms[k.usage] == nil {
		return fmt.Errorf("it has spec %q and usage %q, which is none there is", r.Spec, r.Usage)
	}
	if err := k.restoreMaterials(r); err != nil {
		return err
	}
	if k.policy, err = to.document(r.Policy, to.keyPolicies.parse); err != nil {
		return err
	}
	region := to.account(account).region(name)
	if r.Store != "" {
		if k.store = region.stores[r.Store]; k.store == nil {
			return missing("store", r.Store)
		}
	}
	region.add(k)
	to.agenda.note(k)
	return nil
}

func (k *key) restoreMaterials(r *keyRecord) (err error) {
	for _, m := range r.Materials {
		restored, err := m.material(k.spec)
		if err != nil {
			return err
		}
		k.materials = append(k.materials, restored)
	}
	if r.Pending != nil {
		k.pending, err = r.Pending.material(k.spec)
	}
	if len(k.materials) == 0 && k.origin != originExternal {
		return errors.New("it has no material")
	}
	return err
}

type aliasRecord struct {
	ARN, Key         string // ARNs
	Created, Updated time.Time
}

func (a *alias) recordName() string { return "alias/" + a.arn }

func (a *alias) record(s *state) any {
	if r, name := s.regionOf(a.arn); r == nil || r.aliases[name] != a {
		return nil
	}
	return aliasRecord{a.arn, a.key.arn, a.created.UTC(), a.updated.UTC()}
}

func eachAlias(s *state, yield func(durable)) {
	s.eachRegion(func(r *region) {
		for _, a := range r.aliases {
			yield(a)
		}
	})
}

func restoreAlias(to *restoration, r *aliasRecord) error {
	k := to.keyNamed(r.Key)
	if k == nil {
		return missing("key", r.Key)
	}
	region, name := to.regionOf(r.ARN)
	if region == nil || region != to.accounts[k.account].regions[k.region] {
		return fmt.Errorf("its key %s is elsewhere", r.Key)
	}
	region.put(&alias{name: name, arn: r.ARN, created: r.Created, updated: r.Updated}, k)
	return nil
}
