package backend_test

import (
	"context"
	"errors"
	"io"
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
	"github.com/keywright/keywright/kmsemu/kmsemutest"
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

// A container is used where it is asked for, and where there is no Python; never
// where an endpoint is given.
func TestLocalStackInAContainer(t *testing.T) {
	t.Parallel()
	noPython := python.Config{CacheDir: t.TempDir(), Path: "/none"}
	elsewhere := kmsemutest.New(t, nil)
	for _, row := range []struct {
		name      string
		cfg       backend.LocalStackConfig
		contained bool
	}{
		{"asked for", backend.LocalStackConfig{Endpoint: backend.InDocker}, true},
		{"no Python", backend.LocalStackConfig{Python: noPython}, true},
		{"an endpoint", backend.LocalStackConfig{Endpoint: elsewhere.URL, Python: noPython}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			emulator := kmsemutest.New(t, nil)
			started, closed := "", 0
			row.cfg.Container = func(_ context.Context, image string, env map[string]string) (string, io.Closer, error) {
				require.Equal(t, "kms,sts,iam,s3", env["SERVICES"])
				started = image
				return emulator.URL, closerFunc(func() error { closed++; return nil }), nil
			}
			b, err := backend.StartLocalStack(t.Context(), row.cfg)
			require.NoError(t, err)
			require.NoError(t, backend.Answers(t.Context(), b))
			require.NoError(t, b.Close())
			if row.contained {
				require.Equal(t, "localstack/localstack:4.14.0", started)
				require.Equal(t, emulator.URL, b.Env()["AWS_ENDPOINT_URL"])
				require.Equal(t, 1, closed)
				require.NotContains(t, b.Env(), "TF_AWS_DEFAULT_TAGS_keywright", "nothing outlives it")
				return
			}
			require.Empty(t, started)
			require.Contains(t, b.Env(), "TF_AWS_DEFAULT_TAGS_keywright", "what is made there outlives the run")
		})
	}
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

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
		{"not a URL", backend.LocalStackConfig{Endpoint: ":4566"}, `asking LocalStack at ":4566": it is no URL: write it as http://`},
		{"no scheme", backend.LocalStackConfig{Endpoint: "localhost:4566"}, `asking LocalStack at "localhost:4566": it is no URL: write it as http://`},
		{"no host", backend.LocalStackConfig{Endpoint: "http://[::1"}, `asking LocalStack at "http://[::1"`},
		{"no containers", backend.LocalStackConfig{Endpoint: backend.InDocker}, "this program starts no containers: run docker run"},
		{"neither Python nor a container", backend.LocalStackConfig{
			Python: python.Config{CacheDir: t.TempDir(), Path: "/none"},
			Container: func(context.Context, string, map[string]string) (string, io.Closer, error) {
				return "", nil, errors.New("no usable Docker")
			},
		}, "nor can it run in a container: no usable Docker"},
		{"no Python", backend.LocalStackConfig{Python: python.Config{CacheDir: t.TempDir(), Path: "/none"}}, python.ErrNoPython.Error()},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := backend.StartLocalStack(t.Context(), row.cfg)
			require.ErrorContains(t, err, row.want)
		})
	}
}
