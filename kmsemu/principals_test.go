package kmsemu_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

// deleteUser takes a user's key and policy away and deletes it.
func (w *world) deleteUser(u *caller) {
	w.Helper()
	keys, err := w.root.iam.ListAccessKeys(w.ctx, &iam.ListAccessKeysInput{UserName: u.name()})
	require.NoError(w, err)
	for _, key := range keys.AccessKeyMetadata {
		_, err := w.root.iam.DeleteAccessKey(w.ctx, &iam.DeleteAccessKeyInput{UserName: u.name(), AccessKeyId: key.AccessKeyId})
		require.NoError(w, err)
	}
	_, err = w.root.iam.DeleteUser(w.ctx, &iam.DeleteUserInput{UserName: u.name()})
	require.NoError(w, err)
}

func (w *world) keyPolicyOf(key string) string {
	w.Helper()
	out, err := w.root.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: &key})
	require.NoError(w, err)
	return *out.Policy
}

// TestDeletedUserInKeyPolicy (K0406): a policy means the user it named, not the
// next one of that name; it shows the id of the dead one and does not take it back.
func TestDeletedUserInKeyPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user("")
	got, err := w.root.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: u.name()})
	require.NoError(t, err)
	id := *got.User.UserId
	policy := keyPolicy(statement("Allow", u.arn, "kms:Encrypt", ""))
	key := w.key(withPolicy(policy))
	_, err = w.encrypt(u, key, nil)
	require.NoError(t, err)
	require.Equal(t, policy, w.keyPolicyOf(key))

	w.deleteUser(u)
	dead := strings.Replace(policy, u.arn, id, 1)
	require.Equal(t, dead, w.keyPolicyOf(key))
	put := func(policy string) error {
		_, err := w.root.kms.PutKeyPolicy(w.ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &policy})
		return err
	}
	const refused = "Policy contains a statement with one or more invalid principals"
	failsLike(t, put(dead), "MalformedPolicyDocumentException", refused)
	failsLike(t, put(policy), "MalformedPolicyDocumentException", refused)

	_, err = w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: u.name()})
	require.NoError(t, err)
	again := w.keyOf(*u.name())
	_, err = w.encrypt(again, key, nil)
	fails(t, err, "AccessDeniedException", "")
	require.Equal(t, dead, w.keyPolicyOf(key))
	require.NoError(t, put(policy))
	_, err = w.encrypt(again, key, nil)
	require.NoError(t, err)
}

// TestDeletedRoleInPolicies (K0406): the same for roles, in key policies and in
// trust policies, and for a Deny.
func TestDeletedRoleInPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	name, id := roleName(role), w.roleID(role)
	allowed := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", ""))))
	forbidden := w.key(withPolicy(keyPolicy(statement("Deny", role, "kms:Encrypt", ""))))
	trusted, err := w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("trusted"), AssumeRolePolicyDocument: aws.String(trusting(role))})
	require.NoError(t, err)

	_, err = w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: &name})
	require.NoError(t, err)
	_, err = w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trusting(rootARN))})
	require.NoError(t, err)
	require.NotEqual(t, id, w.roleID(role))
	again := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	_, err = w.encrypt(again, allowed, nil)
	fails(t, err, "AccessDeniedException", "")
	_, err = w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("kms:*", "*"))})
	require.NoError(t, err)
	_, err = w.encrypt(again, forbidden, nil)
	require.NoError(t, err, "the Deny was about the dead role")
	_, err = again.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: trusted.Role.Arn, RoleSessionName: aws.String("s1")})
	fails(t, err, "AccessDenied", "")
	got, err := w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("trusted")})
	require.NoError(t, err)
	shown, err := url.QueryUnescape(*got.Role.AssumeRolePolicyDocument)
	require.NoError(t, err)
	require.Equal(t, trusting(id), shown)
}

// TestDeletedPrincipalsInText: whatever the text looks like, only principals
// change, and the rest stays byte for byte.
func TestDeletedPrincipalsInText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, u := w.roleARN(w.root, ""), w.user("")
	roleID := w.roleID(role)
	got, err := w.root.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: u.name()})
	require.NoError(t, err)
	userID := *got.User.UserId
	escaped := strings.Replace(role, "arn", `\u0061rn`, 1)
	policy := func(first, second, third string) string {
		return `{ "Id" : "` + role + `", "Statement" : [
  {"Sid":"` + role + `","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"},
  {"Effect":"Allow","Principal" : { "Service":"s3.amazonaws.com", "AWS" :[ ` + first + ` ,` + second + `, "` + other + `"] },"Action":"kms:Encrypt","Resource":"*",
   "Condition":{"ArnEquals":{"aws:PrincipalArn":["` + role + `","` + u.arn + `"]}}},
  {"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::000000000000:root",` + third + `]},"Action":"kms:Decrypt","Resource":"*"}
] }`
	}
	given := policy(`"`+escaped+`"`, `"`+u.arn+`"`, `"`+role+`"`)
	key := w.key(withPolicy(given))
	require.Equal(t, given, w.keyPolicyOf(key))
	w.deleteUser(u)
	_, err = w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: aws.String(roleName(role))})
	require.NoError(t, err)
	require.Equal(t, policy(`"`+roleID+`"`, `"`+userID+`"`, `"`+roleID+`"`), w.keyPolicyOf(key))
}

// TestPrincipalArnConditionSurvives: a condition compares names, so a role made
// anew satisfies it.
func TestPrincipalArnConditionSurvives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	key := w.key(withPolicy(keyPolicy(statement("Allow", "*", "kms:Encrypt", `{"ArnEquals":{"aws:PrincipalArn":"`+role+`"}}`))))
	for range 2 {
		_, err := w.encrypt(w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role}), key, nil)
		require.NoError(t, err)
		_, err = w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: aws.String(roleName(role))})
		require.NoError(t, err)
		_, err = w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(roleName(role)), AssumeRolePolicyDocument: aws.String(trusting(rootARN))})
		require.NoError(t, err)
	}
	_, err := w.encrypt(w.role(""), key, nil)
	fails(t, err, "AccessDeniedException", "")
}
