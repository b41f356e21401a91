package test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// The key rotates by itself whenever its period is over, and not before; what its
// older material encrypted still opens, with that material.
func rotationByTime(t *testing.T, k *key) {
	k = k.elsewhen(t)
	period := time.Duration(k.preset.rotationPeriodInDays()) * day
	materials := map[string]bool{}
	for n := range 3 {
		sealed, err := k.root.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &k.arn, Plaintext: plaintext, EncryptionContext: k.encryptionContext()})
		require.NoError(t, err)
		k.pass(period - time.Hour)
		require.Len(t, k.rotations(t), n, "an hour before the period is over")
		k.pass(time.Hour)
		rotations := k.rotations(t)
		require.Len(t, rotations, n+1, "when it is over")
		require.Equal(t, types.RotationTypeAutomatic, rotations[n].RotationType)

		opened, err := k.root.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: k.encryptionContext()})
		require.NoError(t, err)
		require.Equal(t, plaintext, opened.Plaintext)
		materials[aws.ToString(opened.KeyMaterialId)] = true
	}
	require.Len(t, materials, 3)
}
