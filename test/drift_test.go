package test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// tampering is a change of one setting behind Terraform's back.
type tampering struct {
	do    func(*testing.T, *key)
	found []string // what a plan says, also of the policy
}

// tamperings are by the preset whose key is changed. The policies of all keys are,
// where the module writes them. A grant that was revoked is left out: the provider looks
// for it for three minutes, at each plan.
var tamperings = map[string]tampering{
	"signing": {func(t *testing.T, k *key) {
		_, err := k.deployer.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &k.arn})
		require.NoError(t, err)
	}, []string{"update aws_kms_key.this in is_enabled, policy"}},
	"hmac": {func(t *testing.T, k *key) {
		_, err := k.deployer.TagResource(t.Context(), &kms.TagResourceInput{KeyId: &k.arn, Tags: []types.Tag{{TagKey: aws.String("team"), TagValue: aws.String("other")}}})
		require.NoError(t, err)
	}, []string{"update aws_kms_key.this in policy, tags, tags_all"}},
	"application-data": {func(t *testing.T, k *key) {
		_, err := k.deployer.DisableKeyRotation(t.Context(), &kms.DisableKeyRotationInput{KeyId: &k.arn})
		require.NoError(t, err)
	}, []string{"update aws_kms_key.this in enable_key_rotation, policy, rotation_period_in_days"}},
	"kinesis": {func(t *testing.T, k *key) {
		k.pointAlias(t, "alias/"+aliasOf(k.preset), k.open)
	}, []string{`update aws_kms_alias.this["catalogue/kinesis"] in target_key_id`, "update aws_kms_key.this in policy"}},
	"key-agreement": {func(t *testing.T, k *key) {
		_, err := k.deployer.DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: aws.String("alias/" + aliasOf(k.preset))})
		require.NoError(t, err)
	}, []string{`create aws_kms_alias.this["catalogue/key-agreement"]`, "update aws_kms_key.this in policy"}},
}

// tamper changes the keys behind Terraform's back, all before one plan.
func (c *catalogue) tamper(t *testing.T) {
	t.Helper()
	for _, p := range c.applied() {
		if writesPolicy(p) {
			widen(t, c.key(p))
		}
		if row, too := tamperings[p.name]; too {
			row.do(t, c.key(p))
		}
	}
	c.planned = c.plan(t)
}

// What somebody changes behind Terraform's back, the next plan finds: it would put
// that back and change nothing else.
func driftFound(t *testing.T, k *key) {
	want := []string{"update " + k.preset.policyAddress() + " in policy"}
	if row, too := tamperings[k.preset.name]; too {
		want = row.found
	}
	require.Equal(t, want, k.planned[k.preset.name])
}

// policyAddress is that of the module's resource with the key's policy.
func (p preset) policyAddress() string {
	switch {
	case p.elsewhere:
		return `aws_kms_key_policy.this["elsewhere"]`
	case p.origin == "EXTERNAL":
		return "aws_kms_external_key.this"
	case p.beside != "":
		return "aws_kms_replica_key.replica"
	case p.region == replicaRegion:
		return "aws_kms_replica_key.this"
	}
	return "aws_kms_key.this"
}

// widen gives the whole account all permissions.
func widen(t *testing.T, k *key) {
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*"}]}`, k.account)
	_, err := k.deployer.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{
		KeyId: &k.arn, PolicyName: aws.String("default"), Policy: &policy, // LocalStack wants the name, which KMS knows
	})
	require.NoError(t, err)
}
