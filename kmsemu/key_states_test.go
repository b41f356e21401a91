package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// The states that only some keys can have, and how they are refused.
var rareStates = map[types.KeyState]string{
	types.KeyStatePendingImport:          " is pending import.",
	types.KeyStatePendingReplicaDeletion: " is pending deletion.",
	types.KeyStateUnavailable:            " is unavailable.",
	types.KeyStateCreating:               " is creating.",
	types.KeyStateUpdating:               " is updating.",
}

// stateClass is which of the rare states an operation refuses.
type stateClass map[types.KeyState]bool

func refusing(states ...types.KeyState) stateClass {
	class := stateClass{}
	for _, state := range states {
		class[state] = true
	}
	return class
}

const (
	replicas    = types.KeyStatePendingReplicaDeletion
	importing   = types.KeyStatePendingImport
	unavailable = types.KeyStateUnavailable
	creating    = types.KeyStateCreating
	updating    = types.KeyStateUpdating
)

// stateClasses are the operations that differ from most (K0021 to K0025).
var stateClasses = map[string]stateClass{
	"CancelKeyDeletion":   refusing(importing, unavailable, creating, updating),
	"CreateGrant":         refusing(replicas, importing, creating),
	"GetPublicKey":        refusing(replicas, importing, unavailable, creating),
	"EnableKey":           refusing(replicas, importing, creating, updating),
	"DisableKey":          refusing(replicas, importing, creating, updating),
	"EnableKeyRotation":   refusing(replicas, importing, unavailable, creating, updating),
	"DisableKeyRotation":  refusing(replicas, importing, unavailable, creating, updating),
	"RotateKeyOnDemand":   refusing(replicas, importing, unavailable, creating, updating),
	"ReplicateKey":        refusing(replicas, importing, unavailable, creating, updating),
	"ScheduleKeyDeletion": refusing(replicas, updating),
	"UpdatePrimaryRegion": refusing(replicas, importing, unavailable, creating, updating),

	"GetParametersForImport":    refusing(replicas, unavailable, creating, updating),
	"ImportKeyMaterial":         refusing(replicas, unavailable, creating, updating),
	"DeleteImportedKeyMaterial": refusing(unavailable, creating, updating),
}

// stateClassOf is an operation's own class, or else that of its kind: those that
// refuse a disabled key use it, those that refuse a pending deletion alone change
// it, and the others read.
func stateClassOf(operation string) stateClass {
	if class, ok := stateClasses[operation]; ok {
		return class
	}
	switch row := kmsCalls[operation]; {
	case row.disabled != "":
		return refusing(replicas, importing, unavailable, creating)
	case row.pending != "":
		return refusing(replicas)
	}
	return nil
}

// TestRareKeyStates calls each operation on a key in each state that only some
// keys can have; [TestKeyStates] has the others.
func TestRareKeyStates(t *testing.T) {
	skipCallsInTurn(t)
	t.Parallel()
	w := newWorld(t)
	for name, row := range kmsCalls {
		class := stateClassOf(name)
		for state, text := range rareStates {
			s := w.subjectOf(name)
			kmsemu.SetKeyState(w.Server, s.key, string(state))
			err := row.call(w.ctx, w.root.kms, s)
			if !class[state] {
				require.NoError(t, err, "%s of a key that is %s", name, state)
				continue
			}
			if name == "CancelKeyDeletion" {
				text = " is not pending deletion."
			}
			fails(t, err, "KMSInvalidStateException", s.key+text)
		}
	}
}
