package backend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/go-version"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// AWSConfig says which AWS account to use, and as whom.
type AWSConfig struct {
	// Accounts are the ids of the accounts that keys may be made in, such as
	// "123456789012". The caller's must be among them: none is by default.
	Accounts []string
	// Region is where keys are made; it must be set.
	Region string
	// Environ holds the caller's credentials: of its variables those that
	// [AWSVariables] lists are read. Nil means there are none.
	Environ map[string]string
	// Progress receives the note of what it costs and when the credentials end; nil
	// discards them.
	Progress func(line string)
	// Patience is how long a change may take until it counts; 0 means a minute.
	Patience time.Duration
	// Endpoint is the URL of what stands in for AWS, in tests of this package; ""
	// means AWS.
	Endpoint string
}

// AWS is an account of AWS as a backend: it enforces policies, changes take a
// while to count, and it keeps no audit trail that a test could read at once. Keys
// and roles carry the tag of package sweep.
type AWS struct {
	deployer
	patience time.Duration
}

// defaultPatience is longer than changes usually take in AWS.
const defaultPatience = time.Minute

// costNote is told once for each run. Source: AWS KMS pricing.
const costNote = "this run makes keys in AWS account %s, %s: a key costs 1 USD a month, by the hour, and nothing once it is pending deletion; " +
	"calls cost 0.03 USD for 10,000, those with asymmetric keys up to 0.15 USD, making RSA data key pairs 12 USD. " +
	"What is made has the tag keywright = %s; keywright sweep finds what an interrupted run left"

// StartAWS makes a backend of the account that the caller's credentials are of, if
// that is one of the accounts that the configuration lists. Terraform then runs as
// the caller, which must be a role or a user, and makes nothing until it is asked
// to. The deletion windows of modules that have a variable for it, named
// deletion_window_in_days or deletion_window_days, are 7 unless a test says
// otherwise.
func StartAWS(ctx context.Context, cfg AWSConfig) (*AWS, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	given, err := cfg.credentials(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS credentials: %w", err)
	}
	b := &AWS{
		deployer: deployer{endpoint: cfg.Endpoint, region: cfg.Region, session: given, run: newRun()},
		patience: cfg.Patience,
	}
	if b.patience == 0 {
		b.patience = defaultPatience
	}
	account, err := b.identify(ctx, cfg.Accounts)
	if err != nil {
		return nil, err
	}
	cfg.Progress(fmt.Sprintf(costNote, account, cfg.Region, b.run))
	if given.CanExpire {
		cfg.Progress("the AWS credentials end at " + given.Expires.Format(time.RFC3339) + ": what is applied must be destroyed by then")
	}
	return b, nil
}

// AccountIDs are the ids in a list separated by commas, as KEYWRIGHT_AWS_ACCOUNTS
// has it.
func AccountIDs(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

var accountID = lazyregexp.New(`^[0-9]{12}$`)

// check refuses what could reach an account that nobody meant.
func (cfg AWSConfig) check() error {
	if len(cfg.Accounts) == 0 {
		return errors.New("no AWS account is allowed: set KEYWRIGHT_AWS_ACCOUNTS to the ids of accounts that tests may make keys in, separated by commas")
	}
	for _, id := range cfg.Accounts {
		if !accountID.MatchString(id) {
			return fmt.Errorf("KEYWRIGHT_AWS_ACCOUNTS: %q is no account id: it has 12 digits", id)
		}
	}
	if cfg.Region == "" {
		return errors.New("no AWS Region is chosen: set AWS_REGION, such as eu-west-1")
	}
	return nil
}

// identify learns who the caller is, and refuses one of an account that is not
// allowed, before anything else is asked there.
func (b *AWS) identify(ctx context.Context, allowed []string) (account string, err error) {
	who, err := sts.NewFromConfig(b.config(b.session)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("asking AWS who the caller is: %w", err)
	}
	account = aws.ToString(who.Account)
	if !slices.Contains(allowed, account) {
		return "", fmt.Errorf("the AWS credentials are of account %s, which KEYWRIGHT_AWS_ACCOUNTS does not list (%s): use those of another account, or add it if tests may make keys there",
			account, strings.Join(allowed, ", "))
	}
	b.role, err = b.principal(ctx, aws.ToString(who.Arn))
	return account, err
}

var assumedRole = lazyregexp.New(`^arn:[a-z-]+:sts::[0-9]{12}:assumed-role/([^/]+)/`)

// principal is the caller as policies name it. A session does not tell the path of
// its role.
func (b *AWS) principal(ctx context.Context, caller string) (string, error) {
	if strings.Contains(caller, ":user/") {
		return caller, nil
	}
	m := assumedRole.FindStringSubmatch(caller)
	if m == nil {
		return "", fmt.Errorf("the AWS credentials are those of %s: use a role or a user, since no other can be named in a key policy and assume roles", caller)
	}
	role, err := iam.NewFromConfig(b.config(b.session)).GetRole(ctx, &iam.GetRoleInput{RoleName: &m[1]})
	if err != nil {
		return "", fmt.Errorf("asking for the ARN of the caller's role: %w", err)
	}
	return aws.ToString(role.Role.Arn), nil
}

// Name returns "aws".
func (b *AWS) Name() string { return "aws" }

// Enforces returns true.
func (b *AWS) Enforces() bool { return true }

// Patience implements [Eventual].
func (b *AWS) Patience() time.Duration { return b.patience }

// shortWindow gives modules that leave it to a variable the shortest deletion
// window. Engines pass over variables that a module does not have.
var shortWindow = map[string]string{"TF_VAR_deletion_window_in_days": "7", "TF_VAR_deletion_window_days": "7"}

// Env implements [Backend].
func (b *AWS) Env() map[string]string {
	env := b.deployer.Env()
	maps.Copy(env, shortWindow)
	return env
}

// CheckProvider implements [ProviderChecker]: an older provider would make keys
// without the tag. Source: AWS provider, changelog of 5.62.0.
func (b *AWS) CheckProvider(v string) error {
	have, err := version.NewVersion(v)
	if err != nil {
		return fmt.Errorf("the AWS provider's version: %w", err)
	}
	if have.LessThan(tagsByEnvironment) {
		return fmt.Errorf("the AWS provider %s takes no default tags from the environment, so that what it makes in AWS could not be told apart: use %s or newer", have, tagsByEnvironment)
	}
	return nil
}

var tagsByEnvironment = version.Must(version.NewVersion("5.62.0"))

// LiveKeys implements [Ledger]: by the tag, in the deployer's Region.
func (b *AWS) LiveKeys(ctx context.Context) ([]string, error) {
	return taggedKeys(ctx, b.Config(), b.run)
}

// Close frees nothing: what was made and not destroyed is for package sweep.
func (b *AWS) Close() error { return nil }
