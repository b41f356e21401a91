package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/probe"
)

// What a multi-Region key encrypts opens in the Region of its replica; what a
// single-Region key encrypts opens in its own Region alone. The keys are where the
// module's example says.
func TestMultiRegion(t *testing.T) {
	t.Parallel()
	const primary, replica = "eu-central-1", "eu-west-1"
	h := harness.New(t)
	user, service := h.Role("user"), h.Role("service-user")
	options := h.Options(&terraform.Options{
		TerraformDir: "../modules/kms/multi-region/examples/basic",
		Vars: map[string]any{
			"administrator_role_arn": h.DeployerARN(), "user_role_arn": user.RoleARN, "service_user_role_arn": service.RoleARN,
		},
	})
	terraform.InitAndApply(t, options)
	arn := terraform.Output(t, options, "key_arn")
	require.Contains(t, arn, ":"+primary+":")

	sealed, err := inRegion(user, primary).Encrypt(t.Context(), &kms.EncryptInput{KeyId: &arn, Plaintext: plaintext})
	require.NoError(t, err)
	for _, region := range []string{primary, replica} {
		id := strings.Replace(arn, primary, region, 1)
		opened, err := inRegion(user, region).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
		require.NoError(t, err)
		require.Equal(t, plaintext, opened.Plaintext)
		require.Equal(t, id, *opened.KeyId)
	}
	_, err = inRegion(user, "eu-west-3").Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	require.Error(t, err, "there is no replica")
	singleRegion(t, h, primary, replica)
}

// singleRegion is the twin: a key of one Region.
func singleRegion(t *testing.T, h *harness.Harness, region, other string) {
	t.Helper()
	cfg := h.Backend().Config()
	cfg.Region = region
	here := kms.NewFromConfig(cfg)
	cfg.Region = other
	there := kms.NewFromConfig(cfg)
	made, err := here.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	sealed, err := here.Encrypt(t.Context(), &kms.EncryptInput{KeyId: made.KeyMetadata.Arn, Plaintext: plaintext})
	require.NoError(t, err)
	_, err = here.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	require.NoError(t, err)
	_, err = there.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	require.Error(t, err)
	_, err = here.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: made.KeyMetadata.Arn})
	require.NoError(t, err)
}

func inRegion(role *probe.Identity, region string) *kms.Client {
	cfg := role.Config
	cfg.Region = region
	return kms.NewFromConfig(cfg)
}
