package test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

// A guest is a role that the key's policy lets do what the key is for, for one
// promise.
type guest struct {
	account aws.Config // as the root user of the role's account
	name    string
	arn     string
}

// mayWork is an IAM policy, a boundary or a session policy for guests.
func (k *key) mayWork() string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:` + works[k.preset.kind] + `","Resource":"*"}]}`
}

// mayNothing has the form of mayWork.
const mayNothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:ListKeys","Resource":"*"}]}`

const otherAccount = "111111111111"

// newGuest makes a role in an account.
func (k *key) newGuest(t *testing.T, account, name string) *guest {
	t.Helper()
	g := &guest{account: k.rootUser, name: name}
	access := "test"
	if account != k.account {
		access = account
	}
	g.account.Credentials = credentials.NewStaticCredentialsProvider(access, "test", "")
	g.create(t, account)
	t.Cleanup(func() { g.remove(t) })
	return g
}

func (g *guest) create(t *testing.T, account string) {
	t.Helper()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},"Action":"sts:AssumeRole"}]}`
	made, err := iam.NewFromConfig(g.account).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &g.name, AssumeRolePolicyDocument: &trust})
	require.NoError(t, err)
	g.arn = aws.ToString(made.Role.Arn)
}

// allow gives the role an IAM policy.
func (g *guest) allow(t *testing.T, policy string) {
	t.Helper()
	_, err := iam.NewFromConfig(g.account).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: &g.name, PolicyName: aws.String("guest"), PolicyDocument: &policy,
	})
	require.NoError(t, err)
}

func (g *guest) remove(t *testing.T) {
	t.Helper()
	ctx, client := context.WithoutCancel(t.Context()), iam.NewFromConfig(g.account)
	_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &g.name, PolicyName: aws.String("guest")})
	if code(err) != "NoSuchEntity" {
		require.NoError(t, err)
	}
	_, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &g.name})
	require.NoError(t, err)
}

// work is the code of the answer when a session of the role does what the key is for,
// with a session policy unless it is "".
func (g *guest) work(t *testing.T, k *key, sessionPolicy string) string {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: &g.arn, RoleSessionName: aws.String("guest")}
	if sessionPolicy != "" {
		in.Policy = &sessionPolicy
	}
	out, err := sts.NewFromConfig(g.account).AssumeRole(t.Context(), in)
	require.NoError(t, err)
	cfg := g.account
	cfg.Credentials = credentials.NewStaticCredentialsProvider(
		aws.ToString(out.Credentials.AccessKeyId), aws.ToString(out.Credentials.SecretAccessKey), aws.ToString(out.Credentials.SessionToken))
	return code(k.callAs(t, kms.NewFromConfig(cfg), works[k.preset.kind], k.bareSubject(t)))
}

const refused = "AccessDeniedException"

// trusting adds a statement to the module's policy that lets a guest do what the key is
// for.
func (k *key) trusting(t *testing.T, g *guest) string {
	t.Helper()
	var policy map[string]any
	require.NoError(t, json.Unmarshal([]byte(k.output("policy")), &policy))
	policy["Statement"] = append(policy["Statement"].([]any), map[string]any{
		"Sid": "Guest", "Effect": "Allow", "Principal": map[string]string{"AWS": g.arn}, "Action": "kms:" + works[k.preset.kind], "Resource": "*",
	})
	text, err := json.Marshal(policy)
	require.NoError(t, err)
	return string(text)
}

// Another account's role can use the key with the consent of both sides: of the
// key's policy and of its own IAM policy. One is not enough.
func crossAccount(t *testing.T, k *key) {
	k.mustEnforce(t)
	g := k.newGuest(t, otherAccount, "guest-"+k.preset.name)
	k.withPolicy(t, k.trusting(t, g), func() {
		require.Equal(t, refused, g.work(t, k, ""), "without an IAM policy")
		g.allow(t, k.mayWork())
		require.Empty(t, g.work(t, k, ""), "with both")
	})
	require.Equal(t, refused, g.work(t, k, ""), "without the key policy")
}

// A session policy and a permissions boundary take away what the key's policy
// gives.
func sessionsAndBoundaries(t *testing.T, k *key) {
	k.mustEnforce(t)
	g := k.newGuest(t, k.account, "guest-"+k.preset.name)
	k.withPolicy(t, k.trusting(t, g), func() {
		require.Empty(t, g.work(t, k, ""))
		require.Empty(t, g.work(t, k, k.mayWork()))
		require.Equal(t, refused, g.work(t, k, mayNothing))
		for policy, want := range map[string]string{k.mayWork(): "", mayNothing: refused} {
			g.bound(t, k, policy, func() { require.Equal(t, want, g.work(t, k, "")) })
		}
	})
}

// bound sets a permissions boundary for as long as during runs.
func (g *guest) bound(t *testing.T, k *key, policy string, during func()) {
	t.Helper()
	client := iam.NewFromConfig(g.account)
	made, err := client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("boundary-" + k.preset.name), PolicyDocument: &policy})
	require.NoError(t, err)
	_, err = client.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{RoleName: &g.name, PermissionsBoundary: made.Policy.Arn})
	require.NoError(t, err)
	during()
	_, err = client.DeleteRolePermissionsBoundary(t.Context(), &iam.DeleteRolePermissionsBoundaryInput{RoleName: &g.name})
	require.NoError(t, err)
	_, err = client.DeletePolicy(t.Context(), &iam.DeletePolicyInput{PolicyArn: made.Policy.Arn})
	require.NoError(t, err)
}

// A role that was deleted and made again under its name is another one: it is kept
// out until the policy is written again.
func roleMadeAgain(t *testing.T, k *key) {
	k.mustEnforce(t)
	g := k.newGuest(t, k.account, "guest-"+k.preset.name)
	policy := k.trusting(t, g)
	k.withPolicy(t, policy, func() {
		require.Empty(t, g.work(t, k, ""))
		g.remove(t)
		g.create(t, k.account)
		require.Equal(t, refused, g.work(t, k, ""))
		k.putPolicy(t, policy)
		require.Empty(t, g.work(t, k, ""))
	})
}
