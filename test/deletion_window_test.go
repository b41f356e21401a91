package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// The administrator can schedule the key's deletion with the module's window, and
// cancel it. A key that waits for its deletion does nothing.
func deletionWindow(t *testing.T, k *key) {
	require.Equal(t, "ValidationException", code(k.scheduleDeletion(t, shortestWindow-1)))
	require.NoError(t, k.scheduleDeletion(t, k.preset.window()))
	require.Equal(t, k.preset.pending(), k.state(t))
	require.Equal(t, "KMSInvalidStateException", code(k.work(t)))

	_, err := k.as("administrator").CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.Equal(t, types.KeyStateDisabled, k.state(t))
	_, err = k.as("administrator").EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	require.NoError(t, k.work(t))
}

// pending is the state of a key that waits for its deletion; a primary key waits for
// those of its replicas first.
func (p preset) pending() types.KeyState {
	if p.region == primaryRegion {
		return types.KeyStatePendingReplicaDeletion
	}
	return types.KeyStatePendingDeletion
}

// A shorter window than the module's is refused.
func shorterWindow(t *testing.T, k *key) {
	require.Equal(t, "AccessDeniedException", code(k.scheduleDeletion(t, k.preset.window()-1)))
	require.NoError(t, k.work(t))
}

func (k *key) scheduleDeletion(t *testing.T, days int32) error {
	t.Helper()
	_, err := k.as("administrator").ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &k.arn, PendingWindowInDays: aws.Int32(days)})
	return err
}

// shortestWindow is the least that KMS takes, in days. Source: KMS API Reference,
// ScheduleKeyDeletion.
const shortestWindow = 7

func (k *key) state(t *testing.T) types.KeyState {
	t.Helper()
	return k.metadata(t).KeyState
}
