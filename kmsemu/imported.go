package kmsemu

import (
	"slices"
	"time"
)

// A key for imported material keeps what was once imported on its list of
// materials for ever, with or without the bytes: that is what may be imported
// again. New material of a symmetric key waits beside the list until it is rotated
// to (K0436, K0437).

// importation is a request to import material.
type importation struct {
	kind        string // an ImportType; "" for the default
	id          string // of the material it means to import; "" for any
	description string
	validTo     time.Time
}

// Values of ImportType.
const (
	newMaterial      = "NEW_KEY_MATERIAL"
	existingMaterial = "EXISTING_KEY_MATERIAL"
)

// isNew: the first material is new unless the request says otherwise.
func (in importation) isNew(k *key) bool {
	return in.kind == newMaterial || in.kind == "" && len(k.materials) == 0
}

// take puts imported material in its place and makes the key usable if no other
// is missing.
func (k *key) take(m *material, in importation) error {
	known := k.imported(m.id)
	switch {
	case in.kind == newMaterial && k.role == replicaMember:
		return errNotPrimary(k)
	case in.id != "" && in.id != m.id:
		return fail(incorrectMaterial, "The key material (id: %s) is not the one the request names.", m.id)
	case in.isNew(k) && known != nil:
		return fail(incorrectMaterial, "The key material (id: %s) is already associated with KMS key %s.", m.id, k.arn)
	case in.isNew(k) && k.pending != nil:
		return fail(invalidState, "New key material (id: %s) cannot be imported into KMS key %s, because another key material (id: %s) is pending rotation.", m.id, k.arn, k.pending.id)
	case !in.isNew(k) && known == nil:
		return fail(incorrectMaterial, "The key material is not the one that was imported into KMS key %s before.", k.arn)
	}
	m.description, m.validTo = in.description, in.validTo
	switch {
	case known != nil:
		k.replace(known, m)
	case len(k.materials) == 0:
		k.materials = []*material{m}
	default:
		k.pending = m
	}
	if k.state == statePendingImport && k.complete() {
		k.state = stateEnabled
	}
	return nil
}

// nextMaterial is what a rotation on demand rotates to: for imported material, what
// was imported for it, into every one of the related keys (K0056, K0443).
func (c *call) nextMaterial(k *key) (*material, error) {
	if k.origin != originExternal {
		return k.spec.newMaterial(c.random)
	}
	next := k.pending
	if !c.server.state.family(k).rotatable() {
		return nil, fail(invalidState, "No available key material pending rotation for the key: %s.", k.arn)
	}
	k.pending = nil
	return next, nil
}

// replace puts material in the place of what it was before.
func (k *key) replace(old, m *material) {
	m.since, m.rotation = old.since, old.rotation
	if m.description == "" {
		m.description = old.description
	}
	if k.pending == old {
		k.pending = m
		return
	}
	k.materials[slices.Index(k.materials, old)] = m
}

// imported is [key.material], that which is pending rotation included.
func (k *key) imported(id string) *material {
	if k.pending != nil && k.pending.id == id {
		return k.pending
	}
	return k.material(id)
}

// pendingID is the id of what is pending rotation; "" for nothing.
func (k *key) pendingID() string {
	if k.pending == nil {
		return ""
	}
	return k.pending.id
}

// complete: the key has all material it needs.
func (k *key) complete() bool {
	return len(k.materials) > 0 && !slices.ContainsFunc(k.materials, func(m *material) bool { return m.seed == nil })
}

// enter puts the key into a state, or has it wait for the material it lacks.
func (k *key) enter(state keyState) {
	k.state = state
	if k.origin == originExternal && !k.complete() {
		k.state = statePendingImport
	}
}

// absent is imported material of the same id without its bytes.
func (m *material) absent() *material {
	return &material{id: m.id, spec: m.spec, imported: true, since: m.since, rotation: m.rotation}
}

// associate takes over which materials the primary key has. Their bytes are
// imported in each Region (K0443).
func (k *key) associate(primary *key) {
	own := func(m *material) *material {
		mine := k.imported(m.id)
		if mine == nil {
			return m.absent()
		}
		mine.since, mine.rotation = m.since, m.rotation
		return mine
	}
	materials := make([]*material, len(primary.materials))
	for i, m := range primary.materials {
		materials[i] = own(m)
	}
	var pending *material
	if primary.pending != nil {
		pending = own(primary.pending)
	}
	k.materials, k.pending = materials, pending
}

// rotatable: every one of the related keys has what is pending rotation.
func (f family) rotatable() bool {
	lacks := func(k *key) bool { return k.pending == nil || k.pending.seed == nil }
	return !lacks(f.primary) && !slices.ContainsFunc(f.replicas, lacks)
}

// lose deletes the bytes of imported material. Without any that it rotated to the
// key is not usable; what is pending rotation just goes, but for a replica, which
// has that from its primary key.
func (k *key) lose(m *material) {
	switch {
	case k.pending == m && k.role == replicaMember:
		k.pending = m.absent()
		return
	case k.pending == m:
		k.pending = nil
		return
	}
	k.replace(m, m.absent())
	if k.state == stateEnabled || k.state == stateDisabled {
		k.state = statePendingImport
	}
}

// expiring is the material that expires next; nil for none.
func (k *key) expiring() *material {
	next := k.lasting()
	if k.pending != nil && !k.pending.validTo.IsZero() && (next == nil || k.pending.validTo.Before(next.validTo)) {
		return k.pending
	}
	return next
}

// lasting is, of the material that is the key's for good, what expires next; nil
// for none.
func (k *key) lasting() *material {
	var next *material
	for _, m := range k.materials {
		if !m.validTo.IsZero() && (next == nil || m.validTo.Before(next.validTo)) {
			next = m
		}
	}
	return next
}

// Values of ExpirationModel.
const (
	expires       = "KEY_MATERIAL_EXPIRES"
	doesNotExpire = "KEY_MATERIAL_DOES_NOT_EXPIRE"
)

// describeExpiry tells the earliest date on which the key stops being usable
// (K0438).
func (k *key) describeExpiry(m *keyMetadata) {
	if next := k.lasting(); next != nil {
		m.ExpirationModel, m.ValidTo = next.expirationModel(), epoch{next.validTo}
		return
	}
	m.ExpirationModel = k.current().expirationModel()
}

// expirationModel of material that is there; "" of other.
func (m *material) expirationModel() string {
	switch {
	case m == nil || !m.imported || m.seed == nil:
		return ""
	case m.validTo.IsZero():
		return doesNotExpire
	}
	return expires
}
