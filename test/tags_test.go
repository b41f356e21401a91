package test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/sweep"
)

// The key has the tags that the module was given.
func tags(t *testing.T, k *key) {
	out, err := k.as("administrator").ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: &k.arn})
	require.NoError(t, err)
	got := map[string]string{}
	for _, tag := range out.Tags {
		got[aws.ToString(tag.TagKey)] = aws.ToString(tag.TagValue)
	}
	delete(got, sweep.Tag) // which backends add whose keys outlive the run
	require.Equal(t, map[string]string{"team": "test"}, got)
}
