package harness_test

import (
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

// Keys land where their configuration says, whichever provider process serves
// them, while the other roots run beside them.
func TestKeysLandInTheirRegion(t *testing.T) {
	t.Parallel()
	h := harness.New(t)
	shared := h.Options(&terraform.Options{TerraformDir: "testdata/key"})
	own := h.Options(&terraform.Options{TerraformDir: "testdata/configured"})
	managed := h.Options(&terraform.Options{TerraformDir: "testdata/regions"})
	for _, opts := range []*terraform.Options{own, managed, shared} {
		terraform.InitAndApply(t, opts)
	}
	require.Contains(t, terraform.Output(t, shared, "key_arn"), ":kms:us-east-1:")
	require.Contains(t, terraform.Output(t, own, "key_arn"), ":kms:eu-central-1:")
	arns := terraform.OutputMap(t, managed, "arns")
	require.Contains(t, arns["default"], ":kms:us-east-1:")
	require.Contains(t, arns["eu"], ":kms:eu-west-1:")
}
