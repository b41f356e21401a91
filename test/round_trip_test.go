package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// What the application encrypts it can decrypt, with and without encryption
// context, and with the same context only.
func roundTrip(t *testing.T, k *key) {
	k.AssertRoundTrip(k.app, k.arn, nil)
	k.AssertRoundTrip(k.app, k.arn, map[string]string{"tenant": "a"})

	sealed, err := k.app.KMS.Encrypt(t.Context(), &kms.EncryptInput{
		KeyId: &k.arn, Plaintext: []byte("secret"), EncryptionContext: map[string]string{"tenant": "a"},
	})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		context map[string]string
		opens   bool
	}{
		"right":   {map[string]string{"tenant": "a"}, true},
		"wrong":   {map[string]string{"tenant": "b"}, false},
		"moved":   {map[string]string{"tenanta": ""}, false},
		"more":    {map[string]string{"tenant": "a", "region": "x"}, false},
		"missing": {nil, false},
	} {
		t.Run("context="+name, func(t *testing.T) {
			out, err := k.app.KMS.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: c.context})
			if c.opens {
				require.NoError(t, err)
				require.Equal(t, "secret", string(out.Plaintext))
				return
			}
			var invalid *types.InvalidCiphertextException
			require.ErrorAs(t, err, &invalid)
		})
	}
	t.Run("limits", func(t *testing.T) { plaintextLimits(t, k) })
}

// A plaintext has 1 to 4,096 bytes.
func plaintextLimits(t *testing.T, k *key) {
	for size, fits := range map[int]bool{0: false, 1: true, 4096: true, 4097: false} {
		_, err := k.app.KMS.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(k.arn), Plaintext: make([]byte, size)})
		if fits {
			require.NoErrorf(t, err, "%d bytes", size)
		} else {
			require.ErrorContainsf(t, err, "ValidationException", "%d bytes", size)
		}
	}
}
