package test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"
)

// The administrator can schedule the key's deletion with the module's window,
// and cancel it; a shorter window is refused.
func deletionWindow(t *testing.T, k *key) {
	schedule := func(days int32) func(context.Context, *kms.Client) error {
		return func(ctx context.Context, client *kms.Client) error {
			_, err := client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &k.arn, PendingWindowInDays: aws.Int32(days)})
			return err
		}
	}
	k.AssertRefused(k.admin, schedule(deletionWindowInDays-1))

	require.NoError(t, schedule(deletionWindowInDays)(t.Context(), k.admin.KMS))
	k.AssertPendingDeletion(k.arn)
	_, err := k.app.KMS.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &k.arn, Plaintext: []byte("x")})
	require.ErrorContains(t, err, "is pending deletion")

	_, err = k.admin.KMS.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: &k.arn})
	require.NoError(t, err)
	_, err = k.admin.KMS.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	k.AssertRoundTrip(k.app, k.arn, nil)
}
