package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// rotationPeriodInDays is what the preset's module was told, or says by itself.
func (p preset) rotationPeriodInDays() int32 {
	if days, told := p.vars["rotation_period_in_days"].(int); told {
		return int32(days)
	}
	return 365
}

// The key rotates by itself, as often as asked.
func rotation(t *testing.T, k *key) {
	status, err := k.as("administrator").GetKeyRotationStatus(t.Context(), &kms.GetKeyRotationStatusInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.True(t, status.KeyRotationEnabled)
	require.Equal(t, k.preset.rotationPeriodInDays(), aws.ToInt32(status.RotationPeriodInDays))
}

// It rotates whenever an administrator wants too: that is listed, and what was
// encrypted before still opens.
func rotationListed(t *testing.T, k *key) {
	old, err := k.root.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &k.arn, Plaintext: plaintext, EncryptionContext: k.encryptionContext()})
	require.NoError(t, err)
	before := k.rotations(t)
	_, err = k.as("administrator").RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(k.rotations(t)) == len(before)+1 }, patience, pause)
	opened, err := k.root.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: old.CiphertextBlob, EncryptionContext: k.encryptionContext()})
	require.NoError(t, err)
	require.Equal(t, plaintext, opened.Plaintext)
}

// While the key rotates it works on, for what was encrypted before as for what is
// encrypted now.
func rotationOnDemand(t *testing.T, k *key) {
	seal := func() []byte {
		out, err := k.root.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &k.arn, Plaintext: plaintext, EncryptionContext: k.encryptionContext()})
		require.NoError(t, err)
		return out.CiphertextBlob
	}
	old := seal()
	_, err := k.as("administrator").RotateKeyOnDemand(t.Context(), &kms.RotateKeyOnDemandInput{KeyId: &k.arn})
	require.NoError(t, err)
	for _, blob := range [][]byte{old, seal()} {
		opened, err := k.root.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: k.encryptionContext()})
		require.NoError(t, err)
		require.Equal(t, plaintext, opened.Plaintext)
	}
}

func (k *key) rotations(t *testing.T) []types.RotationsListEntry {
	t.Helper()
	out, err := k.as("administrator").ListKeyRotations(t.Context(), &kms.ListKeyRotationsInput{KeyId: &k.arn})
	require.NoError(t, err)
	return out.Rotations
}
