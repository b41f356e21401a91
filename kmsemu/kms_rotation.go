package kmsemu

import (
	"fmt"
	"strconv"

	"github.com/keywright/keywright/keypolicy"
)

// rotatingKey is [call.key] for operations on rotation: only symmetric keys rotate
// (K0201).
func (c *call) rotatingKey(id string, context keypolicy.Context) (*key, error) {
	k, err := c.key(id, context)
	if err == nil && !k.symmetric() {
		return nil, fail(unsupported, "")
	}
	return k, err
}

// rotatedKey is rotatingKey for operations that change the rotation, which replicas
// have from their primary key (K0477).
func (c *call) rotatedKey(id string, context keypolicy.Context) (*key, error) {
	k, err := c.rotatingKey(id, context)
	if err == nil && k.role == replicaMember {
		return nil, errNotPrimary(k)
	}
	return k, err
}

type enableKeyRotationInput struct {
	keyInput
	RotationPeriodInDays *int
}

func (in *enableKeyRotationInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkInt("rotationPeriodInDays", in.RotationPeriodInDays, intRule{90, 2560})
}

func enableKeyRotation(c *call, in *enableKeyRotationInput) (*empty, error) {
	period := valueOr(in.RotationPeriodInDays, defaultRotationPeriod)
	conditions := keypolicy.Context{}
	conditions.Set("kms:RotationPeriodInDays", strconv.Itoa(period))
	k, err := c.rotatedKey(in.KeyID, conditions)
	if err != nil {
		return nil, err
	}
	// Repeating the call must not postpone the rotation (K0105).
	if !k.rotation.enabled || k.rotation.periodDays != period {
		k.rotation.enabled, k.rotation.periodDays = true, period
		k.rotation.schedule(c.now)
	}
	return done()
}

// disableKeyRotation has nothing to do for keys that never rotate (K0201).
func disableKeyRotation(c *call, in *keyInput) (*empty, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	if k.symmetric() && k.role == replicaMember {
		return nil, errNotPrimary(k)
	}
	k.rotation.enabled = false
	return done()
}

type rotationStatusOutput struct {
	KeyID                string `json:"KeyId"`
	KeyRotationEnabled   bool
	NextRotationDate     epoch `json:",omitzero"`
	RotationPeriodInDays int   `json:",omitempty"`
}

func getKeyRotationStatus(c *call, in *keyInput) (*rotationStatusOutput, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	out := &rotationStatusOutput{KeyID: k.arn}
	// A key that is pending deletion reads as not rotating (K0058).
	if k.rotation.enabled && k.state != statePendingDeletion {
		out.KeyRotationEnabled = true
		out.NextRotationDate = epoch{k.rotation.next}
		out.RotationPeriodInDays = k.rotation.periodDays
	}
	return out, nil
}

func rotateKeyOnDemand(c *call, in *keyInput) (*keyOutput, error) {
	k, err := c.rotatedKey(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	if k.rotation.onDemand >= maxOnDemandRotations {
		return nil, fail(limitExceeded, "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: %s", k.arn)
	}
	if k.rotation.due(c.now.Add(rotationQuietTime)) {
		return nil, fail(conflict, "An automatic rotation of %s is due within 20 minutes.", k.arn)
	}
	next, err := c.nextMaterial(k)
	if err != nil {
		return nil, err
	}
	k.rotation.onDemand++
	k.rotate(next, c.now, onDemandRotation)
	c.follow(keyRotation(k, c.now))
	return &keyOutput{k.arn}, nil
}

type listKeyRotationsInput struct {
	keyInput
	IncludeKeyMaterial string
	pageInput
}

// Values of IncludeKeyMaterial (K0057).
const (
	rotationsOnly  = "ROTATIONS_ONLY"
	allKeyMaterial = "ALL_KEY_MATERIAL"
)

var listKeyRotationsPage = pageLimits{100, 1000}

func (in *listKeyRotationsInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("includeKeyMaterial", in.IncludeKeyMaterial, textRule{enum: []string{allKeyMaterial, rotationsOnly}})
	in.checkPage(k, listKeyRotationsPage)
}

type rotationEntry struct {
	ExpirationModel        string `json:",omitempty"`
	ImportState            string `json:",omitempty"`
	KeyID                  string `json:"KeyId"`
	KeyMaterialDescription string `json:",omitempty"`
	KeyMaterialID          string `json:"KeyMaterialId"`
	KeyMaterialState       string
	RotationDate           epoch  `json:",omitzero"`
	RotationType           string `json:",omitempty"`
	ValidTo                epoch  `json:",omitzero"`

	number int
}

type listKeyRotationsOutput struct {
	Rotations []rotationEntry
	pageOutput
}

func listKeyRotations(c *call, in *listKeyRotationsInput) (*listKeyRotationsOutput, error) {
	k, err := c.rotatingKey(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	history := k.history(in.IncludeKeyMaterial == allKeyMaterial)
	if in.IncludeKeyMaterial == allKeyMaterial && k.pending != nil {
		history = append(history, c.server.state.family(k).awaited(k))
	}
	number := func(r rotationEntry) string { return fmt.Sprintf("%08d", r.number) }
	rotations, more, err := page(c, &in.pageInput, listKeyRotationsPage, history, number)
	if err != nil {
		return nil, err
	}
	return &listKeyRotationsOutput{rotations, more}, nil
}

// history lists the key's material, oldest first; the first was not rotated to.
func (k *key) history(withFirst bool) []rotationEntry {
	out := []rotationEntry{}
	for i, m := range k.materials {
		if i == 0 && !withFirst {
			continue
		}
		entry := k.entry(m, "NON_CURRENT")
		if m == k.current() {
			entry.KeyMaterialState = "CURRENT"
		}
		if i > 0 {
			entry.RotationDate = epoch{m.since}
		}
		entry.number = i
		out = append(out, entry)
	}
	return out
}

// awaited is the entry of what is pending rotation.
func (f family) awaited(k *key) rotationEntry {
	state := "PENDING_ROTATION"
	if !f.rotatable() {
		state = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
	}
	entry := k.entry(k.pending, state)
	entry.number = len(k.materials)
	return entry
}

func (k *key) entry(m *material, state string) rotationEntry {
	out := rotationEntry{KeyID: k.arn, KeyMaterialID: m.id, KeyMaterialState: state, RotationType: m.rotation}
	if m.imported {
		out.KeyMaterialDescription = m.description
		out.ExpirationModel, out.ValidTo = m.expirationModel(), epoch{m.validTo}
		out.ImportState = "IMPORTED"
		if m.seed == nil {
			out.ImportState = "PENDING_IMPORT"
		}
	}
	return out
}
