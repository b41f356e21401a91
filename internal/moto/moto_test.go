package moto_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/internal/moto"
)

func TestStart(t *testing.T) {
	t.Parallel()
	cfg := python.Config{Environ: map[string]string{}, Progress: func(line string) { t.Log(line) }}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		cfg.Environ[name] = value
	}
	if cfg.CacheDir = cfg.Environ["KEYWRIGHT_CACHE"]; cfg.CacheDir == "" {
		base, err := os.UserCacheDir()
		require.NoError(t, err)
		cfg.CacheDir = filepath.Join(base, "keywright")
	}
	server, err := moto.Start(t.Context(), cfg)
	if errors.Is(err, python.ErrNoPython) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client := kms.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	made, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	sealed, err := client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: made.KeyMetadata.KeyId, Plaintext: []byte("x")})
	require.NoError(t, err)
	opened, err := client.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	require.NoError(t, err)
	require.Equal(t, "x", string(opened.Plaintext))
}
