package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// Alias name and alias ARN both name the key, for DescribeKey and for use.
func aliasResolves(t *testing.T, k *key) {
	name := terraform.OutputList(t, k.options, "alias_names")[0]
	arn := terraform.OutputMap(t, k.options, "alias_arns")[alias(t)]
	for _, id := range []string{name, arn} {
		described, err := k.app.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &id})
		require.NoError(t, err)
		require.Equal(t, k.arn, aws.ToString(described.KeyMetadata.Arn), id)
		k.AssertRoundTrip(k.app, id, nil)
	}
	_, err := k.app.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/test/nobody")})
	require.ErrorContains(t, err, "NotFoundException")
}
