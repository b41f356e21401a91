package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// The SDK tries a throttled call again, so that the application does not notice;
// told not to, it hands the error on.
func throttling(t *testing.T, k *key) {
	server := k.emulator(t)
	t.Cleanup(func() { require.NoError(t, server.SetFaults()) })
	for attempts, want := range map[int]string{1: "ThrottlingException", 2: ""} {
		require.NoError(t, server.SetFaults(kmsemu.Fault{Operation: "Encrypt", Key: k.arn, Times: 1, Error: "ThrottlingException"}))
		_, err := k.as(k.preset.who("Encrypt")).Encrypt(t.Context(), &kms.EncryptInput{
			KeyId: &k.arn, Plaintext: plaintext, EncryptionContext: k.encryptionContext(),
		}, func(o *kms.Options) { o.RetryMaxAttempts = attempts })
		require.Equal(t, want, code(err))
		require.Equal(t, 1, server.Faults()[0].Struck)
	}
}
