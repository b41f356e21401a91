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
	ids := terraform.OutputList(t, k.options, "alias_names")
	for _, arn := range terraform.OutputMap(t, k.options, "alias_arns") {
		ids = append(ids, arn)
	}
	require.Len(t, ids, 2)
	for _, id := range ids {
		described, err := k.app.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &id})
		require.NoError(t, err)
		require.Equal(t, k.arn, aws.ToString(described.KeyMetadata.Arn), id)
		k.AssertRoundTrip(k.app, id, nil)
	}
	_, err := k.app.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/test/nobody")})
	require.ErrorContains(t, err, "NotFoundException")
}
