package gomod_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

const (
	root  = "arn:aws:iam::000000000000:root"
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + root + `"},"Action":"sts:AssumeRole"}]}`
)

// world is an emulator with a key that one role may use under the encryption
// context tenant=a. The process's environment leads clients to it, as root.
type world struct {
	*testing.T
	emulator *kmsemu.Instance
	app      string // ARN of the role that may
	stranger string // and of one that may not
	key      string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, emulator: kmsemutest.New(t, nil)}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": w.emulator.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
	} {
		t.Setenv(name, value)
	}
	w.app, w.stranger = w.role("app"), w.role("stranger")
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":["kms:Encrypt","kms:Decrypt"],"Resource":"*",
		 "Condition":{"StringEquals":{"kms:EncryptionContext:tenant":"a"}}}]}`, root, w.app)
	made, err := w.kms("").CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &policy})
	require.NoError(t, err)
	w.key = *made.KeyMetadata.Arn
	return w
}

func (w *world) config() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &w.emulator.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

func (w *world) role(name string) string {
	w.Helper()
	made, err := iam.NewFromConfig(w.config()).CreateRole(w.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
	require.NoError(w, err)
	return *made.Role.Arn
}

// kms is a client as a role, or as root.
func (w *world) kms(role string) *kms.Client {
	w.Helper()
	cfg := w.config()
	if role != "" {
		out, err := sts.NewFromConfig(cfg).AssumeRole(w.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("gomod")})
		require.NoError(w, err)
		cfg.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	}
	return kms.NewFromConfig(cfg)
}
