package provider_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// twoGrants: the grant that was replaced is gone.
func twoGrants(t *testing.T, r *root) {
	key := terraform.Output(t, r.options, "key_arn")
	listed, err := r.KMS().ListGrants(t.Context(), &kms.ListGrantsInput{KeyId: &key})
	require.NoError(t, err)
	operations := map[string][]types.GrantOperation{}
	for _, g := range listed.Grants {
		operations[aws.ToString(g.Name)] = g.Operations
	}
	require.Equal(t, map[string][]types.GrantOperation{"this": {"Decrypt"}, "": {"GenerateDataKey", "RetireGrant"}}, operations)
}

// policyIsChanged: the statement's action is the second one.
func policyIsChanged(t *testing.T, r *root) {
	key := terraform.Output(t, r.options, "key_arn")
	got, err := r.KMS().GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &key})
	require.NoError(t, err)
	require.Contains(t, aws.ToString(got.Policy), `"kms:Decrypt"`)
	require.NotContains(t, aws.ToString(got.Policy), `"kms:Encrypt"`)
}
