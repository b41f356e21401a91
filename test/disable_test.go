package test

import (
	"slices"
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
	return k.callAs(t, k.root, works[k.preset.kind], k.bareSubject(t))
}

// callAs makes one of the using calls.
func (k *key) callAs(t *testing.T, client *kms.Client, action string, s *subject) error {
	t.Helper()
	i := slices.IndexFunc(usingCalls, func(c accessCall) bool { return c.action == action })
	require.GreaterOrEqual(t, i, 0, action)
	return usingCalls[i].do(t.Context(), client, s)
}

// works is what keys of a kind are for.
var works = map[kind]string{
	symmetric: "Encrypt", rsaEncryption: "Encrypt", signing: "Sign", mac: "GenerateMac", agreement: "DeriveSharedSecret",
}
