package test

import (
	"crypto"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/probe"
)

// What a signer signs, with any of the key's algorithms, a verifier verifies, and so
// does everybody with the public key, without KMS. Of the preset for DNSSEC no role
// signs: the root user stands in for Route 53.
func signature(t *testing.T, k *key) {
	signer, verifier := k.root, k.root
	if role := k.preset.who("Sign"); role != "" {
		signer, verifier = k.as(role), k.as(k.preset.who("Verify"))
	}
	out, err := verifier.GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	altered := []byte("attack at dusk")
	require.NotEmpty(t, out.SigningAlgorithms)
	for _, algorithm := range out.SigningAlgorithms {
		signed, err := signer.Sign(t.Context(), &kms.SignInput{KeyId: &k.arn, Message: plaintext, SigningAlgorithm: algorithm})
		require.NoError(t, err, algorithm)
		verify := func(message []byte) error {
			_, err := verifier.Verify(t.Context(), &kms.VerifyInput{KeyId: &k.arn, Message: message, Signature: signed.Signature, SigningAlgorithm: algorithm})
			return err
		}
		require.NoError(t, verify(plaintext), algorithm)
		require.Equal(t, "KMSInvalidSignatureException", code(verify(altered)), algorithm)
		require.NoError(t, probe.VerifyOutside(out.PublicKey, algorithm, plaintext, signed.Signature), algorithm)
		require.Error(t, probe.VerifyOutside(out.PublicKey, algorithm, altered, signed.Signature), algorithm)
	}
}

// publicOf is the public key of a private one.
func publicOf(t *testing.T, private any) interface{ Equal(crypto.PublicKey) bool } {
	t.Helper()
	key, ok := private.(crypto.Signer)
	require.True(t, ok)
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	require.True(t, ok)
	return public
}
