package backend_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/backendtest"
	"github.com/keywright/keywright/harness/sweep"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

var (
	_ backend.Backend  = (*backend.AWS)(nil)
	_ backend.Ledger   = (*backend.AWS)(nil)
	_ backend.Eventual = (*backend.AWS)(nil)
)

const testAccount = "000000000000"

// standIn is an emulator in the place of AWS.
type standIn struct{ *backendtest.StandIn }

func newStandIn(t *testing.T) standIn {
	t.Helper()
	s, err := backendtest.StartStandIn(t.Context(), time.Second)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	s.Config.Patience = 20 * time.Second
	return standIn{s}
}

func (s standIn) start(t *testing.T) *backend.AWS {
	t.Helper()
	b, err := backend.StartAWS(t.Context(), s.Config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func TestAWS(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	var told []string
	s.Config.Progress = func(line string) { told = append(told, line) }
	b := s.start(t)
	require.Equal(t, "aws", b.Name())
	require.True(t, b.Enforces())
	require.Equal(t, "arn:aws:iam::"+testAccount+":user/ci", b.DeployerARN())
	_, audited := backend.Backend(b).(backend.Auditor)
	require.False(t, audited, "CloudTrail tells too late")

	env := b.Env()
	require.Equal(t, "7", env["TF_VAR_deletion_window_in_days"])
	require.Equal(t, s.Config.Environ["AWS_ACCESS_KEY_ID"], env["AWS_ACCESS_KEY_ID"])
	require.NotContains(t, env, "AWS_SESSION_TOKEN", "a user has none")
	run := env["TF_AWS_DEFAULT_TAGS_keywright"]
	require.NotEmpty(t, run)
	require.Len(t, told, 1)
	require.Contains(t, told[0], "1 USD a month")
	require.Contains(t, told[0], "account "+testAccount+", eu-west-1")
	require.Contains(t, told[0], "keywright = "+run)
}

// What the deployer's clients make carries the tag, beside the tags it was given.
func TestAWSTags(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	require.NoError(t, s.Slow(0))
	b := s.start(t)
	run := b.Env()["TF_AWS_DEFAULT_TAGS_keywright"]
	client := kms.NewFromConfig(b.Config())
	in := &kms.CreateKeyInput{MultiRegion: aws.Bool(true)}
	key, err := client.CreateKey(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, in.Tags, "what the caller gave is not changed")
	replica, err := client.ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: key.KeyMetadata.KeyId, ReplicaRegion: aws.String("us-west-2")})
	require.NoError(t, err)
	elsewhere := b.Config()
	elsewhere.Region = "us-west-2"
	for arn, client := range map[*string]*kms.Client{key.KeyMetadata.Arn: client, replica.ReplicaKeyMetadata.Arn: kms.NewFromConfig(elsewhere)} {
		tags, err := client.ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: arn})
		require.NoError(t, err)
		require.Len(t, tags.Tags, 1)
		require.Equal(t, sweep.Tag+"="+run, aws.ToString(tags.Tags[0].TagKey)+"="+aws.ToString(tags.Tags[0].TagValue))
	}
	roles := iam.NewFromConfig(b.Config())
	_, err = roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("app"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + b.DeployerARN() + `"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	tags, err := roles.ListRoleTags(t.Context(), &iam.ListRoleTagsInput{RoleName: aws.String("app")})
	require.NoError(t, err)
	require.Len(t, tags.Tags, 1)
	require.Equal(t, run, aws.ToString(tags.Tags[0].Value))
}

// Only an account that is listed is used, and nothing is asked of another but who
// the caller is.
func TestAWSAllowList(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	for _, row := range []struct {
		name     string
		accounts []string
		want     string // "" for none
	}{
		{"listed", []string{"111111111111", testAccount}, ""},
		{"another", []string{"111111111111"}, "of account " + testAccount + ", which KEYWRIGHT_AWS_ACCOUNTS does not list (111111111111)"},
		{"none", nil, "set KEYWRIGHT_AWS_ACCOUNTS"},
		{"not an id", []string{"all"}, `"all" is no account id`},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := s.Config
			cfg.Accounts = row.accounts
			s.Server.ClearEvents()
			_, err := backend.StartAWS(t.Context(), cfg)
			for _, e := range s.Server.Events() {
				require.Equal(t, "GetCallerIdentity", e.EventName)
			}
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestAWSRefuses(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	for _, row := range []struct {
		name   string
		change func(*backend.AWSConfig)
		want   string
	}{
		{"no Region", func(c *backend.AWSConfig) { c.Region = "" }, "set AWS_REGION"},
		{"no credentials", func(c *backend.AWSConfig) { c.Environ = nil }, "there are none: set AWS_PROFILE"},
		{"half a key", func(c *backend.AWSConfig) { c.Environ = map[string]string{"AWS_ACCESS_KEY_ID": "AKIA"} }, "AWS_SECRET_ACCESS_KEY is not"},
		{"a token without a role", func(c *backend.AWSConfig) { c.Environ = map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"} }, "AWS_ROLE_ARN is not"},
		{"a profile that is not there", func(c *backend.AWSConfig) {
			c.Environ = map[string]string{"AWS_PROFILE": "none", "HOME": "/nowhere"}
		}, "reading profile none"},
		{"the root user", func(c *backend.AWSConfig) {
			c.Environ = map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
		}, "use a role or a user"},
		{"keys that are wrong", func(c *backend.AWSConfig) {
			c.Environ = map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
		}, "asking AWS who the caller is"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := s.Config
			row.change(&cfg)
			_, err := backend.StartAWS(t.Context(), cfg)
			require.ErrorContains(t, err, row.want)
		})
	}
}

// Credentials come from a role's session, a profile or a web identity as well, and
// from no variable that is not listed.
func TestAWSCredentials(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	require.NoError(t, s.Slow(0))
	issuer := kmsemutest.NewTokenIssuer(t, s.Instance, "https://tokens.example.com")
	client := iam.NewFromConfig(s.Root)
	provider, err := client.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String(issuer.URL), ClientIDList: []string{"sts.amazonaws.com"}})
	require.NoError(t, err)
	for role, trust := range map[string]string{
		"ci":   `{"AWS":"arn:aws:iam::` + testAccount + `:root"},"Action":"sts:AssumeRole"`,
		"jobs": `{"Federated":"` + aws.ToString(provider.OpenIDConnectProviderArn) + `"},"Action":"sts:AssumeRoleWithWebIdentity"`,
	} {
		_, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{
			RoleName: &role, Path: aws.String("/teams/"),
			AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + trust + `}]}`),
		})
		require.NoError(t, err)
		_, err = client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("all"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)})
		require.NoError(t, err)
	}
	arn := "arn:aws:iam::" + testAccount + ":role/teams/"
	session, err := sts.NewFromConfig(s.Root).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(arn + "ci"), RoleSessionName: aws.String("ci")})
	require.NoError(t, err)

	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	keys := func(name string) string {
		return strings.NewReplacer("ID", s.Config.Environ["AWS_ACCESS_KEY_ID"], "SECRET", s.Config.Environ["AWS_SECRET_ACCESS_KEY"]).Replace(
			"[" + name + "]\naws_access_key_id = ID\naws_secret_access_key = SECRET\n")
	}
	token := write("token", issuer.Token(map[string]any{"aud": "sts.amazonaws.com", "sub": "job"}))
	file := write("credentials", keys("keywright"))
	for _, row := range []struct {
		name    string
		environ map[string]string
		want    string
	}{
		{"session of a role with a path", map[string]string{
			"AWS_ACCESS_KEY_ID": *session.Credentials.AccessKeyId, "AWS_SECRET_ACCESS_KEY": *session.Credentials.SecretAccessKey,
			"AWS_SESSION_TOKEN": *session.Credentials.SessionToken,
		}, arn + "ci"},
		{"profile", map[string]string{"AWS_PROFILE": "keywright", "AWS_SHARED_CREDENTIALS_FILE": file}, "arn:aws:iam::" + testAccount + ":user/ci"},
		{"web identity", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": arn + "jobs"}, arn + "jobs"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := s.Config
			cfg.Environ = row.environ
			b, err := backend.StartAWS(t.Context(), cfg)
			require.NoError(t, err)
			require.Equal(t, row.want, b.DeployerARN())
			require.Equal(t, row.name != "profile", b.Env()["AWS_SESSION_TOKEN"] != "")
			require.NoError(t, backend.Answers(t.Context(), b), "what Terraform gets works")
		})
	}
}

// Two runs in one account know their own keys alone.
func TestAWSLedger(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	require.NoError(t, s.Slow(0))
	_, err := kms.NewFromConfig(s.Root).CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err, "a key that was there")
	a, b := s.start(t), s.start(t)
	key, err := kms.NewFromConfig(a.Config()).CreateKey(t.Context(), &kms.CreateKeyInput{})
	require.NoError(t, err)
	live, err := a.LiveKeys(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{*key.KeyMetadata.Arn}, live)
	live, err = b.LiveKeys(t.Context())
	require.NoError(t, err)
	require.Empty(t, live)
}

// A provider that takes no default tags from the environment would leave keys that
// nobody can tell apart; other backends take any.
func TestAWSProvider(t *testing.T) {
	t.Parallel()
	onAWS := newStandIn(t).start(t)
	require.NoError(t, backend.CheckProvider(onAWS, "5.62.0"))
	require.NoError(t, backend.CheckProvider(onAWS, "6.34.0"))
	require.ErrorContains(t, backend.CheckProvider(onAWS, "5.61.0"), "use 5.62.0 or newer")
	require.ErrorContains(t, backend.CheckProvider(onAWS, "newest"), "version")
	require.NoError(t, backend.CheckProvider(start(t, backend.EmbeddedConfig{}), "5.40.0"))
}

// What passes by itself is waited for, as long as the patience lasts and no longer;
// anything else, and anything on a backend that is at once consistent, is not.
func TestSettle(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	onAWS, embedded := s.start(t), start(t, backend.EmbeddedConfig{})
	denied, gone := &smithy.GenericAPIError{Code: "AccessDenied"}, &smithy.GenericAPIError{Code: "NoSuchEntity"}
	for _, row := range []struct {
		name  string
		on    backend.Backend
		fails []error // of the tries; the one after them succeeds
		want  error
		tries int
	}{
		{"passes", onAWS, []error{denied, denied}, nil, 3},
		{"another error", onAWS, []error{denied, gone}, gone, 2},
		{"succeeds", onAWS, nil, nil, 1},
		{"on a consistent backend", embedded, []error{denied}, denied, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			err := backend.Settle(t.Context(), row.on, backend.Codes("AccessDenied"), func() error {
				tries++
				if tries > len(row.fails) {
					return nil
				}
				return row.fails[tries-1]
			})
			require.ErrorIs(t, err, row.want)
			require.Equal(t, row.tries, tries)
		})
	}
	t.Run("does not pass", func(t *testing.T) {
		t.Parallel()
		s.Config.Patience = 500 * time.Millisecond
		err := backend.Settle(t.Context(), s.start(t), backend.Codes("AccessDenied"), func() error { return denied })
		require.ErrorIs(t, err, denied)
		require.ErrorContains(t, err, "it has not passed in ")
	})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	b, err := backend.StartEmbedded(t.Context(), backend.EmbeddedConfig{})
	require.NoError(t, err)
	require.NoError(t, backend.Answers(t.Context(), b))
	require.NoError(t, b.Close())
	require.ErrorContains(t, backend.Answers(t.Context(), b), "the backend embedded no longer answers its deployer")

	// One that was started anew at the same place does not know the deployer.
	s := newStandIn(t)
	front := httptest.NewServer(s.Server)
	t.Cleanup(front.Close)
	s.Config.Endpoint = front.URL
	aws := s.start(t)
	require.NoError(t, backend.Answers(t.Context(), aws))
	s.Server.Reset()
	require.ErrorContains(t, backend.Answers(t.Context(), aws), "started anew")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, backend.Answers(ended, aws), context.Canceled)
}
