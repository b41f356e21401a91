package test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// What a signer signs a verifier verifies, and so does everybody with the public
// key, without KMS. Of the preset for DNSSEC no role signs: the root user stands
// in for Route 53.
func signature(t *testing.T, k *key) {
	signer, verifier := k.root, k.root
	if role := k.preset.who("Sign"); role != "" {
		signer, verifier = k.as(role), k.as(k.preset.who("Verify"))
	}
	const algorithm = types.SigningAlgorithmSpecEcdsaSha256
	signed, err := signer.Sign(t.Context(), &kms.SignInput{KeyId: &k.arn, Message: plaintext, SigningAlgorithm: algorithm})
	require.NoError(t, err)
	verify := func(message []byte) error {
		_, err := verifier.Verify(t.Context(), &kms.VerifyInput{KeyId: &k.arn, Message: message, Signature: signed.Signature, SigningAlgorithm: algorithm})
		return err
	}
	require.NoError(t, verify(plaintext))
	require.Equal(t, "KMSInvalidSignatureException", code(verify([]byte("attack at dusk"))))

	out, err := verifier.GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	public, err := x509.ParsePKIXPublicKey(out.PublicKey)
	require.NoError(t, err)
	right, wrong := sha256.Sum256(plaintext), sha256.Sum256([]byte("attack at dusk"))
	require.True(t, ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), right[:], signed.Signature))
	require.False(t, ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), wrong[:], signed.Signature))
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
