package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// waiting is the state of what is pending rotation in a key; "" for nothing.
func (w *world) waiting(key string) types.KeyMaterialState {
	w.Helper()
	out, err := w.home(key).ListKeyRotations(w.ctx, &kms.ListKeyRotationsInput{KeyId: &key, IncludeKeyMaterial: allMaterial})
	require.NoError(w, err)
	if last := out.Rotations[len(out.Rotations)-1]; last.RotationDate == nil && len(out.Rotations) > 1 {
		return last.KeyMaterialState
	}
	return ""
}

// TestImportIntoReplicas (K0443): related keys know of the same material, and each
// Region imports it for itself.
func TestImportIntoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := random(32), random(32)
	key := w.key(imports, multiRegion)
	out, err := w.importMaterial(key, first)
	require.NoError(t, err)
	replica := w.replica(key, abroad)
	m := w.describe(replica)
	require.Equal(t, types.KeyStatePendingImport, m.KeyState)
	require.Equal(t, out.KeyMaterialId, m.CurrentKeyMaterialId)
	_, err = w.importMaterial(replica, random(32))
	fails(t, err, "IncorrectKeyMaterialException", "")
	_, err = w.importMaterial(replica, first)
	require.NoError(t, err)
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	opened, err := w.home(replica).Decrypt(w.ctx, &kms.DecryptInput{KeyId: &replica, CiphertextBlob: sealed})
	require.NoError(t, err)
	require.Equal(t, out.KeyMaterialId, opened.KeyMaterialId)

	_, err = w.importMaterial(replica, second, asNew)
	fails(t, err, "UnsupportedOperationException", replica+" is not a multi-region primary key.")
	_, err = w.importMaterial(key, second, asNew)
	require.NoError(t, err)
	require.Equal(t, types.KeyMaterialStatePendingMultiRegionImportAndRotation, w.waiting(key))
	fails(t, w.rotate(key), "KMSInvalidStateException", "No available key material pending rotation for the key: "+key+".")
	_, err = w.importMaterial(replica, second)
	require.NoError(t, err)
	require.Equal(t, types.KeyMaterialStatePendingRotation, w.waiting(key))
	require.NoError(t, w.rotate(key))
	require.Equal(t, w.describe(key).CurrentKeyMaterialId, w.describe(replica).CurrentKeyMaterialId)
	require.Equal(t, types.KeyStateEnabled, w.describe(replica).KeyState)

	_, err = w.deleteMaterial(replica, *out.KeyMaterialId)
	require.NoError(t, err)
	require.Equal(t, types.KeyStatePendingImport, w.describe(replica).KeyState)
	require.Equal(t, types.KeyStateEnabled, w.describe(key).KeyState, "the primary key keeps its own")
}

// TestPendingInReplicas (K0443): what a replica loses it still waits for, and what
// the primary key loses nobody does.
func TestPendingInReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := random(32), random(32)
	key := w.key(imports, multiRegion)
	_, err := w.importMaterial(key, first)
	require.NoError(t, err)
	replica := w.replica(key, abroad)
	_, err = w.importMaterial(replica, first)
	require.NoError(t, err)
	out, err := w.importMaterial(key, second, asNew)
	require.NoError(t, err)
	_, err = w.importMaterial(replica, second)
	require.NoError(t, err)
	_, err = w.deleteMaterial(replica, *out.KeyMaterialId)
	require.NoError(t, err)
	require.Equal(t, types.KeyStateEnabled, w.describe(replica).KeyState)
	require.Equal(t, types.KeyMaterialStatePendingMultiRegionImportAndRotation, w.waiting(key))
	require.Equal(t, types.KeyMaterialStatePendingMultiRegionImportAndRotation, w.waiting(replica))
	_, err = w.deleteMaterial(key, *out.KeyMaterialId)
	require.NoError(t, err)
	require.Empty(t, w.waiting(key))
	require.Empty(t, w.waiting(replica))
}

// TestExpiryIsRecorded (K0442), on its date, by the service itself.
func TestExpiryIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	date := w.clock.Now().Add(day).UTC()
	key, id := w.imported(random(32), until(date))
	w.clock.Advance(2 * day)
	w.describe(key)
	events := w.Server.EventsWhere(kmsemu.EventFilter{Name: "DeleteExpiredKeyMaterial"})
	require.Len(t, events, 1)
	require.Equal(t, date, events[0].EventTime)
	require.Equal(t, "AwsServiceEvent", events[0].EventType)
	require.Equal(t, id, events[0].ServiceEventDetails["keyMaterialId"])
	require.Equal(t, key, events[0].Resources[0].ARN)
}
