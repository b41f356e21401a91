// Package backendtest says what a backend must do, as tests: [Contract] runs them
// on any, also on one of your own. It is for tests only.
package backendtest

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
)

// window is the shortest waiting period of a deletion, in days.
const window = 7

// Contract tests what every backend must do, and of its abilities those that it
// says it has. Start starts one; it is called several times, and backends may be
// of the same account. What the tests make is scheduled for deletion or removed.
func Contract(t *testing.T, start func(context.Context) (backend.Backend, error)) {
	t.Helper()
	c := contract{start}
	for name, test := range map[string]func(*testing.T){
		"names itself and its deployer":             c.identity,
		"Env and Config lead to the same":           c.environment,
		"has no keys of another Region":             c.region,
		"works beside another one":                  c.sideBySide,
		"is closed twice":                           c.closing,
		"knows its live keys":                       c.ledger,
		"enforces policies if it says so":           c.enforcement,
		"tells of a call before it is answered":     c.audit,
		"is another account if it says it has some": c.accounts,
		"keeps a key that is pending deletion":      c.pendingDeletion,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

type contract struct {
	start func(context.Context) (backend.Backend, error)
}

// subject is a backend in a test, with what may fail there made fatal.
type subject struct {
	*testing.T
	backend.Backend
}

func (c contract) make(t *testing.T) subject {
	t.Helper()
	b, err := c.start(t.Context())
	if err != nil {
		t.Fatalf("starting the backend: %v", err)
	}
	s := subject{t, b}
	t.Cleanup(func() { s.check("closing it", b.Close()) })
	return s
}

func (s subject) check(doing string, err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", doing, err)
	}
}

// soon tries what may take a while to be so.
func (s subject) soon(doing string, try func(context.Context) error) {
	s.Helper()
	s.check(doing, backend.Settle(s.Context(), s.Backend, probe.Passes, func() error { return try(s.Context()) }))
}

// key makes a key that is scheduled for deletion in the end; "" is the default
// policy.
func (s subject) key(policy string) string {
	s.Helper()
	client := kms.NewFromConfig(s.Config())
	in := &kms.CreateKeyInput{Description: aws.String("contract test")}
	if policy != "" {
		in.Policy = &policy
	}
	var arn string
	unknown := backend.Codes("MalformedPolicyDocumentException") // a role in the policy is too new
	s.check("making a key", backend.Settle(s.Context(), s.Backend, unknown, func() error {
		out, err := client.CreateKey(s.Context(), in)
		if err == nil {
			arn = aws.ToString(out.KeyMetadata.Arn)
		}
		return err
	}))
	s.Cleanup(func() {
		ctx := context.WithoutCancel(s.Context())
		_, err := client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: aws.Int32(window)})
		if invalid := backend.Codes("KMSInvalidStateException"); err != nil && !invalid(err) {
			s.Errorf("scheduling the deletion of %s: %v", arn, err)
		}
	})
	s.soon("finding the new key", func(ctx context.Context) error {
		_, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
		return err
	})
	return arn
}

// environment is what the SDK makes of Env alone.
func (s subject) environment() aws.Config {
	s.Helper()
	env := s.Env()
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if env[name] == "" {
			s.Fatalf("Env has no %s, which engine and provider need: it has %d variables", name, len(env))
		}
	}
	cfg := aws.Config{
		Region:      env["AWS_REGION"],
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]),
	}
	if url := env["AWS_ENDPOINT_URL"]; url != "" {
		cfg.BaseEndpoint = &url
	}
	return cfg
}

func (s subject) caller(cfg aws.Config) *sts.GetCallerIdentityOutput {
	s.Helper()
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(s.Context(), &sts.GetCallerIdentityInput{})
	s.check("asking who the deployer is", err)
	return who
}

func (c contract) identity(t *testing.T) {
	b := c.make(t)
	if b.Name() == "" {
		t.Error("Name is empty: results could not tell it from others")
	}
	who := b.caller(b.Config())
	principal, session := b.DeployerARN(), aws.ToString(who.Arn)
	if parts := strings.Split(principal, ":"); len(parts) != 6 || parts[2] != "iam" || parts[4] != aws.ToString(who.Account) {
		t.Errorf("DeployerARN is %q, want that of a role or user of account %s", principal, aws.ToString(who.Account))
	}
	if !backend.IsOf(session, principal) {
		t.Errorf("DeployerARN is %s, but its credentials are those of %s", principal, session)
	}
	b.check("answering", backend.Answers(t.Context(), b))
}

func (c contract) environment(t *testing.T) {
	b := c.make(t)
	env := b.Env()
	env["AWS_REGION"] = "" // the caller's map
	fromEnv := b.environment()
	if a, b := aws.ToString(b.caller(fromEnv).Arn), aws.ToString(b.caller(b.Config()).Arn); a != b {
		t.Errorf("Env is of %s, Config of %s", a, b)
	}
	if fromEnv.Region != b.Config().Region {
		t.Errorf("Env is of Region %s, Config of %s", fromEnv.Region, b.Config().Region)
	}
	arn := b.key("")
	if got := strings.Split(arn, ":")[3]; got != fromEnv.Region {
		t.Errorf("a key lands in Region %s, want %s", got, fromEnv.Region)
	}
	b.soon("finding by Env what Config made", func(ctx context.Context) error {
		_, err := kms.NewFromConfig(fromEnv).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
		return err
	})
}

func (c contract) region(t *testing.T) {
	b := c.make(t)
	arn := b.key("")
	elsewhere := b.Config()
	elsewhere.Region = "ap-southeast-2"
	_, err := kms.NewFromConfig(elsewhere).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(arn[strings.LastIndexByte(arn, '/')+1:])})
	if !backend.Codes("NotFoundException")(err) {
		t.Errorf("a key of %s asked for in %s: want NotFoundException, got %v", b.Config().Region, elsewhere.Region, err)
	}
}

// Two at once work, and the end of one is not that of the other.
func (c contract) sideBySide(t *testing.T) {
	a, err := c.start(t.Context())
	if err != nil {
		t.Fatalf("starting the first backend: %v", err)
	}
	b := c.make(t)
	first := subject{t, a}
	first.check("answering", backend.Answers(t.Context(), a))
	first.check("closing the first", a.Close())
	b.check("answering once the first is closed", backend.Answers(t.Context(), b))
	b.key("")
}

func (c contract) closing(t *testing.T) {
	b, err := c.start(t.Context())
	if err != nil {
		t.Fatalf("starting the backend: %v", err)
	}
	s := subject{t, b}
	s.check("closing it", b.Close())
	s.check("closing it again", b.Close())
}

func (c contract) pendingDeletion(t *testing.T) {
	b := c.make(t)
	arn := b.key("")
	client := kms.NewFromConfig(b.Config())
	_, err := client.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: aws.Int32(window)})
	b.check("scheduling a key's deletion", err)
	b.check("reading it thereafter", probe.PendingDeletion(t.Context(), client, arn))
	_, err = client.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
	if !backend.Codes("KMSInvalidStateException")(err) {
		t.Errorf("encrypting with a key that is pending deletion: want KMSInvalidStateException, got %v", err)
	}
}
