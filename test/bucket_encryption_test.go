package test

import (
	"bytes"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"
)

// bucket is a bucket whose objects the key of the preset s3 encrypts, as resources of
// the root.
func bucket() map[string]any {
	return map[string]any{
		"aws_s3_bucket": map[string]any{"objects": map[string]any{"bucket_prefix": "catalogue-", "force_destroy": true}},
		"aws_s3_bucket_server_side_encryption_configuration": map[string]any{"objects": map[string]any{
			"bucket": "${aws_s3_bucket.objects.id}",
			"rule": map[string]any{"apply_server_side_encryption_by_default": map[string]any{
				"sse_algorithm": "aws:kms", "kms_master_key_id": "${module.s3.key_arn}",
			}},
		}},
	}
}

// What a user puts into the bucket S3 encrypts with the key, without being told to; a
// reader gets it back, unless the key is disabled.
func bucketEncryption(t *testing.T, k *key) {
	writer, reader := s3.NewFromConfig(k.roles["user"].Config), s3.NewFromConfig(k.roles["reader"].Config)
	name := k.outputs["bucket"].(string)
	written, err := writer.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: aws.String("object"), Body: bytes.NewReader(plaintext)})
	require.NoError(t, err)
	require.Equal(t, types.ServerSideEncryptionAwsKms, written.ServerSideEncryption)
	require.Equal(t, k.arn, aws.ToString(written.SSEKMSKeyId))

	read := func() (*s3.GetObjectOutput, error) {
		return reader.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: aws.String("object")})
	}
	_, err = k.as("administrator").DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &k.arn})
	require.NoError(t, err)
	_, err = read()
	require.Equal(t, "KMS.DisabledException", code(err))
	_, err = k.as("administrator").EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &k.arn})
	require.NoError(t, err)

	object, err := read()
	require.NoError(t, err)
	defer object.Body.Close()
	require.Equal(t, types.ServerSideEncryptionAwsKms, object.ServerSideEncryption)
	require.Equal(t, k.arn, aws.ToString(object.SSEKMSKeyId))
	text, err := io.ReadAll(object.Body)
	require.NoError(t, err)
	require.Equal(t, plaintext, text)
}
