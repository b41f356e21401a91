package test

import (
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// Destroy leaves a key pending deletion, and the same configuration can be
// applied again under the same alias.
func TestDestroyAndApplyAgain(t *testing.T) {
	t.Parallel()
	first := apply(t)
	terraform.Destroy(t, first.options)
	first.AssertPendingDeletion(first.arn)

	terraform.Apply(t, first.options)
	second := terraform.Output(t, first.options, "key_arn")
	require.NotEqual(t, first.arn, second)
	first.AssertRoundTrip(first.app, second, nil)
	first.AssertRoundTrip(first.app, terraform.OutputList(t, first.options, "alias_names")[0], nil)
	first.AssertPendingDeletion(first.arn)
}
