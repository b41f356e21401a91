package kmsemu

import (
	"slices"
	"time"
)

// keyState is a KeyState of the KMS API.
type keyState string

const (
	stateEnabled                keyState = "Enabled"
	stateDisabled               keyState = "Disabled"
	statePendingImport          keyState = "PendingImport"
	statePendingDeletion        keyState = "PendingDeletion"
	statePendingReplicaDeletion keyState = "PendingReplicaDeletion"
	stateUnavailable            keyState = "Unavailable"
	stateCreating               keyState = "Creating"
	stateUpdating               keyState = "Updating"
	// stateDeleted is that of no key the emulator still has.
	stateDeleted keyState = ""
)

// stateRule is a class of operations that refuse the same key states (K0020 to
// K0025).
type stateRule uint8

const (
	// inAnyState: reading and policies never mind the state.
	inAnyState stateRule = iota
	// ifEnabled: cryptographic operations, which a change of the primary Region
	// does not interrupt.
	ifEnabled
	// ifPublished: the public key of a disabled key can be had all the same (K0213).
	ifPublished
	// onlyEnabled: what changes the material or the Regions of a key.
	onlyEnabled
	// ifGrantable: a grant may be made while the key's store is disconnected.
	ifGrantable
	// ifSwitchable: enabling and disabling.
	ifSwitchable
	// unlessPending: everything but pending deletion will do.
	unlessPending
	// ifSettled: scheduling a deletion.
	ifSettled
	// ifImportable: importing material.
	ifImportable
	// unlessChanging: deleting imported material, pending deletion too.
	unlessChanging
	// onlyPending: cancelling a deletion.
	onlyPending
)

// refused are the states each class of operations refuses.
var refused = [...][]keyState{
	inAnyState: nil,
	ifEnabled: {
		stateDisabled, statePendingImport, statePendingDeletion, statePendingReplicaDeletion, stateUnavailable, stateCreating,
	},
	ifPublished: {statePendingImport, statePendingDeletion, statePendingReplicaDeletion, stateUnavailable, stateCreating},
	onlyEnabled: {
		stateDisabled, statePendingImport, statePendingDeletion, statePendingReplicaDeletion, stateUnavailable, stateCreating, stateUpdating,
	},
	ifGrantable:    {stateDisabled, statePendingImport, statePendingDeletion, statePendingReplicaDeletion, stateCreating},
	ifSwitchable:   {statePendingImport, statePendingDeletion, statePendingReplicaDeletion, stateCreating, stateUpdating},
	unlessPending:  {statePendingDeletion, statePendingReplicaDeletion},
	ifSettled:      {statePendingDeletion, statePendingReplicaDeletion, stateUpdating},
	ifImportable:   {statePendingDeletion, statePendingReplicaDeletion, stateUnavailable, stateCreating, stateUpdating},
	unlessChanging: {stateUnavailable, stateCreating, stateUpdating},
	onlyPending:    {stateEnabled, stateDisabled, statePendingImport, stateUnavailable, stateCreating, stateUpdating},
}

// refusal is how a state is refused; the message is about the key's ARN.
type refusal struct {
	code    code
	message string
}

// refusals are those of the states (K0019); notPending is that of all states in
// which there is no deletion to cancel.
var (
	refusals = map[keyState]refusal{
		stateDisabled:               {disabled, "%s is disabled."},
		statePendingImport:          {invalidState, "%s is pending import."},
		statePendingDeletion:        {invalidState, "%s is pending deletion."},
		statePendingReplicaDeletion: {invalidState, "%s is pending deletion."},
		stateUnavailable:            {invalidState, "%s is unavailable."},
		stateCreating:               {invalidState, "%s is creating."},
		stateUpdating:               {invalidState, "%s is updating."},
	}
	notPending = refusal{invalidState, "%s is not pending deletion."}
)

// stateAt is the key's state at a time. A key is unavailable as long as its key
// store is not connected, whether it is enabled or disabled; a deletion can be
// cancelled all the same (K0525).
func (k *key) stateAt(now time.Time) keyState {
	usual := k.state == stateEnabled || k.state == stateDisabled
	if usual && k.store != nil && !k.store.connectedAt(now) {
		return stateUnavailable
	}
	return k.state
}

// accept checks the key's state against the rule of an operation.
func (rule stateRule) accept(k *key, now time.Time) error {
	state := k.stateAt(now)
	if !slices.Contains(refused[rule], state) {
		return nil
	}
	r := refusals[state]
	if rule == onlyPending {
		r = notPending
	}
	return fail(r.code, r.message, k.arn)
}

// originRule is the origins of key material that an operation takes; nil for any.
type originRule []string

var (
	// onlyGenerated: KMS rotates nothing by the calendar but what it made.
	onlyGenerated = originRule{originKMS}
	// onlyImported: only keys for imported material take or lose any.
	onlyImported = originRule{originExternal}
	// inKMS: material that KMS holds itself, so not that of custom key stores.
	inKMS = originRule{originKMS, originExternal}
)

// accept checks the key's origin against the rule of an operation.
func (rule originRule) accept(k *key) error {
	if rule == nil || slices.Contains(rule, k.origin) {
		return nil
	}
	return fail(unsupported, "%s origin is %s which is not valid for this operation.", k.arn, k.origin)
}
