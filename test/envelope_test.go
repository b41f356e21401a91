package test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/x509"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// A data key encrypts outside of KMS, as often as one likes while it is cached;
// whoever may decrypt gets the same from its ciphertext, also after it was wrapped
// anew.
func envelope(t *testing.T, k *key) {
	made, err := k.as(k.preset.who("GenerateDataKey")).GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{
		KeyId: &k.arn, KeySpec: types.DataKeySpecAes256, EncryptionContext: k.encryptionContext(),
	})
	require.NoError(t, err)
	first, second := seal(t, made.Plaintext, 1), seal(t, made.Plaintext, 2)

	wrapped := made.CiphertextBlob
	if role := k.preset.who("ReEncryptFrom", "ReEncryptTo"); role != "" {
		again, err := k.as(role).ReEncrypt(t.Context(), &kms.ReEncryptInput{
			SourceKeyId: &k.arn, CiphertextBlob: wrapped, SourceEncryptionContext: k.encryptionContext(),
			DestinationKeyId: &k.arn, DestinationEncryptionContext: k.encryptionContext(),
		})
		require.NoError(t, err)
		require.NotEqual(t, wrapped, again.CiphertextBlob)
		wrapped = again.CiphertextBlob
	}
	opened, err := k.as(k.preset.who("Decrypt")).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: wrapped, EncryptionContext: k.encryptionContext()})
	require.NoError(t, err)
	require.Equal(t, plaintext, unseal(t, opened.Plaintext, first, 1))
	require.Equal(t, plaintext, unseal(t, opened.Plaintext, second, 2))

	if k.preset.origin == "" || k.preset.origin == "EXTERNAL" {
		keyPair(t, k) // keys in custom key stores make none
	}
}

// keyPair has the root user make a data key pair, which no preset allows roles:
// its private key belongs to its public one, and comes back by Decrypt.
func keyPair(t *testing.T, k *key) {
	pair, err := k.root.GenerateDataKeyPair(t.Context(), &kms.GenerateDataKeyPairInput{
		KeyId: &k.arn, KeyPairSpec: types.DataKeyPairSpecEccNistP256, EncryptionContext: k.encryptionContext(),
	})
	require.NoError(t, err)
	opened, err := k.as(k.preset.who("Decrypt")).Decrypt(t.Context(), &kms.DecryptInput{
		CiphertextBlob: pair.PrivateKeyCiphertextBlob, EncryptionContext: k.encryptionContext(),
	})
	require.NoError(t, err)
	private, err := x509.ParsePKCS8PrivateKey(opened.Plaintext)
	require.NoError(t, err)
	public, err := x509.ParsePKIXPublicKey(pair.PublicKey)
	require.NoError(t, err)
	require.True(t, publicOf(t, private).Equal(public))
}

// seal encrypts the plaintext with a data key and the n-th nonce.
func seal(t *testing.T, dataKey []byte, n byte) []byte {
	t.Helper()
	return aead(t, dataKey).Seal(nil, nonce(n), plaintext, nil)
}

func unseal(t *testing.T, dataKey, sealed []byte, n byte) []byte {
	t.Helper()
	text, err := aead(t, dataKey).Open(nil, nonce(n), sealed, nil)
	require.NoError(t, err)
	return text
}

func nonce(n byte) []byte { return append(make([]byte, 11), n) }

func aead(t *testing.T, dataKey []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(dataKey)
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return gcm
}
