package backend_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
)

// The embedded backend has every ability.
var (
	_ backend.Backend = (*backend.Embedded)(nil)
	_ backend.Auditor = (*backend.Embedded)(nil)
	_ backend.Ledger  = (*backend.Embedded)(nil)
)

func start(t *testing.T, cfg backend.EmbeddedConfig) *backend.Embedded {
	t.Helper()
	b, err := backend.StartEmbedded(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func TestDeployerIsARole(t *testing.T) {
	t.Parallel()
	b := start(t, backend.EmbeddedConfig{Region: "eu-west-1"})
	who, err := sts.NewFromConfig(b.Config()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::000000000000:assumed-role/keywright-deployer/terraform", aws.ToString(who.Arn))

	require.Equal(t, "arn:aws:iam::000000000000:role/keywright-deployer", b.DeployerARN())
	got := b.Env()
	credentials, err := b.Config().Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"AWS_ENDPOINT_URL": aws.ToString(b.Config().BaseEndpoint), "AWS_REGION": "eu-west-1",
		"AWS_ACCESS_KEY_ID": credentials.AccessKeyID, "AWS_SECRET_ACCESS_KEY": credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN": credentials.SessionToken, "AWS_EC2_METADATA_DISABLED": "true",
	}, got, "engine and SDK are given the same")
	require.NotEmpty(t, got["AWS_SESSION_TOKEN"])
}

// A key policy binds the deployer, which root would not show: the twins differ
// in the effect of one statement.
func TestPolicyBindsTheDeployer(t *testing.T) {
	t.Parallel()
	const policy = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"},
		{"Sid":"Twin","Effect":"%s","Principal":{"AWS":"arn:aws:iam::000000000000:role/keywright-deployer"},"Action":"kms:Encrypt","Resource":"*"}]}`
	for effect, allowed := range map[string]bool{"Allow": true, "Deny": false} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			b := start(t, backend.EmbeddedConfig{})
			require.True(t, b.Enforces())
			client := kms.NewFromConfig(b.Config())
			key, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String(fmt.Sprintf(policy, effect))})
			require.NoError(t, err)
			_, err = client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: key.KeyMetadata.Arn, Plaintext: []byte("x")})
			events := b.Events()
			last := events[len(events)-1]
			require.Equal(t, "Encrypt", last.EventName)
			require.NotNil(t, last.Decision)
			require.Equal(t, allowed, last.Decision.Allowed())
			if allowed {
				require.NoError(t, err)
				return
			}
			var denied smithy.APIError
			require.ErrorAs(t, err, &denied)
			require.Equal(t, "AccessDeniedException", denied.ErrorCode())
			require.Equal(t, "Twin", last.Decision.Reasons[0].Sid)
		})
	}
}

// The credentials outlast any test run, and no more.
func TestDeployerSession(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	begin := time.Now()
	b := start(t, backend.EmbeddedConfig{Clock: func() time.Time { return begin.Add(time.Duration(passed.Load())) }})
	client := sts.NewFromConfig(b.Config())
	// The SDK follows the server's clock, so only the session can fail.
	passed.Store(int64(11 * time.Hour))
	_, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	passed.Store(int64(13 * time.Hour))
	_, err = client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	var expired smithy.APIError
	require.ErrorAs(t, err, &expired)
	require.Contains(t, expired.ErrorCode(), "ExpiredToken")
}

func TestLiveKeys(t *testing.T) {
	t.Parallel()
	b := start(t, backend.EmbeddedConfig{})
	client := kms.NewFromConfig(b.Config())
	live := func() []string {
		t.Helper()
		arns, err := b.LiveKeys(t.Context())
		require.NoError(t, err)
		return arns
	}
	require.Empty(t, live())
	key, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	arn := aws.ToString(key.KeyMetadata.Arn)
	require.Equal(t, []string{arn}, live())

	_, err = client.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String("not JSON")})
	require.Error(t, err)
	require.Equal(t, []string{arn}, live(), "a key that was not made does not count")

	_, err = client.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: aws.Int32(6)})
	require.Error(t, err)
	require.Equal(t, []string{arn}, live(), "a deletion that was refused does not count")
	_, err = client.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &arn})
	require.NoError(t, err)
	require.Empty(t, live())
	_, err = client.CancelKeyDeletion(t.Context(), &kms.CancelKeyDeletionInput{KeyId: &arn})
	require.NoError(t, err)
	require.Equal(t, []string{arn}, live())
}

func TestClosed(t *testing.T) {
	t.Parallel()
	b, err := backend.StartEmbedded(t.Context(), backend.EmbeddedConfig{})
	require.NoError(t, err)
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
	cfg := b.Config()
	cfg.RetryMaxAttempts = 1
	_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.Error(t, err, "nothing listens any more")
}
