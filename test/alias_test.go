package test

import (
	"path"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"
)

// Alias name and alias ARN both name the key, until an administrator of both keys
// moves the alias to another one.
func aliasResolves(t *testing.T, k *key) {
	outputs := k.outputs[k.preset.name].(map[string]any)
	name := outputs["alias_names"].([]any)[0].(string)
	arn := outputs["alias_arns"].(map[string]any)[aliasOf(k.preset)].(string)
	require.Equal(t, "alias/"+aliasOf(k.preset), name)
	for _, id := range []string{name, arn} {
		require.Equal(t, k.arn, k.named(t, id))
	}

	if k.preset.kind == symmetric {
		k.pointAlias(t, name, k.open)
		require.Equal(t, k.open, k.named(t, name))
		k.pointAlias(t, name, k.arn)
		require.Equal(t, k.arn, k.named(t, name))
	}

	_, err := k.deployer.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(name + "-not")})
	require.Equal(t, "NotFoundException", code(err))
}

// An alias stays with keys of its kind.
func aliasKeepsKind(t *testing.T, k *key) {
	name := "alias/" + aliasOf(k.preset)
	_, err := k.deployer.UpdateAlias(t.Context(), &kms.UpdateAliasInput{AliasName: &name, TargetKeyId: &k.open})
	require.Equal(t, "ValidationException", code(err))
	require.Equal(t, k.arn, k.named(t, name))
}

// named is the key that an id names.
func (k *key) named(t *testing.T, id string) string {
	t.Helper()
	out, err := k.deployer.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &id})
	require.NoError(t, err)
	return aws.ToString(out.KeyMetadata.Arn)
}

// pointAlias takes the key's ARN, and names it by the id: LocalStack takes an ARN for
// an id.
func (c *catalogue) pointAlias(t *testing.T, name, key string) {
	t.Helper()
	key = path.Base(key)
	_, err := c.deployer.UpdateAlias(t.Context(), &kms.UpdateAliasInput{AliasName: &name, TargetKeyId: &key})
	require.NoError(t, err)
}
