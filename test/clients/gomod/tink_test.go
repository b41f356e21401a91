package gomod_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go-awskms/v3/integration/awskms"
	"github.com/tink-crypto/tink-go/v2/aead"
)

// TestTink encrypts with a keyset key that KMS wraps. Tink binds the associated
// data as an encryption context of one pair, with the data in hexadecimal, so the
// key's policy must be without a condition on it.
func TestTink(t *testing.T) {
	w := newWorld(t)
	made, err := w.kms("").CreateKey(t.Context(), nil)
	require.NoError(t, err)
	uri := "aws-kms://" + *made.KeyMetadata.Arn
	client, err := awskms.NewClientWithOptions(t.Context(), uri, awskms.WithKMS(w.kms("")))
	require.NoError(t, err)
	remote, err := client.GetAEAD(uri)
	require.NoError(t, err)

	sealed, err := remote.Encrypt([]byte("secret"), []byte("a"))
	require.NoError(t, err)
	opened, err := remote.Decrypt(sealed, []byte("a"))
	require.NoError(t, err)
	require.Equal(t, "secret", string(opened))
	_, err = remote.Decrypt(sealed, []byte("b"))
	require.ErrorContains(t, err, "InvalidCiphertextException")

	envelope := aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), remote)
	sealed, err = envelope.Encrypt([]byte("long"), []byte("a"))
	require.NoError(t, err)
	opened, err = envelope.Decrypt(sealed, []byte("a"))
	require.NoError(t, err)
	require.Equal(t, "long", string(opened))

	stranger, err := awskms.NewClientWithOptions(t.Context(), uri, awskms.WithKMS(w.kms(w.stranger)))
	require.NoError(t, err)
	denied, err := stranger.GetAEAD(uri)
	require.NoError(t, err)
	_, err = denied.Encrypt([]byte("secret"), []byte("a"))
	require.ErrorContains(t, err, "AccessDeniedException")
}

// TestTinkFindsTheEndpoint: without a client of ours Tink makes its own, by the
// environment alone.
func TestTinkFindsTheEndpoint(t *testing.T) {
	w := newWorld(t)
	primitive, err := awskms.NewAEADWithContext(t.Context(), w.key)
	require.NoError(t, err)
	sealed, err := primitive.EncryptWithContext(t.Context(), []byte("secret"), nil)
	require.NoError(t, err)
	opened, err := primitive.DecryptWithContext(t.Context(), sealed, nil)
	require.NoError(t, err)
	require.Equal(t, "secret", string(opened))
}
