package backend_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

var _ backend.Backend = (*backend.LocalStack)(nil)

func TestLocalStack(t *testing.T) {
	t.Parallel()
	b, err := backend.StartLocalStack(t.Context(), backend.LocalStackConfig{Python: pythontest.Config(t), Region: "eu-west-1"})
	pythontest.Check(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	require.Equal(t, "localstack", b.Name())
	require.False(t, b.Enforces())
	require.Equal(t, "arn:aws:iam::000000000000:role/keywright-deployer", b.DeployerARN())
	require.Equal(t, "eu-west-1", b.Env()["AWS_REGION"])

	// One that runs is used, as often as one likes, and left running.
	again, err := backend.StartLocalStack(t.Context(), backend.LocalStackConfig{Endpoint: b.Env()["AWS_ENDPOINT_URL"] + "/", Region: "eu-west-1"})
	require.NoError(t, err)
	require.NoError(t, again.Close())
	for _, b := range []*backend.LocalStack{b, again} {
		who, err := sts.NewFromConfig(b.Config()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		require.NoError(t, err)
		require.Equal(t, "arn:aws:sts::000000000000:assumed-role/keywright-deployer/terraform", aws.ToString(who.Arn))
	}

	client := kms.NewFromConfig(b.Config())
	key, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	require.Contains(t, aws.ToString(key.KeyMetadata.Arn), "arn:aws:kms:eu-west-1:000000000000:key/")
	sealed, err := client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key.KeyMetadata.KeyId, Plaintext: []byte("x")})
	require.NoError(t, err)
	opened, err := client.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	require.NoError(t, err)
	require.Equal(t, "x", string(opened.Plaintext))

	require.NoError(t, b.Close())
	cfg := b.Config()
	cfg.RetryMaxAttempts = 1
	_, err = kms.NewFromConfig(cfg).ListKeys(t.Context(), &kms.ListKeysInput{})
	require.Error(t, err, "nothing listens any more")
}

func TestNoLocalStack(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, row := range []struct {
		name string
		cfg  backend.LocalStackConfig
		want string
	}{
		{"nothing listens", backend.LocalStackConfig{Endpoint: gone.URL}, "start it, or leave the endpoint out"},
		{"something else listens", backend.LocalStackConfig{Endpoint: other.URL}, "404 Not Found: it is no LocalStack with KMS"},
		{"not a URL", backend.LocalStackConfig{Endpoint: ":4566"}, `asking LocalStack at ":4566"`},
		{"no Python", backend.LocalStackConfig{Python: python.Config{CacheDir: t.TempDir(), Path: "/none"}}, python.ErrNoPython.Error()},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := backend.StartLocalStack(t.Context(), row.cfg)
			require.ErrorContains(t, err, row.want)
		})
	}
}
