package test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

// tampering is a change behind Terraform's back.
type tampering struct {
	name   string
	preset string // whose key is changed
	do     func(*testing.T, *key)
	found  string // what a plan says
}

var tamperings = []tampering{
	{"policy", "encryption", widen, "update aws_kms_key.this"},
	{"policy of a key made elsewhere", "policy", widen, `update aws_kms_key_policy.this["elsewhere"]`},
	{"disabled", "signing", func(t *testing.T, k *key) {
		_, err := k.deployer.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &k.arn})
		require.NoError(t, err)
	}, "update aws_kms_key.this"},
	{"tags", "hmac", func(t *testing.T, k *key) {
		_, err := k.deployer.TagResource(t.Context(), &kms.TagResourceInput{KeyId: &k.arn, Tags: []types.Tag{{TagKey: aws.String("team"), TagValue: aws.String("other")}}})
		require.NoError(t, err)
	}, "update aws_kms_key.this"},
	{"alias", "kinesis", func(t *testing.T, k *key) {
		k.pointAlias(t, "alias/"+aliasOf(k.preset), k.open)
	}, `update aws_kms_alias.this["catalogue/kinesis"]`},
	{"alias deleted", "key-agreement", func(t *testing.T, k *key) {
		_, err := k.deployer.DeleteAlias(t.Context(), &kms.DeleteAliasInput{AliasName: aws.String("alias/" + aliasOf(k.preset))})
		require.NoError(t, err)
	}, `create aws_kms_alias.this["catalogue/key-agreement"]`},
	{"rotation", "application-data", func(t *testing.T, k *key) {
		_, err := k.deployer.DisableKeyRotation(t.Context(), &kms.DisableKeyRotationInput{KeyId: &k.arn})
		require.NoError(t, err)
	}, "update aws_kms_key.this"},
}

// tamper changes keys behind Terraform's back, all before one plan.
func (c *catalogue) tamper(t *testing.T) {
	t.Helper()
	for _, row := range tamperings {
		for _, p := range c.applied() {
			if p.name == row.preset {
				row.do(t, c.key(p))
			}
		}
	}
	c.planned = c.plan(t)
	for _, p := range c.presets {
		require.True(t, p.tampered() || len(c.planned[p.name]) == 0, "nobody changed the key of %s", p.name)
	}
}

// tampered reports whether one of tamperings changes the preset's key.
func (p preset) tampered() bool {
	return slices.ContainsFunc(tamperings, func(row tampering) bool { return row.preset == p.name })
}

// What somebody changes behind Terraform's back, the next plan finds: it would put
// that back and change nothing else.
func driftFound(t *testing.T, k *key) {
	var want []string
	for _, row := range tamperings {
		if row.preset == k.preset.name {
			want = append(want, row.found)
		}
	}
	require.Equal(t, want, k.planned[k.preset.name])
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
