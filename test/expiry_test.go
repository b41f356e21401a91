package test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// Imported material expires when its owner said, and no later than the module lets
// him say: the key does nothing then until the same material is imported again.
func expiry(t *testing.T, k *key) {
	k = k.elsewhen(t)
	late := aws.Time(materialMayLast.Add(time.Hour))
	if k.Backend().Enforces() {
		require.Equal(t, "AccessDeniedException", code(k.tryImport(t, k.preset.material(), late)))
	}
	k.importMaterial(t, k.preset.material())
	sealed, err := k.encrypt(t, plaintext, types.EncryptionAlgorithmSpecSymmetricDefault)
	require.NoError(t, err)
	decrypt := func() error {
		_, err := k.as("user").Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: k.encryptionContext()})
		return err
	}
	k.pass(materialLasts - time.Minute)
	require.NoError(t, decrypt())
	k.pass(time.Minute)
	require.Equal(t, types.KeyStatePendingImport, k.state(t))
	require.Equal(t, "KMSInvalidStateException", code(decrypt()))

	k.importMaterial(t, k.preset.material())
	require.NoError(t, decrypt())
}
