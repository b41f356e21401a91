package probe

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// Rotates returns an error unless the key's material rotates by itself every
// periodDays.
func Rotates(ctx context.Context, client *kms.Client, key string, periodDays int32) error {
	out, err := client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &key})
	switch {
	case err != nil:
		return fmt.Errorf("rotation of %s: %w", key, err)
	case !out.KeyRotationEnabled:
		return fmt.Errorf("rotation of %s is off, want every %d days", key, periodDays)
	case aws.ToInt32(out.RotationPeriodInDays) != periodDays:
		return fmt.Errorf("%s rotates every %d days, want %d", key, aws.ToInt32(out.RotationPeriodInDays), periodDays)
	}
	return nil
}

// PendingDeletion returns an error unless the key is pending deletion, or, a
// multi-Region primary key, waits for its replicas to be.
func PendingDeletion(ctx context.Context, client *kms.Client, key string) error {
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
	if err != nil {
		return fmt.Errorf("state of %s: %w", key, err)
	}
	switch state := out.KeyMetadata.KeyState; state {
	case types.KeyStatePendingDeletion, types.KeyStatePendingReplicaDeletion:
		return nil
	default:
		return fmt.Errorf("%s is %s, want %s", key, state, types.KeyStatePendingDeletion)
	}
}
