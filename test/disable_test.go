package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"
)

// A disabled key does nothing for anybody until it is enabled again.
func disable(t *testing.T, k *key) {
	require.NoError(t, k.work(t))
	_, err := k.as("administrator").DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.Equal(t, "DisabledException", code(k.work(t)))
	_, err = k.as("administrator").EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.NoError(t, k.work(t))
}

// work has the root user, whom no state of the policy keeps from it, do what the
// key is for.
func (k *key) work(t *testing.T) error {
	t.Helper()
	s := &subject{key: k.arn, context: k.encryptionContext(), peer: newPublicKey(t)}
	if k.preset.kind == rsaEncryption {
		s.encryption = rsaAlgorithm
	}
	for _, c := range usingCalls {
		if c.action == works[k.preset.kind] {
			return c.do(t.Context(), k.root, s)
		}
	}
	t.Fatalf("no call for %s", k.preset.kind)
	return nil
}

// works is what keys of a kind are for.
var works = map[kind]string{
	symmetric: "Encrypt", rsaEncryption: "Encrypt", signing: "Sign", mac: "GenerateMac", agreement: "DeriveSharedSecret",
}
