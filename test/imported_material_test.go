package test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// materialMayLast is until when the preset external-expiring lets material be
// imported.
var materialMayLast = time.Now().Add(40 * day).UTC().Truncate(time.Second)

// materialLasts is how long it does then.
const materialLasts = day

// material is what is imported into the preset's key.
func (p preset) material() []byte {
	sum := sha256.Sum256([]byte(p.name))
	return sum[:]
}

// The owner's material is deleted and imported again, and what was encrypted
// before opens.
func importedMaterial(t *testing.T, k *key) {
	sealed, err := k.encrypt(t, plaintext, types.EncryptionAlgorithmSpecSymmetricDefault)
	require.NoError(t, err)
	decrypt := func() error {
		_, err := k.as("user").Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: k.encryptionContext()})
		return err
	}
	require.NoError(t, decrypt())
	_, err = k.as("administrator").DeleteImportedKeyMaterial(t.Context(), &kms.DeleteImportedKeyMaterialInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.Equal(t, "KMSInvalidStateException", code(decrypt()))
	k.importMaterial(t, k.preset.material())
	require.NoError(t, decrypt())
}

// Other material than the key's own is refused, also when that is deleted.
func otherMaterial(t *testing.T, k *key) {
	other := make([]byte, 32)
	require.Equal(t, "IncorrectKeyMaterialException", code(k.tryImport(t, other, k.expiry())))
	_, err := k.as("administrator").DeleteImportedKeyMaterial(t.Context(), &kms.DeleteImportedKeyMaterialInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.Equal(t, "IncorrectKeyMaterialException", code(k.tryImport(t, other, k.expiry())))
	require.Equal(t, types.KeyStatePendingImport, k.state(t))
	k.importMaterial(t, k.preset.material())
	require.NoError(t, k.work(t))
}

// Where the module wants material that expires, material that does not is refused.
func materialMustExpire(t *testing.T, k *key) {
	require.Equal(t, "AccessDeniedException", code(k.tryImport(t, k.preset.material(), nil)))
	k.importMaterial(t, k.preset.material())
}

// expiry is when imported material expires; nil for never.
func (k *key) expiry() *time.Time {
	if k.preset.vars["valid_to"] == nil {
		return nil
	}
	return aws.Time(k.now().Add(materialLasts))
}

// importMaterial imports as the administrator, for as long as the module allows.
func (k *key) importMaterial(t *testing.T, material []byte) {
	t.Helper()
	require.NoError(t, k.tryImport(t, material, k.expiry()))
}

func (k *key) tryImport(t *testing.T, material []byte, expiry *time.Time) error {
	t.Helper()
	admin := k.as("administrator")
	params, err := admin.GetParametersForImport(t.Context(), &kms.GetParametersForImportInput{
		KeyId: &k.arn, WrappingAlgorithm: types.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: types.WrappingKeySpecRsa2048,
	})
	require.NoError(t, err)
	public, err := x509.ParsePKIXPublicKey(params.PublicKey)
	require.NoError(t, err)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public.(*rsa.PublicKey), material, nil)
	require.NoError(t, err)
	in := &kms.ImportKeyMaterialInput{
		KeyId: &k.arn, ImportToken: params.ImportToken, EncryptedKeyMaterial: wrapped,
		ExpirationModel: types.ExpirationModelTypeKeyMaterialDoesNotExpire,
	}
	if expiry != nil {
		in.ExpirationModel, in.ValidTo = types.ExpirationModelTypeKeyMaterialExpires, expiry
	}
	_, err = admin.ImportKeyMaterial(t.Context(), in)
	return err
}
