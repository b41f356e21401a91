package test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// The role and a peer outside of KMS come to the same secret, each with its own
// private key and the other's public one; another peer comes to another.
func keyAgreement(t *testing.T, k *key) {
	user := k.as(k.preset.who("DeriveSharedSecret"))
	out, err := user.GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	parsed, err := x509.ParsePKIXPublicKey(out.PublicKey)
	require.NoError(t, err)
	ours, err := parsed.(*ecdsa.PublicKey).ECDH()
	require.NoError(t, err)

	derive := func(peer *ecdh.PrivateKey) []byte {
		public, err := x509.MarshalPKIXPublicKey(peer.PublicKey())
		require.NoError(t, err)
		out, err := user.DeriveSharedSecret(t.Context(), &kms.DeriveSharedSecretInput{
			KeyId: &k.arn, PublicKey: public, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh,
		})
		require.NoError(t, err)
		return out.SharedSecret
	}
	peer, other := newPeer(t, ours.Curve()), newPeer(t, ours.Curve())
	theirs, err := peer.ECDH(ours)
	require.NoError(t, err)
	require.Equal(t, theirs, derive(peer))
	require.NotEqual(t, theirs, derive(other))
}

func newPeer(t *testing.T, curve ecdh.Curve) *ecdh.PrivateKey {
	t.Helper()
	key, err := curve.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}
