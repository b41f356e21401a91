package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// Destroy leaves a key that waits for its deletion, for as long as the module says,
// and no alias.
func destroyed(t *testing.T, k *key) {
	meta := k.metadata(t)
	require.Equal(t, k.preset.pending(), meta.KeyState)
	if k.preset.elsewhere {
		return
	}
	days := aws.ToInt32(meta.PendingDeletionWindowInDays) // told while there is no date yet
	if meta.DeletionDate != nil {
		days = int32(meta.DeletionDate.Sub(k.destroyedAt).Hours()+12) / 24
	}
	require.Equal(t, k.preset.window(), days)
	_, err := k.root.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/" + aliasOf(k.preset))})
	require.Equal(t, "NotFoundException", code(err))
}

// The same configuration can be applied again under the same alias, which then
// names a new key.
func appliedAgain(t *testing.T, k *key) {
	require.NotEqual(t, k.destroyed, k.arn)
	if !k.preset.elsewhere {
		require.Equal(t, k.arn, k.named(t, "alias/"+aliasOf(k.preset)))
	}
	require.NoError(t, k.work(t))
	old := &key{catalogue: k.catalogue, preset: k.preset, arn: k.destroyed}
	require.Equal(t, k.preset.pending(), old.state(t))
}

// destroy destroys the root, as its clean-up would.
func (c *catalogue) destroy(t *testing.T) {
	t.Helper()
	c.destroyedAt = c.now()
	terraform.Destroy(t, c.options)
}
