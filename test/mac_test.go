package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// A MAC that a signer makes a verifier verifies, for the same message alone.
func macs(t *testing.T, k *key) {
	algorithms := k.metadata(t).MacAlgorithms
	require.Len(t, algorithms, 1)
	algorithm := algorithms[0]
	made, err := k.as(k.preset.who("GenerateMac")).GenerateMac(t.Context(), &kms.GenerateMacInput{KeyId: &k.arn, Message: plaintext, MacAlgorithm: algorithm})
	require.NoError(t, err)
	require.Len(t, made.Mac, macBytes[algorithm])
	for message, valid := range map[string]bool{string(plaintext): true, "attack at dusk": false} {
		out, err := k.as(k.preset.who("VerifyMac")).VerifyMac(t.Context(), &kms.VerifyMacInput{
			KeyId: &k.arn, Message: []byte(message), Mac: made.Mac, MacAlgorithm: algorithm,
		})
		if valid {
			require.NoError(t, err)
			require.True(t, out.MacValid)
			continue
		}
		require.Equal(t, "KMSInvalidMacException", code(err))
	}
}

var macBytes = map[types.MacAlgorithmSpec]int{
	types.MacAlgorithmSpecHmacSha224: 28, types.MacAlgorithmSpecHmacSha256: 32,
	types.MacAlgorithmSpecHmacSha384: 48, types.MacAlgorithmSpecHmacSha512: 64,
}
