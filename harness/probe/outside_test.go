package probe_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/probe"
)

// What a key does holds outside of KMS, for each kind of public key; another key's
// public key does not serve.
func TestUseOutside(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	client := kms.NewFromConfig(l.Config())
	for _, row := range []struct {
		spec  types.KeySpec
		usage types.KeyUsageType
		known bool
	}{
		{types.KeySpecRsa2048, types.KeyUsageTypeSignVerify, true},
		{types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt, true},
		{types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify, true},
		{types.KeySpecEccSecgP256k1, types.KeyUsageTypeSignVerify, true},
		{types.KeySpecEccNistEdwards25519, types.KeyUsageTypeSignVerify, true},
		{types.KeySpecMlDsa44, types.KeyUsageTypeSignVerify, true},
		{types.KeySpecEccNistP256, types.KeyUsageTypeKeyAgreement, false},
		{types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac, false},
		{types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt, false},
	} {
		t.Run(string(row.spec)+" "+string(row.usage), func(t *testing.T) {
			t.Parallel()
			make := func() *types.KeyMetadata {
				out, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: row.spec, KeyUsage: row.usage})
				require.NoError(t, err)
				return out.KeyMetadata
			}
			key := make()
			require.NoError(t, probe.Use(t.Context(), client, key, nil))
			err := probe.UseOutside(t.Context(), client, client, key)
			if !row.known {
				require.ErrorIs(t, err, probe.ErrNotOutside)
				return
			}
			require.NoError(t, err)
			other := make()
			reader := liar{input: func(in any) {
				if in, ok := in.(*kms.GetPublicKeyInput); ok {
					in.KeyId = other.Arn
				}
			}}.client(l.Config())
			require.Error(t, probe.UseOutside(t.Context(), client, reader, key))
		})
	}
}

// A rotation on demand is proven by other material and what older material still
// opens; a KMS where either fails does not pass.
func TestRotatesOnDemand(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	client := kms.NewFromConfig(l.Config())
	made, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	key := aws.ToString(made.KeyMetadata.Arn)
	tenant := map[string]string{"tenant": "a"}
	require.NoError(t, probe.RotatesOnDemand(t.Context(), client, client, key, tenant))

	seen := 0
	for name, change := range map[string]func(*kms.DecryptOutput){
		"context deadline exceeded": func(out *kms.DecryptOutput) { out.KeyMaterialId = aws.String("the same") },
		"opens with the new material": func(out *kms.DecryptOutput) {
			if seen++; seen > 1 {
				out.KeyMaterialId = aws.String("another")
			}
		},
		"another plaintext": func(out *kms.DecryptOutput) { out.Plaintext = nil },
	} {
		lying := liar{output: func(_, out any) {
			if out, ok := out.(*kms.DecryptOutput); ok {
				change(out)
			}
		}}.client(l.Config())
		ctx, cancel := context.WithCancel(t.Context())
		if name == context.DeadlineExceeded.Error() { // it waits for what never comes
			ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
		}
		require.ErrorContains(t, probe.RotatesOnDemand(ctx, client, lying, key, tenant), name)
		cancel()
	}
}
