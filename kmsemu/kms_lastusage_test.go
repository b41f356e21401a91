package kmsemu_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

func (w *world) lastUsage(key string) *kms.GetKeyLastUsageOutput {
	w.Helper()
	out, err := w.root.kms.GetKeyLastUsage(w.ctx, &kms.GetKeyLastUsageInput{KeyId: &key})
	require.NoError(w, err)
	return out
}

// TestLastUsage (K0481, K0482) calls each operation with a key of its own: the
// cryptographic ones are remembered, with their record in the trail.
func TestLastUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.clock.Now().UTC()
	fresh := w.key()
	require.Equal(t, &kms.GetKeyLastUsageOutput{
		KeyCreationDate: &created, TrackingStartDate: &created, KeyId: &fresh, KeyLastUsage: &types.KeyLastUsageData{},
	}, withoutMetadata(w.lastUsage(fresh)))
	tracked := texts(types.KeyLastUsageTrackingOperation("").Values())
	for name, row := range kmsCalls {
		s := w.subjectOf(name)
		if name == "CancelKeyDeletion" {
			w.pend(s)
		}
		before := w.lastUsage(s.key).KeyLastUsage
		w.clock.Advance(hour)
		require.NoError(t, row.call(w.ctx, w.root.kms, s), name)
		if !slices.Contains(tracked, name) {
			require.Equal(t, before, w.lastUsage(s.key).KeyLastUsage, name)
			continue
		}
		e, at := w.event(name), w.clock.Now().UTC()
		w.clock.Advance(hour)
		require.Equal(t, &types.KeyLastUsageData{
			Operation: types.KeyLastUsageTrackingOperation(name), Timestamp: &at, CloudTrailEventId: &e.EventID, KmsRequestId: &e.RequestID,
		}, w.lastUsage(s.key).KeyLastUsage, name)
	}
}

func withoutMetadata(out *kms.GetKeyLastUsageOutput) *kms.GetKeyLastUsageOutput {
	return &kms.GetKeyLastUsageOutput{KeyCreationDate: out.KeyCreationDate, KeyId: out.KeyId, KeyLastUsage: out.KeyLastUsage, TrackingStartDate: out.TrackingStartDate}
}

// TestOnlySuccessIsUsage (K0481): neither dry runs nor failures count.
func TestOnlySuccessIsUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	_, err := w.root.kms.Encrypt(w.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), DryRun: aws.Bool(true)})
	fails(t, err, "DryRunOperationException", "")
	_, err = w.encrypt(w.role(""), key, nil)
	fails(t, err, "AccessDeniedException", "")
	_, err = w.root.kms.GenerateMac(w.ctx, &kms.GenerateMacInput{KeyId: &key, Message: []byte("x"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
	fails(t, err, "InvalidKeyUsageException", "")
	require.Empty(t, w.lastUsage(key).KeyLastUsage.Operation)
	sealed, err := w.encrypt(w.root, key, nil)
	require.NoError(t, err)
	_, err = w.decrypt(w.root, sealed[:len(sealed)-1], nil)
	fails(t, err, "InvalidCiphertextException", "")
	require.Equal(t, types.KeyLastUsageTrackingOperationEncrypt, w.lastUsage(key).KeyLastUsage.Operation)
}

// TestUsageOfBothKeys (K0481): ReEncrypt uses two.
func TestUsageOfBothKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.subject()
	require.NoError(t, kmsCalls["ReEncrypt"].call(w.ctx, w.root.kms, s))
	require.Equal(t, types.KeyLastUsageTrackingOperationReEncrypt, w.lastUsage(s.key).KeyLastUsage.Operation)
	require.Equal(t, w.lastUsage(s.key).KeyLastUsage, w.lastUsage(s.spare).KeyLastUsage)
}

// TestUsageOfRelatedKeys (K0483): each key of a family remembers its own.
func TestUsageOfRelatedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(multiRegion)
	replica := w.replica(key, abroad)
	_, err := w.encrypt(w.rootIn(abroad), replica, nil)
	require.NoError(t, err)
	require.Empty(t, w.lastUsage(key).KeyLastUsage.Operation)
	out, err := w.rootIn(abroad).kms.GetKeyLastUsage(w.ctx, &kms.GetKeyLastUsageInput{KeyId: &replica})
	require.NoError(t, err)
	require.Equal(t, types.KeyLastUsageTrackingOperationEncrypt, out.KeyLastUsage.Operation)
}

// TestUsageByAnotherAccount (K0482): the owner is told the record in its own
// trail, and the other account nothing.
func TestUsageByAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.caller(other, "test", "")
	key := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:iam::"+other+":root", "kms:*", ""))))
	_, err := w.encrypt(stranger, key, nil)
	require.NoError(t, err)
	own := w.Server.EventsWhere(kmsemu.EventFilter{Name: "Encrypt", Account: account})
	require.Len(t, own, 1)
	require.Equal(t, own[0].EventID, *w.lastUsage(key).KeyLastUsage.CloudTrailEventId)
	_, err = stranger.kms.GetKeyLastUsage(w.ctx, &kms.GetKeyLastUsageInput{KeyId: &key})
	fails(t, err, "AccessDeniedException", "")
}
