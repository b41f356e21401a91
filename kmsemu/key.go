package kmsemu

import (
	"maps"
	"slices"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// key is a KMS key.
type key struct {
	id, account, arn string
	spec             *keySpec
	usage, origin    string
	description      string
	created          time.Time
	state            keyState
	deletion         time.Time // when PendingDeletion ends
	policy           document
	tags             map[string]string
	aliases          map[string]*alias // by alias name
	grants           grantSet
	materials        []material // oldest first; the last one is current
	rotation         rotation
}

// document is a policy as it was given and as it was understood.
type document struct {
	text     string
	policy   *keypolicy.Policy
	mentions []mention // of users and roles, for policies with principals
}

// keyState is a KeyState of the KMS API.
type keyState string

const (
	stateEnabled         keyState = "Enabled"
	stateDisabled        keyState = "Disabled"
	statePendingDeletion keyState = "PendingDeletion"
)

// originKMS is the Origin of material that KMS made.
const originKMS = "AWS_KMS"

// stateRule is a class of operations that refuse the same key states (K0020 to
// K0025).
type stateRule uint8

const (
	// inAnyState: reading and policies never mind the state.
	inAnyState stateRule = iota
	// ifEnabled: cryptographic operations and rotation.
	ifEnabled
	// unlessPending: everything but pending deletion will do.
	unlessPending
	// onlyPending: cancelling a deletion.
	onlyPending
)

// refusal is how a state is refused; the message is about the key's ARN.
type refusal struct {
	code    code
	message string
}

var refusals = [...]map[keyState]refusal{
	inAnyState: {},
	ifEnabled: {
		stateDisabled:        {disabled, "%s is disabled."},
		statePendingDeletion: {invalidState, "%s is pending deletion."},
	},
	unlessPending: {
		statePendingDeletion: {invalidState, "%s is pending deletion."},
	},
	onlyPending: {
		stateEnabled:  {invalidState, "%s is not pending deletion."},
		stateDisabled: {invalidState, "%s is not pending deletion."},
	},
}

// accept checks the key's state against the rule of an operation.
func (rule stateRule) accept(k *key) error {
	if r, refused := refusals[rule][k.state]; refused {
		return fail(r.code, r.message, k.arn)
	}
	return nil
}

// gone reports whether the key's deletion date has passed.
func (k *key) gone(now time.Time) bool {
	return k.state == statePendingDeletion && !now.Before(k.deletion)
}

// facts are what condition keys ask about the key.
func (k *key) facts() *keypolicy.Key {
	return &keypolicy.Key{
		Spec: k.spec.name, Usage: k.usage, Origin: k.origin,
		Aliases: slices.Sorted(maps.Keys(k.aliases)), Tags: k.tags,
	}
}

// keyMetadata is the KeyMetadata of the KMS API (K0015).
type keyMetadata struct {
	AWSAccountID         string `json:"AWSAccountId"`
	Arn                  string
	CreationDate         epoch
	CurrentKeyMaterialID string `json:"CurrentKeyMaterialId,omitempty"`
	DeletionDate         epoch  `json:",omitzero"`
	Description          string
	Enabled              bool
	KeyID                string `json:"KeyId"`
	KeyManager           string
	KeyState             keyState
	MultiRegion          bool
	Origin               string
	keyKind
}

func (k *key) metadata() keyMetadata {
	m := keyMetadata{
		AWSAccountID: k.account, Arn: k.arn, KeyID: k.id, KeyManager: "CUSTOMER",
		CreationDate: epoch{k.created}, CurrentKeyMaterialID: k.materialID(k.current()), Description: k.description,
		Origin: k.origin, Enabled: k.state == stateEnabled, KeyState: k.state, keyKind: k.kind(),
	}
	if k.state == statePendingDeletion {
		m.DeletionDate = epoch{k.deletion}
	}
	return m
}

// enable makes the key usable again. Material whose rotation fell due in the
// meantime rotates at once, and the period starts anew (K0058).
func (k *key) enable(now time.Time, next material) {
	if k.state == stateEnabled {
		return
	}
	k.state = stateEnabled
	if k.rotation.due(now) {
		k.rotate(next, now, automaticRotation)
		k.rotation.schedule(now)
	}
}
