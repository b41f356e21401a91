package test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/probe"
)

// Each role can do what its statement says and nothing else; what is not listed
// must be denied.
func leastPrivilege(t *testing.T, k *key) {
	k.AssertAccess(probe.Matrix{Key: k.arn, EncryptionContext: map[string]string{"tenant": "a"}, Rows: []probe.Row{
		{Identity: k.app, Allow: []probe.Action{
			probe.Encrypt, probe.Decrypt, probe.ReEncrypt, probe.GenerateDataKey, probe.DescribeKey,
		}},
		{Identity: k.admin, Allow: []probe.Action{
			probe.DescribeKey, probe.GetKeyPolicy, probe.GetKeyRotationStatus, probe.PutKeyPolicy, probe.EnableKeyRotation,
			probe.TagResource, probe.DisableKey, probe.ScheduleKeyDeletion,
		}},
		{Identity: k.stranger, Stranger: true},
	}})

	t.Run("reasons", func(t *testing.T) {
		decrypt := func(ctx context.Context, client *kms.Client) error {
			sealed, err := k.app.KMS.Encrypt(ctx, &kms.EncryptInput{KeyId: &k.arn, Plaintext: []byte("secret")})
			require.NoError(t, err)
			_, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
			return err
		}
		// The stranger's kms:* in IAM has no power: the key policy delegates nothing.
		require.Contains(t, k.AssertRefused(k.stranger, decrypt), "resource-based policy: nothing allows kms:Decrypt to "+k.stranger.ARN)
		require.Contains(t, k.AssertRefused(k.admin, decrypt), "resource-based policy: nothing allows kms:Decrypt to "+k.admin.ARN)
	})
}

// An administrator cannot use the key, but can change its policy: that he can
// give himself access is part of the promise, and told in the module's README.
func selfEscalation(t *testing.T, k *key) {
	before, err := k.admin.KMS.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &k.arn})
	require.NoError(t, err)
	wider := `{"Version":"2012-10-17","Statement":[{"Sid":"Mine","Effect":"Allow","Principal":{"AWS":"` + k.admin.RoleARN + `"},"Action":"kms:*","Resource":"*"}]}`
	_, err = k.admin.KMS.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &k.arn, Policy: &wider})
	require.NoError(t, err)
	_, err = k.admin.KMS.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &k.arn, Plaintext: []byte("x")})
	require.NoError(t, err)

	_, err = k.admin.KMS.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &k.arn, Policy: before.Policy})
	require.NoError(t, err)
	k.AssertRefused(k.admin, func(ctx context.Context, client *kms.Client) error {
		_, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(k.arn), Plaintext: []byte("x")})
		return err
	})
}
