package test

import (
	"fmt"
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

// What somebody changes behind Terraform's back, the next plan finds: it would put
// that back and change nothing else.
func (c *catalogue) drift(t *testing.T) {
	want := map[string][]string{}
	for _, row := range tamperings {
		for _, p := range c.presets {
			if p.name == row.preset {
				row.do(t, c.key(p))
				want[p.name] = []string{row.found}
			}
		}
	}
	require.NotEmpty(t, want)
	require.Equal(t, want, c.plan(t))
}

// widen gives the whole account all permissions.
func widen(t *testing.T, k *key) {
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*"}]}`, k.account)
	_, err := k.deployer.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &k.arn, Policy: &policy})
	require.NoError(t, err)
}
