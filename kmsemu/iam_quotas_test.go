package kmsemu_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"
)

// TestIAMQuotas (K0618): how many entities an account may have, and that another is
// none the worse. The test makes those whose quota is small enough for a test.
func TestIAMQuotas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := func(by *caller) error {
		_, err := by.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: aws.String(w.name("group"))})
		return err
	}
	role := func(by *caller) error {
		_, err := by.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(w.name("role")), AssumeRolePolicyDocument: aws.String(trusting("*"))})
		return err
	}
	profile := func(by *caller) error {
		_, err := by.iam.CreateInstanceProfile(w.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String(w.name("profile"))})
		return err
	}
	elsewhere := w.caller(other, "test", "")
	for name, row := range map[string]struct {
		create func(*caller) error
		most   int
		quota  string
	}{
		"groups":            {group, 300, "Cannot exceed quota for GroupsPerAccount: 300"},
		"roles":             {role, 1000, "Cannot exceed quota for RolesPerAccount: 1000"},
		"instance profiles": {profile, 1000, "Cannot exceed quota for InstanceProfilesPerAccount: 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			for range row.most {
				require.NoError(t, row.create(w.root))
			}
			fails(t, row.create(w.root), "LimitExceeded", row.quota)
			require.NoError(t, row.create(elsewhere))
		})
	}
}
