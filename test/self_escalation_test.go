package test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// An administrator cannot use the key, but can change its policy: that he can
// give himself access is part of the promise, and told in the module's README. The
// audit trail shows it.
func selfEscalation(t *testing.T, k *key) {
	k.mustEnforce(t)
	admin := k.roles["administrator"]
	grant := func() error {
		_, err := admin.KMS.CreateGrant(t.Context(), &kms.CreateGrantInput{
			KeyId: &k.arn, GranteePrincipal: &admin.RoleARN, Operations: []types.GrantOperation{types.GrantOperationDescribeKey},
		})
		return err
	}
	require.Equal(t, "AccessDeniedException", code(grant()))
	wider := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Sid":"Mine","Effect":"Allow","Principal":{"AWS":"%s"},"Action":"kms:*","Resource":"*"}]}`, admin.RoleARN)
	k.withPolicy(t, wider, func() { require.NoError(t, grant()) })
	require.Equal(t, "AccessDeniedException", code(grant()))

	changes := k.events(t, "PutKeyPolicy")
	require.GreaterOrEqual(t, len(changes), 2)
	for _, e := range changes[len(changes)-2:] {
		require.Equal(t, admin.ARN, e.UserIdentity.ARN)
	}
}

// withPolicy has the administrator replace the key's policy for as long as during
// runs.
func (k *key) withPolicy(t *testing.T, policy string, during func()) {
	t.Helper()
	before, err := k.as("administrator").GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &k.arn})
	require.NoError(t, err)
	k.putPolicy(t, policy)
	defer k.putPolicy(t, *before.Policy)
	during()
}

func (k *key) putPolicy(t *testing.T, policy string) {
	t.Helper()
	_, err := k.as("administrator").PutKeyPolicy(context.WithoutCancel(t.Context()), &kms.PutKeyPolicyInput{KeyId: &k.arn, Policy: &policy})
	require.NoError(t, err)
}
