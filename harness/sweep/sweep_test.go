package sweep_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/sweep"
	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}`

// account is one in the emulator, with who sweeps.
type account struct {
	*testing.T
	emulator *kmsemu.Instance
	cfg      aws.Config
	kms      *kms.Client
	iam      *iam.Client
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{T: t, emulator: kmsemutest.New(t, nil)}
	a.cfg = aws.Config{Region: "eu-west-1", BaseEndpoint: &a.emulator.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	a.kms, a.iam = kms.NewFromConfig(a.cfg), iam.NewFromConfig(a.cfg)
	return a
}

// key makes a key of a run, or, for "", of nobody we know.
func (a *account) key(run string) string {
	a.Helper()
	in := &kms.CreateKeyInput{Tags: []types.Tag{{TagKey: aws.String("team"), TagValue: aws.String(sweep.Tag)}}}
	if run != "" {
		in.Tags = append(in.Tags, types.Tag{TagKey: aws.String(sweep.Tag), TagValue: &run})
	}
	out, err := a.kms.CreateKey(a.Context(), in)
	require.NoError(a, err)
	return aws.ToString(out.KeyMetadata.Arn)
}

func (a *account) alias(name, key string) {
	a.Helper()
	_, err := a.kms.CreateAlias(a.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/" + name), TargetKeyId: &key})
	require.NoError(a, err)
}

func (a *account) role(name, run string) {
	a.Helper()
	in := &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)}
	if run != "" {
		in.Tags = []iamtypes.Tag{{Key: aws.String(sweep.Tag), Value: &run}}
	}
	_, err := a.iam.CreateRole(a.Context(), in)
	require.NoError(a, err)
}

func (a *account) keys(f sweep.Filter) sweep.Found {
	a.Helper()
	found, err := sweep.Keys(a.Context(), a.cfg, f)
	require.NoError(a, err)
	return found
}

func (a *account) roles(f sweep.Filter) sweep.Found {
	a.Helper()
	found, err := sweep.Roles(a.Context(), a.cfg, f)
	require.NoError(a, err)
	return found
}

// names are the leftovers as "kind name run".
func names(f sweep.Found) []string {
	var list []string
	for _, l := range f.Leftovers {
		list = append(list, fmt.Sprint(l.Kind, " ", l.ARN[len("arn:aws:"):], " ", l.Run))
	}
	return list
}

// What carries the tag is found and removed; its twin, which lacks it, stays.
func TestSweep(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	ours, theirs := a.key("run-1"), a.key("")
	a.alias("ours", ours)
	a.alias("theirs", theirs)
	a.role("ours", "run-1")
	a.role("theirs", "")
	id := ours[len(ours)-36:]

	require.Equal(t, []string{
		"alias kms:eu-west-1:000000000000:alias/ours run-1",
		"key kms:eu-west-1:000000000000:key/" + id + " run-1",
	}, names(a.keys(sweep.Filter{})))
	require.Equal(t, []string{"role iam::000000000000:role/ours run-1"}, names(a.roles(sweep.Filter{})))
	require.Empty(t, a.keys(sweep.Filter{Run: "run-2"}).Leftovers, "of another run")
	require.Empty(t, a.roles(sweep.Filter{Run: "run-2"}).Leftovers)

	all := slices.Concat(a.keys(sweep.Filter{}).Leftovers, a.roles(sweep.Filter{}).Leftovers)
	for range 2 { // the second time all is gone
		for _, l := range all {
			require.NoError(t, sweep.Remove(t.Context(), a.cfg, l))
		}
	}
	require.Empty(t, a.keys(sweep.Filter{}).Leftovers)
	require.Empty(t, a.roles(sweep.Filter{}).Leftovers)

	described, err := a.kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &ours})
	require.NoError(t, err)
	require.Equal(t, types.KeyStatePendingDeletion, described.KeyMetadata.KeyState)
	require.WithinDuration(t, time.Now().AddDate(0, 0, 7), *described.KeyMetadata.DeletionDate, time.Hour)
	for _, key := range []string{theirs, "alias/theirs"} {
		described, err = a.kms.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key})
		require.NoError(t, err)
		require.Equal(t, types.KeyStateEnabled, described.KeyMetadata.KeyState)
	}
	_, err = a.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("theirs")})
	require.NoError(t, err)
	_, err = a.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("ours")})
	require.ErrorContains(t, err, "NoSuchEntity")
}

// An alias is in the way of the next run, also of a key that is pending deletion.
func TestAliasOfPendingKey(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	key := a.key("run-1")
	a.alias("ours", key)
	require.NoError(t, sweep.Remove(t.Context(), a.cfg, sweep.Leftover{Kind: sweep.Key, ARN: key, Name: key}))
	require.Equal(t, []string{"alias kms:eu-west-1:000000000000:alias/ours run-1"}, names(a.keys(sweep.Filter{})))
}

// Nothing is missed that is on a later page of what the services list.
func TestPages(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	const keys, aliases, roles = 130, 60, 120           // pages have 100, 50 and 100
	targets := []string{a.key("run-1"), a.key("run-1")} // a key has at most 50 aliases
	for i := range aliases {
		a.alias(fmt.Sprint(i), targets[i%len(targets)])
	}
	for range keys - len(targets) {
		a.key("run-1")
	}
	for i := range roles {
		a.role(fmt.Sprint("role-", i), "run-1")
	}
	require.Len(t, a.keys(sweep.Filter{}).Leftovers, keys+aliases)
	require.Len(t, a.roles(sweep.Filter{}).Leftovers, roles)
}

func TestOlderThan(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.key("run-1")
	a.role("ours", "run-1")
	now := time.Now()
	for _, row := range []struct {
		name string
		now  time.Time
		left int
	}{
		{"younger", now.Add(2*time.Hour - time.Minute), 0},
		{"older", now.Add(2*time.Hour + time.Minute), 1},
	} {
		filter := sweep.Filter{OlderThan: 2 * time.Hour, Now: row.now}
		for _, found := range []sweep.Found{a.keys(filter), a.roles(filter)} {
			require.Len(t, found.Leftovers, row.left, row.name)
			require.Equal(t, 1-row.left, found.Younger, row.name)
		}
	}
}

// What the sweeper may not look at is told, and does not stop it.
func TestHidden(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.key("run-1")
	locked, err := a.kms.CreateKey(t.Context(), &kms.CreateKeyInput{
		Tags:                           []types.Tag{{TagKey: aws.String(sweep.Tag), TagValue: aws.String("run-1")}},
		BypassPolicyLockoutSafetyCheck: true,
		Policy:                         aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"kms:*","Resource":"*"}]}`),
	})
	require.NoError(t, err)
	found := a.keys(sweep.Filter{})
	require.Len(t, found.Leftovers, 1)
	require.Equal(t, []string{aws.ToString(locked.KeyMetadata.Arn)}, found.Hidden)
}

// A role goes with all that keeps IAM from deleting it.
func TestRoleWithPolicies(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.role("ours", "run-1")
	name := aws.String("ours")
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:List*","Resource":"*"}]}`
	managed, err := a.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("managed"), PolicyDocument: aws.String(document)})
	require.NoError(t, err)
	_, err = a.iam.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: managed.Policy.Arn})
	require.NoError(t, err)
	_, err = a.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("inline"), PolicyDocument: aws.String(document)})
	require.NoError(t, err)
	_, err = a.iam.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String("profile")})
	require.NoError(t, err)
	_, err = a.iam.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String("profile"), RoleName: name})
	require.NoError(t, err)

	for _, l := range a.roles(sweep.Filter{}).Leftovers {
		require.NoError(t, sweep.Remove(t.Context(), a.cfg, l))
	}
	require.Empty(t, a.roles(sweep.Filter{}).Leftovers)
	_, err = a.iam.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: managed.Policy.Arn})
	require.NoError(t, err, "what lacks the tag stays")
}

// The caller is told what could not be done.
func TestNotAllowed(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	key := a.key("run-1")
	a.role("ours", "run-1")
	user, err := a.iam.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("reader")})
	require.NoError(t, err)
	access, err := a.iam.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: user.User.UserName})
	require.NoError(t, err)
	cfg := a.cfg
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*access.AccessKey.AccessKeyId, *access.AccessKey.SecretAccessKey, "")
	_, err = sweep.Keys(t.Context(), cfg, sweep.Filter{})
	require.ErrorContains(t, err, "listing keys in eu-west-1: ")
	_, err = sweep.Roles(t.Context(), cfg, sweep.Filter{})
	require.ErrorContains(t, err, "listing roles: ")
	for _, l := range []sweep.Leftover{{Kind: sweep.Key, ARN: key, Name: key}, {Kind: sweep.Role, ARN: "arn", Name: "ours"}, {Kind: "cloud", ARN: "arn"}} {
		require.ErrorContains(t, sweep.Remove(t.Context(), cfg, l), "removing "+string(l.Kind))
	}
	require.Len(t, a.keys(sweep.Filter{}).Leftovers, 1)
}
