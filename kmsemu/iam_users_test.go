package kmsemu_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

// user is a new user of root's account, with at most one inline policy, who calls
// with an access key.
func (w *world) user(identityPolicy string) *caller {
	w.Helper()
	name := w.name("user")
	out, err := w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name})
	require.NoError(w, err)
	if identityPolicy != "" {
		_, err := w.root.iam.PutUserPolicy(w.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("inline"), PolicyDocument: &identityPolicy})
		require.NoError(w, err)
	}
	c := w.keyOf(name)
	c.arn = *out.User.Arn
	return c
}

// keyOf makes an access key and returns who calls with it.
func (w *world) keyOf(user string) *caller {
	w.Helper()
	key, err := w.root.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: &user})
	require.NoError(w, err)
	return w.caller(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
}

func (c *caller) name() *string { return aws.String(roleName(c.arn)) }

func TestUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := &iam.CreateUserInput{UserName: aws.String("Ann"), Path: aws.String("/team/"), Tags: []iamtypes.Tag{{Key: aws.String("env"), Value: aws.String("x")}}}
	_, err := w.root.iam.CreateUser(w.ctx, in)
	require.NoError(t, err)
	out, err := w.root.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: in.UserName})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::000000000000:user/team/Ann", *out.User.Arn)
	require.Equal(t, "/team/", *out.User.Path)
	require.Regexp(t, `^AIDA[A-Z2-7]{17}$`, *out.User.UserId)
	require.Equal(t, w.clock.Now().UTC(), *out.User.CreateDate)
	require.Equal(t, in.Tags, out.User.Tags)

	_, err = w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: aws.String("ANN")})
	fails(t, err, "EntityAlreadyExists", "User with name ANN already exists.")
	_, err = w.root.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: aws.String("none")})
	fails(t, err, "NoSuchEntity", "The user with name none cannot be found.")

	list, err := w.root.iam.ListUsers(w.ctx, &iam.ListUsersInput{PathPrefix: aws.String("/team/")})
	require.NoError(t, err)
	require.Len(t, list.Users, 1)
	require.Empty(t, list.Users[0].Tags, "lists leave tags out (K0402)")
	list, err = w.root.iam.ListUsers(w.ctx, &iam.ListUsersInput{PathPrefix: aws.String("/other/")})
	require.NoError(t, err)
	require.Empty(t, list.Users)
}

// TestRenamedUser (K0403): a user keeps its id, keys, groups and place in key
// policies under another name; its old name is free.
func TestRenamedUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bob := w.user(""), w.user("")
	key := w.key(withPolicy(keyPolicy(statement("Allow", ann.arn, "kms:Encrypt", ""))))
	w.addToGroup("admins", *ann.name())
	rename := func(by *caller, to string) error {
		_, err := by.iam.UpdateUser(w.ctx, &iam.UpdateUserInput{UserName: ann.name(), NewUserName: &to, NewPath: aws.String("/new/")})
		return err
	}
	fails(t, rename(w.root, *bob.name()), "EntityAlreadyExists", "User with name "+*bob.name()+" already exists.")
	half := w.role(allow("iam:UpdateUser", ann.arn))
	failsLike(t, rename(half, "Ann"), "AccessDenied", "on resource: arn:aws:iam::000000000000:user/new/Ann")
	require.NoError(t, rename(w.root, "Ann"))

	out, err := ann.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::000000000000:user/new/Ann", *out.Arn)
	_, err = w.encrypt(ann, key, nil)
	require.NoError(t, err)
	policy, err := w.root.kms.GetKeyPolicy(w.ctx, &kms.GetKeyPolicyInput{KeyId: &key})
	require.NoError(t, err)
	require.Contains(t, *policy.Policy, `{"AWS":"arn:aws:iam::000000000000:user/new/Ann"}`)
	group, err := w.root.iam.GetGroup(w.ctx, &iam.GetGroupInput{GroupName: aws.String("admins")})
	require.NoError(t, err)
	require.Equal(t, "Ann", *group.Users[0].UserName)
	_, err = w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: ann.name()})
	require.NoError(t, err)
	_, err = w.encrypt(w.keyOf(*ann.name()), key, nil)
	fails(t, err, "AccessDeniedException", "")
	_, err = w.root.iam.UpdateUser(w.ctx, &iam.UpdateUserInput{UserName: aws.String("Ann"), NewUserName: aws.String("ANN")})
	require.NoError(t, err, "only the case changes")
}

func (w *world) addToGroup(group, user string) {
	w.Helper()
	_, err := w.root.iam.GetGroup(w.ctx, &iam.GetGroupInput{GroupName: &group})
	if err != nil {
		_, err := w.root.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: &group})
		require.NoError(w, err)
	}
	_, err = w.root.iam.AddUserToGroup(w.ctx, &iam.AddUserToGroupInput{GroupName: &group, UserName: &user})
	require.NoError(w, err)
}

// TestUserCalls: a user is who it is, and its policies decide.
func TestUserCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	may, mayNot := w.user(allow("kms:Encrypt", key)), w.user(allow("kms:Encrypt", key+"x"))
	_, err := w.encrypt(may, key, nil)
	require.NoError(t, err)
	e := w.event("Encrypt")
	require.Equal(t, "IAMUser", e.UserIdentity.Type)
	require.Equal(t, *may.name(), e.UserIdentity.UserName)
	require.Regexp(t, `^AIDA`, e.UserIdentity.PrincipalID)
	require.Regexp(t, `^AKIA[A-Z2-7]{16}$`, e.UserIdentity.AccessKeyID)
	_, err = w.encrypt(mayNot, key, nil)
	fails(t, err, "AccessDeniedException", denied(mayNot.arn, "kms:Encrypt", key, "because no identity-based policy allows the kms:Encrypt action"))

	// A key policy that names the user needs no identity policy; the username is
	// in conditions.
	named := w.key(withPolicy(keyPolicy(statement("Allow", mayNot.arn, "kms:Encrypt", `{"StringEquals":{"aws:username":"`+*mayNot.name()+`","aws:PrincipalType":"User"}}`))))
	_, err = w.encrypt(mayNot, named, nil)
	require.NoError(t, err)
	_, err = w.encrypt(may, named, nil)
	fails(t, err, "AccessDeniedException", "")
}

// TestUserTags: a user's tags are the principal's tags.
func TestUserTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user("")
	key := w.key(withPolicy(keyPolicy(statement("Allow", u.arn, "kms:Encrypt", `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`))))
	tag := func(key, value string) {
		_, err := w.root.iam.TagUser(w.ctx, &iam.TagUserInput{UserName: u.name(), Tags: []iamtypes.Tag{{Key: &key, Value: &value}}})
		require.NoError(t, err)
	}
	tag("team", "red")
	_, err := w.encrypt(u, key, nil)
	fails(t, err, "AccessDeniedException", "")
	tag("Team", "blue")
	_, err = w.encrypt(u, key, nil)
	require.NoError(t, err)
	tags, err := w.root.iam.ListUserTags(w.ctx, &iam.ListUserTagsInput{UserName: u.name()})
	require.NoError(t, err)
	require.Len(t, tags.Tags, 1, "tag keys are not told apart by case")
	_, err = w.root.iam.UntagUser(w.ctx, &iam.UntagUserInput{UserName: u.name(), TagKeys: []string{"TEAM"}})
	require.NoError(t, err)
	_, err = w.encrypt(u, key, nil)
	fails(t, err, "AccessDeniedException", "")
}

// TestAccessKeys (K0405): the secret is shown once, there are two, and an
// inactive or deleted one is unknown.
func TestAccessKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(allow("kms:ListKeys", "*"))
	list := func(c *caller) error { _, err := c.kms.ListKeys(w.ctx, &kms.ListKeysInput{}); return err }
	second := w.keyOf(*u.name())
	_, err := w.root.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: u.name()})
	fails(t, err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	keys, err := w.root.iam.ListAccessKeys(w.ctx, &iam.ListAccessKeysInput{UserName: u.name()})
	require.NoError(t, err)
	require.Len(t, keys.AccessKeyMetadata, 2)
	first := keys.AccessKeyMetadata[0]
	require.Equal(t, iamtypes.StatusTypeActive, first.Status)
	require.Equal(t, *u.name(), *first.UserName)
	status := func(s iamtypes.StatusType) {
		_, err := w.root.iam.UpdateAccessKey(w.ctx, &iam.UpdateAccessKeyInput{UserName: u.name(), AccessKeyId: first.AccessKeyId, Status: s})
		require.NoError(t, err)
	}
	require.NoError(t, list(u))
	status(iamtypes.StatusTypeInactive)
	fails(t, list(u), "UnrecognizedClientException", "The security token included in the request is invalid.")
	_, err = u.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	fails(t, err, "InvalidClientTokenId", "")
	require.NoError(t, list(second), "the other key works on")
	status(iamtypes.StatusTypeActive)
	require.NoError(t, list(u))
	_, err = w.root.iam.DeleteAccessKey(w.ctx, &iam.DeleteAccessKeyInput{UserName: u.name(), AccessKeyId: first.AccessKeyId})
	require.NoError(t, err)
	fails(t, list(u), "UnrecognizedClientException", "")
	_, err = w.root.iam.DeleteAccessKey(w.ctx, &iam.DeleteAccessKeyInput{UserName: u.name(), AccessKeyId: first.AccessKeyId})
	fails(t, err, "NoSuchEntity", "The Access Key with id "+*first.AccessKeyId+" cannot be found.")

	wrong := w.caller(credentialsOf(t, second).AccessKeyID, "wrong", "")
	fails(t, list(wrong), "InvalidSignatureException", "")
	token := w.caller(credentialsOf(t, second).AccessKeyID, credentialsOf(t, second).SecretAccessKey, "token")
	fails(t, list(token), "UnrecognizedClientException", "")
}

func credentialsOf(t testing.TB, c *caller) aws.Credentials {
	t.Helper()
	out, err := c.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	return out
}

// TestAccessKeyPages: also two keys made in the same instant have an order.
func TestAccessKeyPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user("")
	w.keyOf(*u.name())
	seen := map[string]bool{}
	pages := iam.NewListAccessKeysPaginator(w.root.iam, &iam.ListAccessKeysInput{UserName: u.name(), MaxItems: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		require.NoError(t, err)
		require.Len(t, page.AccessKeyMetadata, 1)
		seen[*page.AccessKeyMetadata[0].AccessKeyId] = true
	}
	require.Len(t, seen, 2)
	_, err := w.root.iam.ListAccessKeys(w.ctx, &iam.ListAccessKeysInput{UserName: u.name(), Marker: aws.String("x")})
	fails(t, err, "ValidationError", "Invalid Marker.")
}

// TestCallingUser (K0404): operations about a user that is not named are about the
// caller, if that is a user.
func TestCallingUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(allow("iam:*", "*"))
	out, err := u.iam.GetUser(w.ctx, &iam.GetUserInput{})
	require.NoError(t, err)
	require.Equal(t, u.arn, *out.User.Arn)
	keys, err := u.iam.ListAccessKeys(w.ctx, &iam.ListAccessKeysInput{})
	require.NoError(t, err)
	require.Len(t, keys.AccessKeyMetadata, 1)
	_, err = w.role(allow("iam:*", "*")).iam.GetUser(w.ctx, &iam.GetUserInput{})
	fails(t, err, "ValidationError", "Must specify userName when calling with non-User credentials")
	_, err = w.user(allow("iam:GetUser", u.arn)).iam.GetUser(w.ctx, &iam.GetUserInput{})
	fails(t, err, "AccessDenied", "")
}

// TestGroupPolicies (K0413): the policies of a user's groups are the user's, and
// reasons say which group they are from.
func TestGroupPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, u := w.key(), w.user("")
	group := aws.String("readers")
	w.addToGroup(*group, *u.name())
	_, err := w.encrypt(u, key, nil)
	fails(t, err, "AccessDeniedException", "")

	_, err = w.root.iam.PutGroupPolicy(w.ctx, &iam.PutGroupPolicyInput{GroupName: group, PolicyName: aws.String("use"), PolicyDocument: aws.String(allow("kms:Encrypt", key))})
	require.NoError(t, err)
	_, err = w.encrypt(u, key, nil)
	require.NoError(t, err)
	require.Equal(t, "inline policy use of group readers", w.event("Encrypt").Decision.Reasons[0].Policy)
	_, err = w.encrypt(w.user(""), key, nil)
	fails(t, err, "AccessDeniedException", "")

	deny := w.policy(identity("Deny", "kms:Encrypt", key))
	_, err = w.root.iam.AttachGroupPolicy(w.ctx, &iam.AttachGroupPolicyInput{GroupName: group, PolicyArn: &deny})
	require.NoError(t, err)
	_, err = w.encrypt(u, key, nil)
	failsLike(t, err, "AccessDeniedException", "with an explicit deny in an identity-based policy")
	require.Equal(t, "managed policy "+roleName(deny)+" of group readers", w.event("Encrypt").Decision.Reasons[0].Policy)
	_, err = w.root.iam.DetachGroupPolicy(w.ctx, &iam.DetachGroupPolicyInput{GroupName: group, PolicyArn: &deny})
	require.NoError(t, err)
	_, err = w.root.iam.RemoveUserFromGroup(w.ctx, &iam.RemoveUserFromGroupInput{GroupName: group, UserName: u.name()})
	require.NoError(t, err)
	_, err = w.encrypt(u, key, nil)
	fails(t, err, "AccessDeniedException", "")
}

func TestGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.root.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: aws.String("g"), Path: aws.String("/a/")})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::000000000000:group/a/g", *out.Group.Arn)
	require.Regexp(t, `^AGPA[A-Z2-7]{17}$`, *out.Group.GroupId)
	_, err = w.root.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: aws.String("G")})
	fails(t, err, "EntityAlreadyExists", "Group with name G already exists.")
	for _, u := range []*caller{w.user(""), w.user(""), w.user("")} {
		w.addToGroup("g", *u.name())
		w.addToGroup("g", *u.name()) // twice is no error
	}
	_, err = w.root.iam.UpdateGroup(w.ctx, &iam.UpdateGroupInput{GroupName: aws.String("g"), NewGroupName: aws.String("h")})
	require.NoError(t, err)
	var members []string
	pages := iam.NewGetGroupPaginator(w.root.iam, &iam.GetGroupInput{GroupName: aws.String("h"), MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		require.NoError(t, err)
		for _, u := range page.Users {
			members = append(members, *u.UserName)
		}
	}
	require.Len(t, members, 3)
	groups, err := w.root.iam.ListGroupsForUser(w.ctx, &iam.ListGroupsForUserInput{UserName: &members[0]})
	require.NoError(t, err)
	require.Equal(t, "h", *groups.Groups[0].GroupName)
	list, err := w.root.iam.ListGroups(w.ctx, &iam.ListGroupsInput{PathPrefix: aws.String("/a/")})
	require.NoError(t, err)
	require.Len(t, list.Groups, 1)
	_, err = w.root.iam.AddUserToGroup(w.ctx, &iam.AddUserToGroupInput{GroupName: aws.String("h"), UserName: aws.String("none")})
	fails(t, err, "NoSuchEntity", "The user with name none cannot be found.")
}

// TestDeleteConflicts (K0408): nothing is deleted while something hangs on it.
func TestDeleteConflicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.iamSubject()
	c, ctx := w.root.iam, w.ctx
	deleteUser := func() error { _, err := c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &s.user}); return err }
	deleteRole := func() error { _, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &s.role}); return err }
	deleteGroup := func() error { _, err := c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: &s.group}); return err }
	deletePolicy := func() error { _, err := c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &s.policy}); return err }
	deleteProfile := func() error {
		_, err := c.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &s.profile})
		return err
	}
	inline := aws.String("inline")
	const (
		policies  = "Cannot delete entity, must delete policies first."
		attached  = "Cannot delete entity, must detach all policies first."
		members   = "Cannot delete entity, must remove users from group first."
		keys      = "Cannot delete entity, must delete access keys first."
		profiles  = "Cannot delete entity, must remove roles from instance profile first."
		inUse     = "Cannot delete a policy attached to entities."
		versioned = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."
	)
	for _, row := range []struct {
		delete  func() error
		message string
		remedy  func() error
	}{
		{deleteUser, policies, func() error {
			_, err := c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &s.user, PolicyName: inline})
			return err
		}},
		{deleteUser, attached, func() error {
			_, err := c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &s.user, PolicyArn: &s.policy})
			return err
		}},
		{deleteUser, keys, func() error {
			_, err := c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &s.user, AccessKeyId: &s.accessKey})
			return err
		}},
		{deleteUser, members, nil},
		{deleteGroup, policies, func() error {
			_, err := c.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: &s.group, PolicyName: inline})
			return err
		}},
		{deleteGroup, attached, func() error {
			_, err := c.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: &s.group, PolicyArn: &s.policy})
			return err
		}},
		{deleteGroup, members, func() error {
			_, err := c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: &s.group, UserName: &s.user})
			return err
		}},
		{deleteGroup, "", nil},
		{deletePolicy, inUse, deleteUser}, // it is the user's boundary
		{deleteRole, policies, func() error {
			_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &s.role, PolicyName: inline})
			return err
		}},
		{deleteRole, attached, func() error {
			_, err := c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &s.role, PolicyArn: &s.policy})
			return err
		}},
		{deletePolicy, inUse, func() error {
			_, err := c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &s.role})
			return err
		}},
		{deletePolicy, versioned, func() error {
			_, err := c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &s.policy, VersionId: aws.String("v2")})
			return err
		}},
		{deletePolicy, "", nil},
		{deleteProfile, profiles, nil},
		{deleteRole, profiles, func() error {
			_, err := c.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &s.profile, RoleName: &s.role})
			return err
		}},
		{deleteRole, "", nil},
		{deleteProfile, "", nil},
	} {
		err := row.delete()
		if row.message == "" {
			require.NoError(t, err)
		} else {
			fails(t, err, "DeleteConflict", row.message)
		}
		if row.remedy != nil {
			require.NoError(t, row.remedy(), row.message)
		}
	}
	_, err := c.GetUser(ctx, &iam.GetUserInput{UserName: &s.user})
	fails(t, err, "NoSuchEntity", "")
}

// TestEmptyListsOfAUser (K0417): what users here never have is listed as none.
func TestEmptyListsOfAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user("").name()
	_, err := w.root.iam.DeleteLoginProfile(w.ctx, &iam.DeleteLoginProfileInput{UserName: u})
	fails(t, err, "NoSuchEntity", "Login Profile for User "+*u+" cannot be found.")
	_, err = w.role(allowAllBut("iam:DeleteLoginProfile")).iam.DeleteLoginProfile(w.ctx, &iam.DeleteLoginProfileInput{UserName: u})
	failsLike(t, err, "AccessDenied", "iam:DeleteLoginProfile")
	devices, err := w.root.iam.ListMFADevices(w.ctx, &iam.ListMFADevicesInput{UserName: u})
	require.NoError(t, err)
	require.Empty(t, devices.MFADevices)
	_, err = w.root.iam.ListMFADevices(w.ctx, &iam.ListMFADevicesInput{UserName: aws.String("none")})
	fails(t, err, "NoSuchEntity", "")
}

// TestRefusedUserInput: limits at both sides, for users and groups.
func TestRefusedUserInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user := func(name string) error {
		_, err := w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name})
		return err
	}
	group := func(name string) error {
		_, err := w.root.iam.CreateGroup(w.ctx, &iam.CreateGroupInput{GroupName: &name})
		return err
	}
	u := w.user("")
	inline := func(n int) error {
		_, err := w.root.iam.PutUserPolicy(w.ctx, &iam.PutUserPolicyInput{UserName: u.name(), PolicyName: aws.String("p"), PolicyDocument: aws.String(sized(n))})
		return err
	}
	inGroup := func(n int) error {
		_, err := w.root.iam.PutGroupPolicy(w.ctx, &iam.PutGroupPolicyInput{GroupName: aws.String("sized"), PolicyName: aws.String("p"), PolicyDocument: aws.String(sized(n))})
		return err
	}
	require.NoError(t, group("sized"))
	joined := func(n int) error {
		for range n {
			name := w.name("group")
			require.NoError(t, group(name))
			if _, err := w.root.iam.AddUserToGroup(w.ctx, &iam.AddUserToGroupInput{GroupName: &name, UserName: u.name()}); err != nil {
				return err
			}
		}
		return nil
	}
	for name, row := range map[string]struct {
		good, bad     error
		code, message string
	}{
		"user name":       {user("a+=,.@-b"), user("a b"), "ValidationError", ""},
		"user name, high": {user(*repeat(64)), user(*repeat(65)), "ValidationError", ""},
		"group name":      {group(*repeat(128)), group(*repeat(129)), "ValidationError", ""},
		"inline, user":    {inline(2048), inline(2049), "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user " + *u.name()},
		"inline, group":   {inGroup(5120), inGroup(5121), "LimitExceeded", "Maximum policy size of 5120 bytes exceeded for group sized"},
		"groups":          {joined(10), joined(1), "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, row.good)
			fails(t, row.bad, row.code, row.message)
		})
	}
}

// sized is an identity policy of n characters.
func sized(n int) string {
	document := allow("kms:Encrypt", "*")
	return strings.Replace(document, "kms:Encrypt", "kms:"+strings.Repeat("x", n-len(document)+len("Encrypt")), 1)
}

// TestSameInlineNames: the inline policies of a user come back, one by one.
func TestSameInlineNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(allow("kms:ListKeys", "*"))
	names, err := w.root.iam.ListUserPolicies(w.ctx, &iam.ListUserPoliciesInput{UserName: u.name()})
	require.NoError(t, err)
	require.Equal(t, []string{"inline"}, names.PolicyNames)
	out, err := w.root.iam.GetUserPolicy(w.ctx, &iam.GetUserPolicyInput{UserName: u.name(), PolicyName: aws.String("inline")})
	require.NoError(t, err)
	require.Equal(t, *u.name(), *out.UserName)
	_, err = w.root.iam.GetUserPolicy(w.ctx, &iam.GetUserPolicyInput{UserName: u.name(), PolicyName: aws.String("x")})
	fails(t, err, "NoSuchEntity", "The user policy with name x cannot be found.")
}
