package kmsemu_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

const (
	region  = "us-east-1"
	account = "000000000000"
	other   = "111122223333"
)

// world is an emulator with a clock that stands still, and callers of it.
type world struct {
	testing.TB
	*kmsemu.Instance
	clock *kmsemutest.Clock
	ctx   context.Context
	root  *caller
	names atomic.Int64
	// wrapping are parameters for import that were asked for before.
	wrapping sync.Map
	// client checks after each call that what it changed was kept.
	client aws.HTTPClient
}

// skipCallsInTurn skips, under -short, a test of hundreds of calls of one caller, one
// after the other, of operations that shorter tests call too.
func skipCallsInTurn(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: hundreds of calls, one after the other")
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, kmsemu.Config{})
}

// newWorldOf is newWorld with more settings; the clock is its own.
func newWorldOf(t testing.TB, cfg kmsemu.Config) *world {
	t.Helper()
	clock := kmsemutest.NewClock(time.Now().Truncate(time.Second))
	w := &world{TB: t, clock: clock, ctx: t.Context()}
	cfg.Clock = clock.Now
	w.Instance = kmsemutest.New(t, &cfg)
	w.keepStrictly()
	w.root = w.caller("test", "test", "")
	return w
}

// name makes a name no other test of this world uses.
func (w *world) name(prefix string) string { return fmt.Sprintf("%s-%d", prefix, w.names.Add(1)) }

// caller is one set of credentials with a client for each service.
type caller struct {
	aws.Config
	kms *kms.Client
	sts *sts.Client
	iam *iam.Client
	arn string
}

func (w *world) caller(key, secret, token string) *caller {
	return w.callerIn(region, key, secret, token)
}

// retryOnce allows the one more attempt a client needs when the clocks differ.
func retryOnce() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 2
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func (w *world) callerIn(region, key, secret, token string) *caller {
	cfg := aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(w.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(key, secret, token),
		Retryer:      retryOnce,
		HTTPClient:   w.client,
	}
	return &caller{Config: cfg, kms: kms.NewFromConfig(cfg), sts: sts.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg)}
}

// key makes a key as root; change may adapt the request.
func (w *world) key(change ...func(*kms.CreateKeyInput)) string {
	w.Helper()
	in := &kms.CreateKeyInput{}
	for _, f := range change {
		f(in)
	}
	out, err := w.root.kms.CreateKey(w.ctx, in)
	require.NoError(w, err)
	return *out.KeyMetadata.Arn
}

// aliases are the names of the aliases that have a key, in the order of the list.
func (w *world) aliases() []string {
	w.Helper()
	out, err := w.root.kms.ListAliases(w.ctx, &kms.ListAliasesInput{Limit: aws.Int32(100)})
	require.NoError(w, err)
	var names []string
	for _, a := range out.Aliases {
		if a.TargetKeyId != nil {
			names = append(names, *a.AliasName)
		}
	}
	return names
}

func withPolicy(document string) func(*kms.CreateKeyInput) {
	return func(in *kms.CreateKeyInput) { in.Policy = aws.String(document) }
}

// roleARN makes a role that trusts its account, with at most one inline policy.
func (w *world) roleARN(by *caller, identityPolicy string) string {
	w.Helper()
	name := w.name("role")
	id, err := by.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	require.NoError(w, err)
	out, err := by.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trusting("arn:aws:iam::" + *id.Account + ":root"))})
	require.NoError(w, err)
	if identityPolicy != "" {
		_, err = by.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("inline"), PolicyDocument: &identityPolicy})
		require.NoError(w, err)
	}
	return *out.Role.Arn
}

// role is a session of a new role of root's account.
func (w *world) role(identityPolicy string) *caller {
	w.Helper()
	return w.session(w.root, &sts.AssumeRoleInput{RoleArn: aws.String(w.roleARN(w.root, identityPolicy))})
}

// session assumes a role.
func (w *world) session(by *caller, in *sts.AssumeRoleInput) *caller {
	w.Helper()
	if in.RoleSessionName == nil {
		in.RoleSessionName = aws.String("session")
	}
	out, err := by.sts.AssumeRole(w.ctx, in)
	require.NoError(w, err)
	c := w.caller(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	c.arn = *out.AssumedRoleUser.Arn
	return c
}

// event is the last one of an operation.
func (w *world) event(operation string) kmsemu.Event {
	w.Helper()
	events := w.Server.Events()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].EventName == operation {
			return events[i]
		}
	}
	w.Fatalf("no event %s", operation)
	return kmsemu.Event{}
}

// Policies, one statement each.

func trusting(principal string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}]}`, principal)
}

func allow(action string, resources ...string) string { return identity("Allow", action, resources...) }

func identity(effect, action string, resources ...string) string {
	list := `"` + strings.Join(resources, `","`) + `"`
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Action":%q,"Resource":[%s]}]}`, effect, action, list)
}

func allowAllBut(action string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":%q,"Resource":"*"}]}`, action)
}

// keyPolicy lets the account's root administer, and adds statements.
func keyPolicy(statements ...string) string {
	statements = append([]string{`{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"}`}, statements...)
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// statement writes one statement of a key policy; condition may be "".
func statement(effect, principal, action, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Sid":"this","Effect":%q,"Principal":{"AWS":%q},"Action":%q,"Resource":"*"%s}`, effect, principal, action, condition)
}

// fails asserts the code of an error and, unless it is "", its message.
func fails(t testing.TB, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.ErrorCode(), "message: %s", e.ErrorMessage())
	if message != "" {
		require.Equal(t, message, e.ErrorMessage())
	}
}

// codeOf is the code of an error; "" for none.
func codeOf(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// failsLike asserts the code and a part of the message.
func failsLike(t testing.TB, err error, code, part string) {
	t.Helper()
	fails(t, err, code, "")
	var e smithy.APIError
	errors.As(err, &e)
	require.Contains(t, e.ErrorMessage(), part)
}

func repeat(n int) *string { return aws.String(strings.Repeat("x", n)) }

// attempt is a caller's Encrypt with a key, and whether it is allowed.
type attempt struct {
	by      *caller
	key     string
	allowed bool
}

// mayEncrypt makes the attempts: who is not allowed is denied, nothing else.
func (w *world) mayEncrypt(t *testing.T, attempts map[string]attempt) {
	t.Helper()
	for name, a := range attempts {
		t.Run(name, func(t *testing.T) {
			_, err := w.encrypt(a.by, a.key, nil)
			if a.allowed {
				require.NoError(t, err)
				return
			}
			fails(t, err, "AccessDeniedException", "")
		})
	}
}
