package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// TestKeyQuota: 100,000 keys in a Region, not counting AWS's (K0545).
func TestKeyQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described("alias/aws/s3")
	pending := w.key()
	w.pend(subject{key: pending})
	kmsemu.FillKeys(w.Server, pending, kmsemu.MaxKeys-2)
	last := w.key()
	_, err := w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
	fails(t, err, "LimitExceededException", "Key quota for this account in this region is 100000 but the current usage is 100000.")
	w.described("alias/aws/ebs")
	_, err = w.callerIn("eu-west-1", "test", "test", "").kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
	require.NoError(t, err, "another Region")
	w.clock.Advance(30 * day)
	require.NotEqual(t, last, w.key(), "the pending key is gone")
	_, err = w.root.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
	fails(t, err, "LimitExceededException", "")
}

// TestAliasQuota: 50 aliases of a key (K0546).
func TestAliasQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, spare := w.key(), w.key()
	create := func(target string) (string, error) {
		name := "alias/" + w.name("a")
		_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &target})
		return name, err
	}
	var last string
	for range 50 {
		var err error
		last, err = create(key)
		require.NoError(t, err)
	}
	_, err := create(key)
	fails(t, err, "LimitExceededException", "Aliases per key quota for this account in this region is 50, current usage is 50.")
	moving, err := create(spare)
	require.NoError(t, err)
	move := func(name, target string) error {
		_, err := w.root.kms.UpdateAlias(w.ctx, &kms.UpdateAliasInput{AliasName: &name, TargetKeyId: &target})
		return err
	}
	fails(t, move(moving, key), "LimitExceededException", "")
	require.NoError(t, move(last, key), "it is there already")
	require.NoError(t, move(last, spare))
	require.NoError(t, move(moving, key))
}
