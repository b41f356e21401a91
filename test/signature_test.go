package test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha512" // one of the hashes of signatures
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	secpecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/stretchr/testify/require"
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
	public := publicKey(t, out.PublicKey)
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
		require.True(t, verifiesOutside(t, public, algorithm, plaintext, signed.Signature), algorithm)
		require.False(t, verifiesOutside(t, public, algorithm, altered, signed.Signature), algorithm)
	}
}

// verifiesOutside reports whether a signature is that of the message.
func verifiesOutside(t *testing.T, public any, algorithm types.SigningAlgorithmSpec, message, signature []byte) bool {
	t.Helper()
	name := string(algorithm)
	hash, known := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[name[strings.LastIndexByte(name, '_')+1:]]
	require.True(t, known, algorithm)
	h := hash.New()
	h.Write(message)
	digest := h.Sum(nil)
	switch public := public.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(name, "RSASSA_PSS_") {
			return rsa.VerifyPSS(public, hash, digest, signature, nil) == nil
		}
		return rsa.VerifyPKCS1v15(public, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest, signature)
	case *secp256k1.PublicKey:
		parsed, err := secpecdsa.ParseDERSignature(signature)
		require.NoError(t, err)
		return parsed.Verify(digest, public)
	}
	require.FailNow(t, "no check is known", "%T", public)
	return false
}

// publicKey reads a public key of any spec but those of ML-DSA; package x509 does not
// know secp256k1.
func publicKey(t *testing.T, der []byte) any {
	t.Helper()
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Point     asn1.BitString
	}
	_, err := asn1.Unmarshal(der, &info)
	require.NoError(t, err)
	key, err := secp256k1.ParsePubKey(info.Point.RightAlign())
	require.NoError(t, err)
	return key
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
