package kmsemu_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

const (
	hour = time.Hour
	day  = 24 * hour
)

// TestKeyMetadata (K0015).
func TestKeyMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{Description: aws.String("for tests")})
	require.NoError(t, err)
	described, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: created.KeyMetadata.KeyId})
	require.NoError(t, err)
	require.Equal(t, created.KeyMetadata, described.KeyMetadata)
	m := described.KeyMetadata
	require.Len(t, *m.CurrentKeyMaterialId, 64)
	require.Equal(t, &types.KeyMetadata{
		AWSAccountId: aws.String(account), Arn: aws.String("arn:aws:kms:us-east-1:000000000000:key/" + *m.KeyId), KeyId: m.KeyId,
		CreationDate: aws.Time(w.clock.Now().UTC()), CurrentKeyMaterialId: m.CurrentKeyMaterialId,
		CustomerMasterKeySpec: types.CustomerMasterKeySpecSymmetricDefault, KeySpec: types.KeySpecSymmetricDefault,
		Description: aws.String("for tests"), Enabled: true, KeyState: types.KeyStateEnabled, KeyManager: types.KeyManagerTypeCustomer,
		EncryptionAlgorithms: []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecSymmetricDefault},
		KeyUsage:             types.KeyUsageTypeEncryptDecrypt, MultiRegion: aws.Bool(false), Origin: types.OriginTypeAwsKms,
	}, m)
}

// TestDeletion by the clock (K0027, K0045).
func TestDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &s.newAlias, TargetKeyId: &s.key})
	require.NoError(t, err)
	out, err := w.root.kms.ScheduleKeyDeletion(w.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &s.key, PendingWindowInDays: aws.Int32(7)})
	require.NoError(t, err)
	require.Equal(t, s.key, *out.KeyId)
	require.Equal(t, types.KeyStatePendingDeletion, out.KeyState)
	require.EqualValues(t, 7, *out.PendingWindowInDays)
	require.Equal(t, w.clock.Now().Add(7*day).UTC(), *out.DeletionDate)

	w.clock.Advance(7*day - time.Second)
	m, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &s.newAlias})
	require.NoError(t, err, "a second before the date")
	require.Equal(t, out.DeletionDate, m.KeyMetadata.DeletionDate)
	require.False(t, m.KeyMetadata.Enabled)

	w.clock.Advance(time.Second)
	_, err = w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &s.key})
	fails(t, err, "NotFoundException", "Key '"+s.key+"' does not exist")
	_, err = w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &s.newAlias})
	fails(t, err, "NotFoundException", "Alias arn:aws:kms:us-east-1:000000000000:"+s.newAlias+" is not found.")
	require.Equal(t, []string{s.alias}, w.aliases(), "the spare key's")
	keys, err := w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	require.Len(t, keys.Keys, 1)
	_, err = w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &s.newAlias, TargetKeyId: &s.spare})
	require.NoError(t, err, "the name is free again")
}

func TestCancelledDeletionLeavesDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	w.pend(s)
	out, err := w.root.kms.CancelKeyDeletion(w.ctx, &kms.CancelKeyDeletionInput{KeyId: &s.key})
	require.NoError(t, err)
	require.Equal(t, s.key, *out.KeyId)
	w.clock.Advance(31 * day)
	m, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &s.key})
	require.NoError(t, err)
	require.Equal(t, types.KeyStateDisabled, m.KeyMetadata.KeyState)
	require.Nil(t, m.KeyMetadata.DeletionDate)
	_, err = w.root.kms.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: &s.key})
	require.NoError(t, err)
	_, err = w.decrypt(w.root, s.ciphertext, nil)
	require.NoError(t, err)
}

func (w *world) status(key string) *kms.GetKeyRotationStatusOutput {
	w.Helper()
	out, err := w.root.kms.GetKeyRotationStatus(w.ctx, &kms.GetKeyRotationStatusInput{KeyId: &key})
	require.NoError(w, err)
	return out
}

func (w *world) rotations(key string, include types.IncludeKeyMaterial) []types.RotationsListEntry {
	w.Helper()
	out, err := w.root.kms.ListKeyRotations(w.ctx, &kms.ListKeyRotationsInput{KeyId: &key, IncludeKeyMaterial: include})
	require.NoError(w, err)
	return out.Rotations
}

func (w *world) enableRotation(key string, days *int32) {
	w.Helper()
	_, err := w.root.kms.EnableKeyRotation(w.ctx, &kms.EnableKeyRotationInput{KeyId: &key, RotationPeriodInDays: days})
	require.NoError(w, err)
}

// TestAutomaticRotation by the clock (K0053): new material, old data still opens.
func TestAutomaticRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	require.False(t, w.status(key).KeyRotationEnabled)
	require.Nil(t, w.status(key).NextRotationDate)
	w.enableRotation(key, nil)
	start := w.clock.Now().UTC()
	status := w.status(key)
	require.True(t, status.KeyRotationEnabled)
	require.Equal(t, key, *status.KeyId)
	require.EqualValues(t, 365, *status.RotationPeriodInDays)
	require.Equal(t, start.Add(365*day), *status.NextRotationDate)

	old, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("old")})
	require.NoError(t, err)
	material := func(ciphertext []byte) string {
		out, err := w.root.kms.Decrypt(w.ctx, &kms.DecryptInput{CiphertextBlob: ciphertext})
		require.NoError(t, err)
		return *out.KeyMaterialId
	}
	first := material(old.CiphertextBlob)
	w.clock.Advance(365*day - time.Second)
	same, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	require.Equal(t, first, material(same), "a second before the date")

	w.clock.Advance(365*day + time.Second) // two periods after the start
	fresh, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	require.NotEqual(t, first, material(fresh))
	require.Equal(t, first, material(old.CiphertextBlob), "old data opens with old material")
	require.Equal(t, start.Add(3*365*day), *w.status(key).NextRotationDate)

	rotations := w.rotations(key, "")
	require.Len(t, rotations, 2)
	require.Equal(t, start.Add(365*day), *rotations[0].RotationDate)
	require.Equal(t, types.RotationTypeAutomatic, rotations[0].RotationType)
	require.Equal(t, types.KeyMaterialStateNonCurrent, rotations[0].KeyMaterialState)
	require.Equal(t, types.KeyMaterialStateCurrent, rotations[1].KeyMaterialState)
	require.Equal(t, material(fresh), *rotations[1].KeyMaterialId)
	all := w.rotations(key, types.IncludeKeyMaterialAllKeyMaterial)
	require.Len(t, all, 3)
	require.Equal(t, first, *all[0].KeyMaterialId)
	require.Nil(t, all[0].RotationDate)

	_, err = w.root.kms.DisableKeyRotation(w.ctx, &kms.DisableKeyRotationInput{KeyId: &key})
	require.NoError(t, err)
	w.clock.Advance(1000 * day)
	require.False(t, w.status(key).KeyRotationEnabled)
	require.Len(t, w.rotations(key, ""), 2)
}

// TestDisabledKeyDoesNotRotate (K0058), and rotates once when it is enabled.
func TestDisabledKeyDoesNotRotate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	w.enableRotation(key, aws.Int32(90))
	_, err := w.root.kms.DisableKey(w.ctx, &kms.DisableKeyInput{KeyId: &key})
	require.NoError(t, err)
	w.clock.Advance(300 * day)
	require.Empty(t, w.rotations(key, ""))
	_, err = w.root.kms.EnableKey(w.ctx, &kms.EnableKeyInput{KeyId: &key})
	require.NoError(t, err)
	require.Len(t, w.rotations(key, ""), 1)
	require.Equal(t, w.clock.Now().Add(90*day).UTC(), *w.status(key).NextRotationDate)

	w.pend(subject{key: key})
	require.False(t, w.status(key).KeyRotationEnabled, "pending deletion reads as not rotating")
}

// TestRepeatedEnableKeepsTheSchedule (K0105).
func TestRepeatedEnableKeepsTheSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	w.enableRotation(key, aws.Int32(90))
	date := w.status(key).NextRotationDate
	w.clock.Advance(10 * day)
	w.enableRotation(key, aws.Int32(90))
	require.Equal(t, date, w.status(key).NextRotationDate)
	w.enableRotation(key, aws.Int32(91))
	require.Equal(t, w.clock.Now().Add(91*day).UTC(), *w.status(key).NextRotationDate)
}

// TestRotationOnDemand (K0054, K0055).
func TestRotationOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	old, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	rotate := func() error {
		_, err := w.root.kms.RotateKeyOnDemand(w.ctx, &kms.RotateKeyOnDemandInput{KeyId: &key})
		return err
	}
	w.enableRotation(key, aws.Int32(90))
	w.clock.Advance(90*day - 20*time.Minute)
	fails(t, rotate(), "ConflictException", "An automatic rotation of "+key+" is due within 20 minutes.")
	w.clock.Advance(20 * time.Minute)
	for range 25 {
		require.NoError(t, rotate())
	}
	fails(t, rotate(), "LimitExceededException", "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: "+key)
	rotations := w.rotations(key, "")
	require.Len(t, rotations, 26)
	require.Equal(t, types.RotationTypeOnDemand, rotations[25].RotationType)
	_, err = w.decrypt(w.root, old, nil)
	require.NoError(t, err)
}

func TestAliases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.key(), w.key()
	name := aws.String("alias/app")
	_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &one})
	require.NoError(t, err)
	_, err = w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &two})
	fails(t, err, "AlreadyExistsException", "An alias with the name arn:aws:kms:us-east-1:000000000000:alias/app already exists")

	created := w.clock.Now().UTC()
	w.clock.Advance(hour)
	_, err = w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &two})
	require.NoError(t, err)
	of := func(key string) []types.AliasListEntry {
		out, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{KeyId: &key})
		require.NoError(t, err)
		return out.Aliases
	}
	require.Empty(t, of(one))
	entries := of(two)
	require.Len(t, entries, 1)
	require.Equal(t, "alias/app", *entries[0].AliasName)
	require.Equal(t, "arn:aws:kms:us-east-1:000000000000:alias/app", *entries[0].AliasArn)
	require.Equal(t, created, *entries[0].CreationDate)
	require.Equal(t, created.Add(hour), *entries[0].LastUpdatedDate)

	_, err = w.root.kms.DeleteAlias(w.ctx, &kms.DeleteAliasInput{AliasName: name})
	require.NoError(t, err)
	for _, err := range []error{
		func() error {
			_, err := w.root.kms.DeleteAlias(w.ctx, &kms.DeleteAliasInput{AliasName: name})
			return err
		}(),
		func() error {
			_, err := w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &one})
			return err
		}(),
	} {
		fails(t, err, "NotFoundException", "Alias arn:aws:kms:us-east-1:000000000000:alias/app is not found.")
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(func(in *kms.CreateKeyInput) {
		in.Tags = []types.Tag{{TagKey: aws.String("b"), TagValue: aws.String("1")}, {TagKey: aws.String("a"), TagValue: aws.String("")}}
	})
	list := func() map[string]string {
		out, err := w.root.kms.ListResourceTags(w.ctx, &kms.ListResourceTagsInput{KeyId: &key})
		require.NoError(t, err)
		tags := map[string]string{}
		for _, tag := range out.Tags {
			tags[*tag.TagKey] = *tag.TagValue
		}
		return tags
	}
	require.Equal(t, map[string]string{"a": "", "b": "1"}, list())
	require.NoError(t, w.tag(w.root, key, "b", "2"))
	_, err := w.root.kms.UntagResource(w.ctx, &kms.UntagResourceInput{KeyId: &key, TagKeys: []string{"a", "never there"}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"b": "2"}, list())
}

func TestDescription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for _, want := range []string{"new", ""} {
		_, err := w.root.kms.UpdateKeyDescription(w.ctx, &kms.UpdateKeyDescriptionInput{KeyId: &key, Description: &want})
		require.NoError(t, err)
		m, err := w.root.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
		require.NoError(t, err)
		require.Equal(t, want, *m.KeyMetadata.Description)
	}
}

// TestRegionsAndAccountsAreApart: what is made in one is not seen in another.
func TestRegionsAndAccountsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.key()
	count := func(c *caller) int {
		out, err := c.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
		require.NoError(t, err)
		return len(out.Keys)
	}
	require.Equal(t, 1, count(w.root))
	require.Equal(t, 1, count(w.caller(account, "test", "")), "twelve digits pick the account")
	require.Zero(t, count(w.callerIn("eu-west-1", "test", "test", "")))
	require.Zero(t, count(w.caller(other, "test", "")))
}

// TestPages (K0071) walks a list in pages while it changes.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	names := []string{"alias/a", "alias/b", "alias/c", "alias/d"}
	for _, name := range names {
		_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &key})
		require.NoError(t, err)
	}
	first, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{KeyId: &key, Limit: aws.Int32(2)})
	require.NoError(t, err)
	require.True(t, first.Truncated)
	require.Len(t, first.Aliases, 2)
	_, err = w.root.kms.DeleteAlias(w.ctx, &kms.DeleteAliasInput{AliasName: first.Aliases[1].AliasName})
	require.NoError(t, err)
	rest, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{KeyId: &key, Limit: aws.Int32(2), Marker: first.NextMarker})
	require.NoError(t, err)
	require.False(t, rest.Truncated)
	require.Nil(t, rest.NextMarker)
	require.Equal(t, "alias/c", *rest.Aliases[0].AliasName)
	require.Equal(t, "alias/d", *rest.Aliases[1].AliasName)

	for name, marker := range map[string]string{"not base64": "!", "not ours": "eA"} {
		_, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{Marker: &marker})
		fails(t, err, "InvalidMarkerException", "Could not deserialize marker '"+marker+"'")
		require.Error(t, err, name)
	}
	_, err = w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{Marker: first.NextMarker})
	fails(t, err, "InvalidMarkerException", "")
}
