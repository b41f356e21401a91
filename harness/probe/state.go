package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

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

// Patience with a rotation on demand, and how often it is asked for.
const (
	rotationPatience = 5 * time.Minute
	rotationPause    = 100 * time.Millisecond
)

// RotatesOnDemand has the administrator rotate the key's material, which changes the
// key, and returns an error unless what the user encrypted before still opens, while
// it encrypts with other material from then on. A backend that does not tell materials
// apart is asked for the former alone.
func RotatesOnDemand(ctx context.Context, administrator, user *kms.Client, key string, encryptionContext map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, rotationPatience)
	defer cancel()
	old, err := user.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: message, EncryptionContext: encryptionContext})
	if err != nil {
		return fmt.Errorf("encrypting with %s: %w", key, err)
	}
	before, err := materialOf(ctx, user, old.CiphertextBlob, encryptionContext)
	if err != nil {
		return err
	}
	if _, err := administrator.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &key}); err != nil {
		return fmt.Errorf("rotating %s: %w", key, err)
	}
	for now := before; before != "" && now == before; {
		out, err := user.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: message, EncryptionContext: encryptionContext})
		if err != nil {
			return fmt.Errorf("waiting for other material of %s: %w", key, err)
		}
		if now, err = materialOf(ctx, user, out.CiphertextBlob, encryptionContext); err != nil {
			return err
		}
		if now == before {
			pause(ctx, rotationPause)
		}
	}
	after, err := materialOf(ctx, user, old.CiphertextBlob, encryptionContext)
	if err == nil && after != before {
		err = fmt.Errorf("%s: what was encrypted before its rotation opens with the new material", key)
	}
	return err
}

// materialOf opens a message and returns the id of the material that did; "" from a
// backend that does not tell.
func materialOf(ctx context.Context, user *kms.Client, ciphertext []byte, encryptionContext map[string]string) (string, error) {
	out, err := user.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: ciphertext, EncryptionContext: encryptionContext})
	if err != nil {
		return "", fmt.Errorf("decrypting: %w", err)
	}
	if !bytes.Equal(out.Plaintext, message) {
		return "", errors.New("decrypting gave another plaintext")
	}
	return aws.ToString(out.KeyMaterialId), nil
}

// pause waits, unless the context is over first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
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
