package provider_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// grantIsReplaced: the one with the former operations is gone.
func grantIsReplaced(t *testing.T, r *root) {
	t.Helper()
	key := terraform.Output(t, r.options, "granting")
	listed, err := r.KMS().ListGrants(t.Context(), &kms.ListGrantsInput{KeyId: &key})
	require.NoError(t, err)
	operations := map[string][]types.GrantOperation{}
	for _, g := range listed.Grants {
		slices.Sort(g.Operations)
		operations[aws.ToString(g.Name)] = g.Operations
	}
	require.Equal(t, map[string][]types.GrantOperation{
		"this": {"Decrypt"}, "token": {"CreateGrant", "GenerateDataKey", "RetireGrant"}, "": {"GenerateDataKey", "RetireGrant"},
	}, operations)
}

// policyIsChanged: the statement's action is the second one.
func policyIsChanged(t *testing.T, r *root) {
	t.Helper()
	key := terraform.Output(t, r.options, "governed")
	got, err := r.KMS().GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &key})
	require.NoError(t, err)
	require.Contains(t, aws.ToString(got.Policy), `"kms:Decrypt"`)
	require.NotContains(t, aws.ToString(got.Policy), `"kms:Encrypt"`)
}
