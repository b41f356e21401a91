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
	for _, output := range []string{"alias_name", "alias_arn"} {
		id := terraform.Output(t, k.options, output)
		described, err := k.app.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &id})
		require.NoError(t, err)
		require.Equal(t, k.arn, aws.ToString(described.KeyMetadata.Arn), output)
		k.AssertRoundTrip(k.app, id, nil)
	}
	_, err := k.app.KMS.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/test/nobody")})
	require.ErrorContains(t, err, "NotFoundException")
}
