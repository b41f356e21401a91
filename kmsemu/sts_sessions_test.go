package kmsemu_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/stretchr/testify/require"
)

func (w *world) with(c *ststypes.Credentials) *caller {
	return w.caller(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func (w *world) arnOf(c *caller) string {
	w.Helper()
	out, err := c.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	require.NoError(w, err)
	return *out.Arn
}

// TestSessionToken (K0419, K0420): the caller stays who it is; users may ask for
// 36 hours, root users get one.
func TestSessionToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	u := w.user(allow("kms:Encrypt", key))
	out, err := u.sts.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	require.NoError(t, err)
	require.Equal(t, 12*time.Hour, out.Credentials.Expiration.Sub(w.clock.Now()))
	session := w.with(out.Credentials)
	require.Equal(t, u.arn, w.arnOf(session))
	_, err = w.encrypt(session, key, nil)
	require.NoError(t, err)
	require.Equal(t, "IAMUser", w.event("Encrypt").UserIdentity.Type)
	_, err = session.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	fails(t, err, "AccessDeniedException", "")

	root, err := w.root.sts.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(43200)})
	require.NoError(t, err)
	require.Equal(t, time.Hour, root.Credentials.Expiration.Sub(w.clock.Now()))
	require.Equal(t, rootARN, w.arnOf(w.with(root.Credentials)))
	_, err = w.encrypt(w.with(root.Credentials), key, nil)
	require.NoError(t, err)

	token := func(in *sts.GetSessionTokenInput) error { _, err := u.sts.GetSessionToken(w.ctx, in); return err }
	for name, row := range map[string]struct {
		good, bad *sts.GetSessionTokenInput
		message   string
	}{
		"low":      {&sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(899)}, ""},
		"high":     {&sts.GetSessionTokenInput{DurationSeconds: aws.Int32(129600)}, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(129601)}, ""},
		"MFA":      {&sts.GetSessionTokenInput{}, &sts.GetSessionTokenInput{SerialNumber: aws.String("arn:aws:iam::000000000000:mfa/x")}, "This emulator does not support the parameter SerialNumber: leave it out."},
		"MFA code": {&sts.GetSessionTokenInput{}, &sts.GetSessionTokenInput{TokenCode: aws.String("123456")}, "This emulator does not support the parameter TokenCode: leave it out."},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, token(row.good))
			fails(t, token(row.bad), "ValidationError", row.message)
		})
	}
}

// TestWhatSessionsMayNotCall (K0421).
func TestWhatSessionsMayNotCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(allow("*", "*"))
	role := w.roleARN(w.root, allow("*", "*"))
	token, err := u.sts.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	require.NoError(t, err)
	federated, err := u.sts.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: aws.String("fed"), Policy: aws.String(allow("*", "*"))})
	require.NoError(t, err)
	calls := map[string]func(*caller) error{
		"iam:ListUsers":       func(c *caller) error { _, err := c.iam.ListUsers(w.ctx, &iam.ListUsersInput{}); return err },
		"sts:GetSessionToken": func(c *caller) error { _, err := c.sts.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{}); return err },
		"sts:GetFederationToken": func(c *caller) error {
			_, err := c.sts.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: aws.String("fed")})
			return err
		},
		"sts:AssumeRole": func(c *caller) error {
			_, err := c.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")})
			return err
		},
		"sts:GetCallerIdentity": func(c *caller) error {
			_, err := c.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
			return err
		},
		"kms:ListKeys": func(c *caller) error { _, err := c.kms.ListKeys(w.ctx, &kms.ListKeysInput{}); return err },
	}
	const denied, unknown = "AccessDenied", "InvalidClientTokenId"
	for name, row := range map[string]struct {
		by      *caller
		refused map[string]string
	}{
		"access key":     {u, nil},
		"role session":   {w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role}), map[string]string{"sts:GetSessionToken": denied, "sts:GetFederationToken": denied}},
		"session token":  {w.with(token.Credentials), map[string]string{"iam:ListUsers": unknown, "sts:GetSessionToken": denied, "sts:GetFederationToken": denied}},
		"federated user": {w.with(federated.Credentials), map[string]string{"iam:ListUsers": unknown, "sts:GetSessionToken": denied, "sts:GetFederationToken": denied, "sts:AssumeRole": denied}},
	} {
		for call, run := range calls {
			t.Run(name+" "+call, func(t *testing.T) {
				err := run(row.by)
				if row.refused[call] == "" {
					require.NoError(t, err)
					return
				}
				fails(t, err, row.refused[call], "")
			})
		}
	}
	failsLike(t, calls["sts:GetSessionToken"](w.with(token.Credentials)), denied, "Cannot call GetSessionToken with session credentials")
}

// TestFederationToken (K0422): a federated user has what its user has and the
// session policies allow, and what a key policy gives to it by name.
func TestFederationToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	u := w.user(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:Encrypt","sts:GetFederationToken"],"Resource":"*"}}`)
	federate := func(by *caller, policy string) *caller {
		in := &sts.GetFederationTokenInput{Name: aws.String("fed")}
		if policy != "" {
			in.Policy = &policy
		}
		out, err := by.sts.GetFederationToken(w.ctx, in)
		require.NoError(t, err)
		require.Equal(t, "arn:aws:sts::000000000000:federated-user/fed", *out.FederatedUser.Arn)
		require.Equal(t, "000000000000:fed", *out.FederatedUser.FederatedUserId)
		return w.with(out.Credentials)
	}
	byName := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:sts::000000000000:federated-user/fed", "kms:Encrypt", ""))))
	byUser := w.key(withPolicy(undelegated(statement("Allow", u.arn, "kms:Encrypt", ""))))
	other := w.key(withPolicy(keyPolicy(statement("Allow", "arn:aws:sts::000000000000:federated-user/fed2", "kms:Encrypt", ""))))
	wide, narrow, none := federate(u, allow("kms:*", "*")), federate(u, allow("kms:DescribeKey", "*")), federate(u, "")
	byRoot := federate(w.root, allow("kms:Encrypt", key))
	w.mayEncrypt(t, map[string]attempt{
		"both allow":                      {wide, key, true},
		"the session policy does not":     {narrow, key, false},
		"no session policy":               {none, key, false},
		"named by the key policy":         {none, byName, true},
		"another named":                   {none, other, false},
		"its user named":                  {wide, byUser, true},
		"its user named, within bounds":   {narrow, byUser, false},
		"of the root user":                {byRoot, key, true},
		"of the root user, within bounds": {byRoot, other, false},
	})
	_, err := wide.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
	fails(t, err, "AccessDeniedException", "")
	e := w.event("DescribeKey").UserIdentity
	require.Equal(t, "FederatedUser", e.Type)
	require.Equal(t, "000000000000:fed", e.PrincipalID)
	require.Equal(t, *u.name(), e.SessionContext.SessionIssuer.UserName)
	arn := w.key(withPolicy(undelegated(statement("Allow", "*", "kms:Encrypt", `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:sts::000000000000:federated-user/fed"},"StringEquals":{"aws:userid":"000000000000:fed"}}`))))
	_, err = w.encrypt(wide, arn, nil)
	require.NoError(t, err)
	_, err = w.encrypt(w.user(""), arn, nil)
	fails(t, err, "AccessDeniedException", "")

	_, err = w.user("").sts.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: aws.String("fed")})
	failsLike(t, err, "AccessDenied", "to perform: sts:GetFederationToken on resource: arn:aws:sts::000000000000:federated-user/fed")
	tagged := &sts.GetFederationTokenInput{Name: aws.String("fed"), Tags: []ststypes.Tag{{Key: aws.String("team"), Value: aws.String("a")}}}
	_, err = u.sts.GetFederationToken(w.ctx, tagged)
	failsLike(t, err, "AccessDenied", "to perform: sts:TagSession")
	_, err = w.root.sts.GetFederationToken(w.ctx, tagged)
	require.NoError(t, err)
	for name, row := range map[string]struct{ good, bad string }{"low": {"ab", "a"}, "high": {*repeat(32), *repeat(33)}} {
		_, err := w.root.sts.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: &row.good})
		require.NoError(t, err, name)
		_, err = w.root.sts.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: &row.bad})
		fails(t, err, "ValidationError", "")
	}
}

// undelegated is a key policy that leaves the use of the key to no IAM policy.
func undelegated(statements ...string) string {
	return strings.Replace(keyPolicy(statements...), `"kms:*"`, `"kms:PutKeyPolicy"`, 1)
}

// TestManagedSessionPolicies (K0424): managed and inline session policies add up,
// and cap the role's.
func TestManagedSessionPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	role := w.roleARN(w.root, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:Encrypt","kms:DescribeKey"],"Resource":"*"}}`)
	encrypting, generating := w.policy(allow("kms:Encrypt", "*")), w.policy(allow("kms:GenerateDataKey", "*"))
	session := func(inline string, arns ...string) *caller {
		in := &sts.AssumeRoleInput{RoleArn: &role}
		for _, arn := range arns {
			in.PolicyArns = append(in.PolicyArns, ststypes.PolicyDescriptorType{Arn: &arn})
		}
		if inline != "" {
			in.Policy = &inline
		}
		return w.session(w.root, in)
	}
	describe := func(c *caller) error {
		_, err := c.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
		return err
	}
	one := session("", encrypting)
	_, err := w.encrypt(one, key, nil)
	require.NoError(t, err)
	fails(t, describe(one), "AccessDeniedException", denied(one.arn, "kms:DescribeKey", key, "because no session policy allows the kms:DescribeKey action"))
	both := session(allow("kms:DescribeKey", "*"), encrypting)
	_, err = w.encrypt(both, key, nil)
	require.NoError(t, err)
	require.NoError(t, describe(both))
	_, err = w.encrypt(session("", generating), key, nil)
	fails(t, err, "AccessDeniedException", "")
	denying := session("", w.policy(identity("Deny", "kms:Encrypt", "*")), encrypting)
	_, err = w.encrypt(denying, key, nil)
	failsLike(t, err, "AccessDeniedException", "with an explicit deny in a session policy")
	require.Contains(t, w.event("Encrypt").Decision.Reasons[0].Policy, "session policy policy-")
}

func stsTags(pairs ...string) []ststypes.Tag {
	var tags []ststypes.Tag
	for i := 0; i < len(pairs); i += 2 {
		tags = append(tags, ststypes.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return tags
}

// TestTransitiveTags (K0423): they go along the chain, need sts:TagSession there,
// and cannot be set anew; other tags stay behind.
func TestTransitiveTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.roleARN(w.root, allow("sts:*", "*"))
	second := w.roleARN(w.root, "")
	key := func(tag, value string) string {
		return w.key(withPolicy(keyPolicy(statement("Allow", second, "kms:Encrypt", `{"StringEquals":{"aws:PrincipalTag/`+tag+`":"`+value+`"}}`))))
	}
	one := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &first, Tags: stsTags("team", "blue", "cost", "7"), TransitiveTagKeys: []string{"Team"}})
	two := w.session(one, &sts.AssumeRoleInput{RoleArn: &second, Tags: stsTags("cost", "8")})
	_, err := w.encrypt(two, key("team", "blue"), nil)
	require.NoError(t, err)
	_, err = w.encrypt(two, key("cost", "8"), nil)
	require.NoError(t, err)
	_, err = w.encrypt(w.session(w.root, &sts.AssumeRoleInput{RoleArn: w.tagged(second, "team", "green"), Tags: stsTags("Team", "blue")}), key("team", "blue"), nil)
	require.NoError(t, err, "a session's tag replaces its role's, whatever the case")
	_, err = w.encrypt(w.session(one, &sts.AssumeRoleInput{RoleArn: &second}), key("cost", "7"), nil)
	fails(t, err, "AccessDeniedException", "")
	_, err = one.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &second, RoleSessionName: aws.String("s1"), Tags: stsTags("TEAM", "red")})
	fails(t, err, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")

	untaggable := w.trustingRole(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + first + `"},"Action":"sts:AssumeRole"}}`)
	_, err = one.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &untaggable, RoleSessionName: aws.String("s1")})
	failsLike(t, err, "AccessDenied", "to perform: sts:TagSession on resource: "+untaggable)
	plain := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &first})
	w.session(plain, &sts.AssumeRoleInput{RoleArn: &untaggable})
}

// tagged gives a role a tag.
func (w *world) tagged(role, key, value string) *string {
	w.Helper()
	_, err := w.root.iam.TagRole(w.ctx, &iam.TagRoleInput{RoleName: aws.String(roleName(role)), Tags: []iamtypes.Tag{{Key: &key, Value: &value}}})
	require.NoError(w, err)
	return &role
}

// TestAssumeTaggedRoles: who may assume can depend on the role's tags.
func TestAssumeTaggedRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"a"}}}}`)
	assume := func(role *string) error {
		_, err := u.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("s1")})
		return err
	}
	require.NoError(t, assume(w.tagged(w.roleARN(w.root, ""), "team", "a")))
	fails(t, assume(w.tagged(w.roleARN(w.root, ""), "team", "b")), "AccessDenied", "")
}

// trustingRole makes a role with a trust policy.
func (w *world) trustingRole(trust string) string {
	w.Helper()
	out, err := w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(w.name("role")), AssumeRolePolicyDocument: &trust})
	require.NoError(w, err)
	return *out.Role.Arn
}

// TestSourceIdentity (K0423): set once, it stays along the chain, cannot be
// changed, and is in the conditions of every call.
func TestSourceIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.roleARN(w.root, allow("sts:*", "*")), w.roleARN(w.root, "")
	key := w.key(withPolicy(keyPolicy(statement("Allow", second, "kms:Encrypt", `{"StringEquals":{"aws:SourceIdentity":"ann"}}`))))
	one := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &first, SourceIdentity: aws.String("ann")})
	out, err := one.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &second, RoleSessionName: aws.String("s1")})
	require.NoError(t, err)
	require.Equal(t, "ann", *out.SourceIdentity)
	_, err = w.encrypt(w.with(out.Credentials), key, nil)
	require.NoError(t, err)
	_, err = w.encrypt(w.session(w.root, &sts.AssumeRoleInput{RoleArn: &second, SourceIdentity: aws.String("bob")}), key, nil)
	fails(t, err, "AccessDeniedException", "")
	_, err = one.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &second, RoleSessionName: aws.String("s1"), SourceIdentity: aws.String("bob")})
	failsLike(t, err, "AccessDenied", "cannot be changed")

	trust := func(condition string) string {
		return w.trustingRole(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + rootARN + `"},"Action":"sts:AssumeRole"},
			{"Effect":"Allow","Principal":{"AWS":"` + rootARN + `"},"Action":"sts:SetSourceIdentity","Condition":{"StringEquals":{"sts:SourceIdentity":"` + condition + `"}}}]}`)
	}
	annOnly, bobOnly := trust("ann"), trust("bob")
	w.session(w.root, &sts.AssumeRoleInput{RoleArn: &annOnly, SourceIdentity: aws.String("ann")})
	_, err = w.root.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &bobOnly, RoleSessionName: aws.String("s1"), SourceIdentity: aws.String("ann")})
	failsLike(t, err, "AccessDenied", "to perform: sts:SetSourceIdentity on resource: "+bobOnly)
}

// TestSessionConditions (K0425): temporary credentials say when they were issued
// and that no second factor was used; long-term ones say neither.
func TestSessionConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	u := w.user("")
	for name, row := range map[string]struct {
		condition      string
		session, byKey bool
	}{
		"MFA is false":     {`{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`, true, false},
		"MFA is true":      {`{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, false, false},
		"MFA, if any":      {`{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}`, false, true},
		"issued":           {`{"DateGreaterThan":{"aws:TokenIssueTime":"2001-01-01T00:00:00Z"}}`, true, false},
		"not issued later": {`{"DateGreaterThan":{"aws:TokenIssueTime":"2101-01-01T00:00:00Z"}}`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			key := w.key(withPolicy(keyPolicy(statement("Allow", "*", "kms:Encrypt", row.condition))))
			_, err := w.encrypt(w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role}), key, nil)
			require.Equal(t, row.session, err == nil)
			_, err = w.encrypt(u, key, nil)
			require.Equal(t, row.byKey, err == nil)
		})
	}
}

// TestAssumeRoleByUser: the chain's hour does not bind users; a trust policy may
// name one; sessions end with the role or user they are of (K0108).
func TestAssumeRoleByUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user("")
	role := w.trustingRole(trusting(u.arn))
	_, err := w.root.iam.UpdateRole(w.ctx, &iam.UpdateRoleInput{RoleName: aws.String(roleName(role)), MaxSessionDuration: aws.Int32(7200)})
	require.NoError(t, err)
	long := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1"), DurationSeconds: aws.Int32(7200)}
	_, err = u.sts.AssumeRole(w.ctx, long)
	require.NoError(t, err)
	token, err := u.sts.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	require.NoError(t, err)
	byToken := w.with(token.Credentials)
	_, err = byToken.sts.AssumeRole(w.ctx, long)
	require.NoError(t, err, "that is no role chaining")
	_, err = w.user(allow("sts:AssumeRole", "*")).sts.AssumeRole(w.ctx, long)
	fails(t, err, "AccessDenied", "")

	w.deleteUser(u)
	_, err = byToken.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	fails(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

// TestAccessKeyInfo (K0430).
func TestAccessKeyInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user("")
	role := w.roleARN(w.root, "")
	ask := func(by *caller, id string) (string, error) {
		out, err := by.sts.GetAccessKeyInfo(w.ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if err != nil {
			return "", err
		}
		return *out.Account, nil
	}
	foreign := w.caller(other, "test", "")
	for _, c := range []*caller{u, w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})} {
		got, err := ask(foreign, credentialsOf(t, c).AccessKeyID)
		require.NoError(t, err)
		require.Equal(t, account, got)
	}
	_, err := ask(foreign, "AKIAIOSFODNN7EXAMPLE")
	fails(t, err, "ValidationError", "")
	_, err = ask(foreign, "AKIA")
	fails(t, err, "ValidationError", "")
	_, err = ask(u, credentialsOf(t, u).AccessKeyID)
	failsLike(t, err, "AccessDenied", "sts:GetAccessKeyInfo")
}
