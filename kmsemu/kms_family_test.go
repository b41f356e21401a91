package kmsemu_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// statusIn and rotationsIn are those of a key in its own Region.
func (w *world) statusIn(region, key string) *kms.GetKeyRotationStatusOutput {
	w.Helper()
	out, err := w.rootIn(region).kms.GetKeyRotationStatus(w.ctx, &kms.GetKeyRotationStatusInput{KeyId: &key})
	require.NoError(w, err)
	return out
}

func (w *world) rotationsIn(region, key string) []types.RotationsListEntry {
	w.Helper()
	out, err := w.rootIn(region).kms.ListKeyRotations(w.ctx, &kms.ListKeyRotationsInput{KeyId: &key, IncludeKeyMaterial: types.IncludeKeyMaterialAllKeyMaterial})
	require.NoError(w, err)
	for i := range out.Rotations {
		require.Equal(w, key, *out.Rotations[i].KeyId)
		out.Rotations[i].KeyId = nil
	}
	return out.Rotations
}

// TestRotationIsShared (K0477): it is the primary's, and reaches every replica.
func TestRotationIsShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica, there := w.replica(key, abroad), w.rootIn(abroad)
	w.enableRotation(key, aws.Int32(90))
	same := func(rotations int, other string) {
		t.Helper()
		require.Len(t, w.rotationsIn(region, key), rotations+1)
		require.Equal(t, w.rotationsIn(region, key), w.rotationsIn(abroad, other))
		here, far := w.statusIn(region, key), w.statusIn(abroad, other)
		require.Equal(t, here.NextRotationDate, far.NextRotationDate)
		require.Equal(t, here.KeyRotationEnabled, far.KeyRotationEnabled)
		require.Equal(t, here.RotationPeriodInDays, far.RotationPeriodInDays)
		require.Equal(t, w.describe(key).CurrentKeyMaterialId, w.describe(other).CurrentKeyMaterialId)
	}
	same(0, replica)
	old, err := w.encrypt(there, replica, nil)
	require.NoError(t, err)
	w.clock.Advance(90 * day)
	fresh, err := w.encrypt(there, replica, nil)
	require.NoError(t, err)
	same(1, replica)
	for _, sealed := range [][]byte{old, fresh} {
		for _, by := range []*caller{w.root, there} {
			_, err := w.decrypt(by, sealed, nil)
			require.NoError(t, err)
		}
	}
	_, err = w.root.kms.RotateKeyOnDemand(w.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
	require.NoError(t, err)
	same(2, replica)

	_, err = there.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &replica})
	require.NoError(t, err)
	w.clock.Advance(90 * day)
	same(3, replica)
	_, err = w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
	require.NoError(t, err)
	_, err = there.kms.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: &replica})
	require.NoError(t, err)
	w.clock.Advance(90 * day)
	same(3, replica)
	_, err = w.root.kms.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: &key})
	require.NoError(t, err)
	same(4, replica)

	late, err := w.root.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String(farther)})
	require.NoError(t, err)
	require.Equal(t, w.rotationsIn(region, key), w.rotationsIn(farther, *late.ReplicaKeyMetadata.Arn))
	_, err = w.decrypt(w.rootIn(farther), old, nil)
	require.NoError(t, err, "sealed before this replica was made")

	_, err = w.root.kms.DisableKeyRotation(w.ctx, &kms.DisableKeyRotationInput{KeyId: &key})
	require.NoError(t, err)
	same(4, replica)
	require.False(t, w.statusIn(abroad, replica).KeyRotationEnabled)
}

// TestReplicaDoesNotRotate of itself (K0477).
func TestReplicaDoesNotRotate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica, there := w.replica(key, abroad), w.rootIn(abroad)
	for name, change := range map[string]func(*caller, string) error{
		"enable": func(by *caller, key string) error {
			_, err := by.kms.EnableKeyRotation(w.ctx, &kms.EnableKeyRotationInput{KeyId: &key})
			return err
		},
		"on demand": func(by *caller, key string) error {
			_, err := by.kms.RotateKeyOnDemand(w.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
			return err
		},
		"disable": func(by *caller, key string) error {
			_, err := by.kms.DisableKeyRotation(w.ctx, &kms.DisableKeyRotationInput{KeyId: &key})
			return err
		},
	} {
		fails(t, change(there, replica), "UnsupportedOperationException", replica+" is not a multi-region primary key.")
		require.NoError(t, change(w.root, key), name)
	}
}

func (w *world) updatePrimary(by *caller, key, region string) error {
	_, err := by.kms.UpdatePrimaryRegion(w.ctx, &kms.UpdatePrimaryRegionInput{KeyId: &key, PrimaryRegion: &region})
	return err
}

// TestUpdatePrimaryRegion (K0474): the keys change places, and are usable all the
// time.
func TestUpdatePrimaryRegion(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Consistency: kmsemu.Consistency{Replicas: kmsemu.Duration(time.Minute)}})
	key := w.key(multiRegion)
	replica, third, there := w.replica(key, abroad), w.replica(key, farther), w.rootIn(abroad)
	w.enableRotation(key, aws.Int32(90))
	w.clock.Advance(time.Minute)
	require.NoError(t, w.updatePrimary(w.root, key, abroad))
	for _, one := range []string{key, replica} {
		m := w.describe(one)
		require.Equal(t, types.KeyStateUpdating, m.KeyState)
		require.False(t, m.Enabled)
	}
	require.Equal(t, types.KeyStateEnabled, w.describe(third).KeyState)
	sealed, err := w.encrypt(there, replica, nil)
	require.NoError(t, err)
	_, err = w.decrypt(w.root, sealed, nil)
	require.NoError(t, err)
	_, err = there.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &replica})
	fails(t, err, "KMSInvalidStateException", replica+" is updating.")
	_, err = there.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &replica, ReplicaRegion: aws.String("eu-west-2")})
	fails(t, err, "KMSInvalidStateException", replica+" is updating.")

	w.clock.Advance(time.Minute)
	require.Equal(t, types.KeyStateEnabled, w.describe(key).KeyState)
	require.Equal(t, configuration(types.MultiRegionKeyTypePrimary, replica, third, key), w.describe(replica).MultiRegionConfiguration)
	require.Equal(t, configuration(types.MultiRegionKeyTypeReplica, replica, third, key), w.describe(key).MultiRegionConfiguration)
	_, err = w.root.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &key, ReplicaRegion: aws.String("eu-west-2")})
	fails(t, err, "UnsupportedOperationException", key+" is not a multi-region primary key.")
	_, err = there.kms.ReplicateKey(w.ctx, &kms.ReplicateKeyInput{KeyId: &replica, ReplicaRegion: aws.String("eu-west-2")})
	require.NoError(t, err)

	w.clock.Advance(90 * day)
	require.Len(t, w.rotationsIn(region, key), 2, "the new primary rotates, and the old one follows")
	require.Equal(t, w.rotationsIn(abroad, replica), w.rotationsIn(region, key))
}

// TestRefusedPrimaries (K0474).
func TestRefusedPrimaries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, single := w.key(multiRegion), w.key()
	replica, there := w.replica(key, abroad), w.rootIn(abroad)
	for name, row := range map[string]struct {
		by                         *caller
		key, region, code, message string
	}{
		"of a replica":           {there, replica, region, "UnsupportedOperationException", replica + " is not a multi-region primary key."},
		"of a single-Region key": {w.root, single, abroad, "UnsupportedOperationException", single + " is not a multi-region primary key."},
		"where it is already":    {w.root, key, region, "UnsupportedOperationException", key + " is the multi-region primary key already."},
		"where there is none":    {w.root, key, farther, "NotFoundException", "Key '" + at(farther, key) + "' does not exist"},
		"no Region":              {w.root, key, "Ireland", "ValidationException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, w.updatePrimary(row.by, row.key, row.region), row.code, row.message)
		})
	}
	_, err := there.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &replica})
	require.NoError(t, err)
	fails(t, w.updatePrimary(w.root, key, abroad), "DisabledException", replica+" is disabled.")
	require.Equal(t, types.MultiRegionKeyTypePrimary, w.describe(key).MultiRegionConfiguration.MultiRegionKeyType)
	_, err = there.kms.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: &replica})
	require.NoError(t, err)
	require.NoError(t, w.updatePrimary(w.root, key, abroad), "the twin of all rows")
}

// TestUpdatePrimaryNeedsBoth permissions, each in its key's Region (K0474).
func TestUpdatePrimaryNeedsBoth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const action = "kms:UpdatePrimaryRegion"
	for name, row := range map[string]struct {
		condition string
		denied    string // the Region of the key; "" for neither
	}{
		"on the primary":        {`{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`, region},
		"on the replica":        {`{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}`, abroad},
		"of the primary's type": {`{"StringEquals":{"kms:MultiRegionKeyType":"PRIMARY"}}`, region},
		"of the replica's type": {`{"StringEquals":{"kms:MultiRegionKeyType":"REPLICA"}}`, abroad},
		"to the Region":         {`{"StringEquals":{"kms:PrimaryRegion":"eu-west-1"}}`, region},
		"to another Region":     {`{"StringEquals":{"kms:PrimaryRegion":"us-east-1"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.subjectOf("UpdatePrimaryRegion")
			by := w.role(whenever(action, row.condition))
			err := w.updatePrimary(by, s.key, abroad)
			if row.denied == "" {
				require.NoError(t, err)
				return
			}
			fails(t, err, "AccessDeniedException", denied(by.arn, action, at(row.denied, s.key), "with an explicit deny in an identity-based policy"))
			require.Equal(t, types.MultiRegionKeyTypePrimary, w.describe(s.key).MultiRegionConfiguration.MultiRegionKeyType)
		})
	}
}

func (w *world) scheduleDeletion(key, region string, days int32) *kms.ScheduleKeyDeletionOutput {
	w.Helper()
	out, err := w.rootIn(region).kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: &days})
	require.NoError(w, err)
	return out
}

// TestDeletionOfAPrimary (K0475) waits for the replicas, then for its own time.
func TestDeletionOfAPrimary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.clock.Now().UTC()
	key := w.key(multiRegion)
	one, two := w.replica(key, abroad), w.replica(key, farther)
	out := w.scheduleDeletion(key, region, 9)
	require.Nil(t, out.DeletionDate)
	require.Equal(t, types.KeyStatePendingReplicaDeletion, out.KeyState)
	require.EqualValues(t, 9, *out.PendingWindowInDays)
	m := w.describe(key)
	require.Equal(t, types.KeyStatePendingReplicaDeletion, m.KeyState)
	require.EqualValues(t, 9, *m.PendingDeletionWindowInDays)
	require.Nil(t, m.DeletionDate)
	_, err := w.encrypt(w.root, key, nil)
	fails(t, err, "KMSInvalidStateException", key+" is pending deletion.")
	w.clock.Advance(100 * day)
	sealed, err := w.encrypt(w.rootIn(abroad), one, nil)
	require.NoError(t, err, "the replicas go on")

	w.scheduleDeletion(one, abroad, 7)
	w.scheduleDeletion(two, farther, 8)
	w.clock.Advance(7 * day)
	require.Equal(t, types.KeyStatePendingReplicaDeletion, w.describe(key).KeyState)
	require.Equal(t, configuration(types.MultiRegionKeyTypePrimary, key, two), w.describe(key).MultiRegionConfiguration)
	w.clock.Advance(5 * day) // the last replica went four days ago
	m = w.describe(key)
	require.Equal(t, types.KeyStatePendingDeletion, m.KeyState)
	require.Nil(t, m.PendingDeletionWindowInDays)
	require.Equal(t, start.Add(117*day), *m.DeletionDate)

	_, err = w.root.kms.CancelKeyDeletion(w.ctx, &kms.CancelKeyDeletionInput{KeyId: &key})
	require.NoError(t, err)
	_, err = w.root.kms.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: &key})
	require.NoError(t, err)
	plain, err := w.decrypt(w.root, sealed, nil)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plain))
	w.replica(key, abroad)
	_, err = w.decrypt(w.rootIn(abroad), sealed, nil)
	require.NoError(t, err, "a new replica opens what the old one sealed")
}

// TestDeletionOfAFamily (K0475): nobody need look for all of it to go.
func TestDeletionOfAFamily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica := w.replica(key, abroad)
	w.scheduleDeletion(replica, abroad, 7)
	w.scheduleDeletion(key, region, 7)
	w.clock.Advance(14*day - time.Second)
	require.Equal(t, types.KeyStatePendingDeletion, w.describe(key).KeyState)
	w.clock.Advance(time.Second)
	_, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	fails(t, err, "NotFoundException", "Key '"+key+"' does not exist")
}

// TestCancelledDeletionOfAPrimary (K0475) while its replicas live.
func TestCancelledDeletionOfAPrimary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica := w.replica(key, abroad)
	w.scheduleDeletion(key, region, 7)
	out, err := w.root.kms.CancelKeyDeletion(w.ctx, &kms.CancelKeyDeletionInput{KeyId: &key})
	require.NoError(t, err)
	require.Equal(t, key, *out.KeyId)
	require.Equal(t, types.KeyStateDisabled, w.describe(key).KeyState)
	w.scheduleDeletion(replica, abroad, 7)
	w.clock.Advance(100 * day)
	m := w.describe(key)
	require.Equal(t, types.KeyStateDisabled, m.KeyState, "the loss of its replicas starts nothing")
	require.Equal(t, configuration(types.MultiRegionKeyTypePrimary, key), m.MultiRegionConfiguration)
	w.scheduleDeletion(key, region, 7)
	require.Equal(t, types.KeyStatePendingDeletion, w.describe(key).KeyState)
}
