package main_test

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/cli"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// What a run left is told, removed when that is asked for, and then gone: the
// emulator is at LocalStack's place.
func TestSweep(t *testing.T) {
	t.Parallel()
	emulator := kmsemutest.New(t, nil)
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &emulator.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	client := kms.NewFromConfig(cfg)
	create := func(tags ...types.Tag) string {
		out, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{Tags: tags})
		require.NoError(t, err)
		return aws.ToString(out.KeyMetadata.Arn)
	}
	ours := create(types.Tag{TagKey: aws.String("keywright"), TagValue: aws.String("run-1")})
	theirs := create()
	_, err := client.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/ours"), TargetKeyId: &ours})
	require.NoError(t, err)

	sweep := func(args ...string) (status int, stdout, stderr string) {
		var out, err bytes.Buffer
		status = cli.Main(append([]string{"sweep", "--backend", "localstack"}, args...),
			[]string{"KEYWRIGHT_LOCALSTACK=" + emulator.URL, "KEYWRIGHT_CACHE=" + t.TempDir()}, cli.Streams{Out: &out, Err: &err})
		return status, out.String(), err.String()
	}
	status, out, told := sweep()
	require.Equal(t, 0, status, told)
	require.Empty(t, out)
	require.Contains(t, told, "nothing is left over")
	require.Contains(t, told, "2 younger than 2h0m0s left alone")

	status, out, told = sweep("--older-than", "0")
	require.Equal(t, 2, status)
	require.Regexp(t, `^left over +alias  arn:aws:kms:us-east-1:000000000000:alias/ours  made \S+Z by run-1\nleft over +key    `+ours+`  made \S+Z by run-1\n$`, out)
	require.Contains(t, told, "2 left over: --yes schedules keys for deletion in 7 days")

	status, out, _ = sweep("--older-than", "0", "--yes", "--region", "eu-west-1", "--region", "us-east-1")
	require.Equal(t, 0, status)
	require.Regexp(t, `^removed +alias .*\npending deletion +key `, out)
	for key, want := range map[string]types.KeyState{ours: types.KeyStatePendingDeletion, theirs: types.KeyStateEnabled} {
		described, err := client.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key})
		require.NoError(t, err)
		require.Equal(t, want, described.KeyMetadata.KeyState)
	}

	status, out, _ = sweep("--older-than", "0", "--yes")
	require.Equal(t, 0, status)
	require.Empty(t, out, "it is idempotent")
}
