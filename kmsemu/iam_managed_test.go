package kmsemu_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

func TestManagedPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}`
	in := &iam.CreatePolicyInput{PolicyName: aws.String("p"), Path: aws.String("/a/"), Description: aws.String("text"), PolicyDocument: &document,
		Tags: []iamtypes.Tag{{Key: aws.String("x"), Value: aws.String("y")}}}
	out, err := w.root.iam.CreatePolicy(w.ctx, in)
	require.NoError(t, err)
	arn := out.Policy.Arn
	require.Equal(t, "arn:aws:iam::000000000000:policy/a/p", *arn)
	require.Regexp(t, `^ANPA[A-Z2-7]{17}$`, *out.Policy.PolicyId)
	got, err := w.root.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: arn})
	require.NoError(t, err)
	require.Equal(t, "text", *got.Policy.Description)
	require.Equal(t, in.Tags, got.Policy.Tags)
	require.Equal(t, "v1", *got.Policy.DefaultVersionId)
	require.True(t, got.Policy.IsAttachable)
	require.Zero(t, *got.Policy.AttachmentCount)
	version, err := w.root.iam.GetPolicyVersion(w.ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	require.NoError(t, err)
	text, err := url.QueryUnescape(*version.PolicyVersion.Document)
	require.NoError(t, err)
	require.Equal(t, document, text)
	require.True(t, version.PolicyVersion.IsDefaultVersion)

	_, err = w.root.iam.CreatePolicy(w.ctx, &iam.CreatePolicyInput{PolicyName: aws.String("P"), PolicyDocument: &document})
	fails(t, err, "EntityAlreadyExists", "A policy called P already exists. Duplicate names are not allowed.")
	_, err = w.root.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: aws.String(*arn + "x")})
	fails(t, err, "NoSuchEntity", "Policy "+*arn+"x was not found.")
	_, err = w.root.iam.GetPolicyVersion(w.ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")})
	fails(t, err, "NoSuchEntity", "Policy "+*arn+" version v2 does not exist or is not attachable.")
}

// TestPolicyVersions: the default version decides, at once, and five are kept.
func TestPolicyVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	arn := w.policy(allow("kms:DescribeKey", key))
	u := w.user("")
	_, err := w.root.iam.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: u.name(), PolicyArn: &arn})
	require.NoError(t, err)
	may := func() bool { _, err := w.encrypt(u, key, nil); return err == nil }
	add := func(document string, standard bool) error {
		_, err := w.root.iam.CreatePolicyVersion(w.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: &document, SetAsDefault: standard})
		return err
	}
	require.False(t, may())
	require.NoError(t, add(allow("kms:Encrypt", key), false))
	require.False(t, may(), "v2 is not the default")
	_, err = w.root.iam.SetDefaultPolicyVersion(w.ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v2")})
	require.NoError(t, err)
	require.True(t, may())
	require.Equal(t, "managed policy "+roleName(arn), w.event("Encrypt").Decision.Reasons[0].Policy)
	require.NoError(t, add(allow("kms:DescribeKey", key), true))
	require.False(t, may())

	require.NoError(t, add(allow("kms:*", "*"), false))
	require.NoError(t, add(allow("kms:*", "*"), false))
	fails(t, add(allow("kms:*", "*"), false), "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	remove := func(id string) error {
		_, err := w.root.iam.DeletePolicyVersion(w.ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &id})
		return err
	}
	fails(t, remove("v3"), "DeleteConflict", "Cannot delete the default version of a policy.")
	require.NoError(t, remove("v1"))
	require.NoError(t, add(allow("kms:*", "*"), false))
	var ids []string
	pages := iam.NewListPolicyVersionsPaginator(w.root.iam, &iam.ListPolicyVersionsInput{PolicyArn: &arn, MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		require.NoError(t, err)
		for _, v := range page.Versions {
			ids = append(ids, *v.VersionId)
			require.Equal(t, *v.VersionId == "v3", v.IsDefaultVersion)
			require.Nil(t, v.Document)
		}
	}
	require.Equal(t, []string{"v6", "v5", "v4", "v3", "v2"}, ids, "numbers are not used again")
}

// TestAttach: attaching and detaching count at once, and are counted.
func TestAttach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	arn := w.policy(allow("kms:Encrypt", key))
	role := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	name := aws.String(roleName(role))
	_, err := w.encrypt(session, key, nil)
	fails(t, err, "AccessDeniedException", "")
	for range 2 { // twice is no error
		_, err = w.root.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: &arn})
		require.NoError(t, err)
	}
	_, err = w.encrypt(session, key, nil)
	require.NoError(t, err)
	attached, err := w.root.iam.ListAttachedRolePolicies(w.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	require.NoError(t, err)
	require.Equal(t, []iamtypes.AttachedPolicy{{PolicyArn: &arn, PolicyName: aws.String(roleName(arn))}}, attached.AttachedPolicies)
	policy, err := w.root.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	require.NoError(t, err)
	require.EqualValues(t, 1, *policy.Policy.AttachmentCount)
	detach := func() error {
		_, err := w.root.iam.DetachRolePolicy(w.ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: &arn})
		return err
	}
	require.NoError(t, detach())
	_, err = w.encrypt(session, key, nil)
	fails(t, err, "AccessDeniedException", "")
	fails(t, detach(), "NoSuchEntity", "Policy "+arn+" was not found.")
	_, err = w.root.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(arn + "x")})
	fails(t, err, "NoSuchEntity", "Policy "+arn+"x does not exist or is not attachable.")
}

// TestAWSManagedPolicies (K0410, K0411): those known here can be attached and
// read, not changed; others do not exist.
func TestAWSManagedPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const kmsPower = "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"
	attach := func(u *caller, arn string) error {
		_, err := w.root.iam.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: u.name(), PolicyArn: &arn})
		return err
	}
	admin, power := w.user(""), w.user("")
	require.NoError(t, attach(admin, "arn:aws:iam::aws:policy/AdministratorAccess"))
	require.NoError(t, attach(power, kmsPower))
	_, err := power.kms.CreateKey(w.ctx, &kms.CreateKeyInput{BypassPolicyLockoutSafetyCheck: true})
	require.NoError(t, err)
	key := w.key()
	_, err = w.encrypt(power, key, nil)
	fails(t, err, "AccessDeniedException", "")
	_, err = w.encrypt(admin, key, nil)
	require.NoError(t, err)
	fails(t, attach(power, "arn:aws:iam::aws:policy/NoSuchAccess"), "NoSuchEntity", "Policy arn:aws:iam::aws:policy/NoSuchAccess does not exist or is not attachable.")

	out, err := w.root.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: aws.String(kmsPower)})
	require.NoError(t, err)
	require.Equal(t, "v2", *out.Policy.DefaultVersionId)
	require.EqualValues(t, 1, *out.Policy.AttachmentCount)
	_, err = w.root.iam.DeletePolicy(w.ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(kmsPower)})
	fails(t, err, "AccessDenied", "")
	tag := func(arn string) error {
		_, err := w.root.iam.TagPolicy(w.ctx, &iam.TagPolicyInput{PolicyArn: &arn, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}
	fails(t, tag(kmsPower), "AccessDenied", "")
	_, err = w.root.iam.UntagPolicy(w.ctx, &iam.UntagPolicyInput{PolicyArn: aws.String(kmsPower), TagKeys: []string{"a"}})
	fails(t, err, "AccessDenied", "")
	china := w.callerIn("cn-north-1", "test", "test", "")
	_, err = china.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws-cn:iam::aws:policy/AdministratorAccess")})
	require.NoError(t, err)

	local := w.policy(allow("kms:*", "*"))
	require.NoError(t, tag(local))
	names := func(in *iam.ListPoliciesInput) []string {
		var out []string
		in.MaxItems = aws.Int32(2)
		pages := iam.NewListPoliciesPaginator(w.root.iam, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(w.ctx)
			require.NoError(t, err)
			for _, p := range page.Policies {
				out = append(out, *p.PolicyName)
			}
		}
		return out
	}
	require.Equal(t, []string{roleName(local)}, names(&iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal}))
	require.Contains(t, names(&iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeAws}), "PowerUserAccess")
	require.NotContains(t, names(&iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeAws}), roleName(local))
	require.Contains(t, names(&iam.ListPoliciesInput{}), roleName(local))
	require.Equal(t, []string{"AWSKeyManagementServicePowerUser", "AdministratorAccess"}, names(&iam.ListPoliciesInput{OnlyAttached: true}))
	require.Equal(t, []string{"AWSLambdaBasicExecutionRole"}, names(&iam.ListPoliciesInput{PathPrefix: aws.String("/service-role/")}))
	require.Empty(t, names(&iam.ListPoliciesInput{PolicyUsageFilter: iamtypes.PolicyUsageTypePermissionsBoundary}))
}

// TestEntitiesForPolicy lists who uses a policy, and how.
func TestEntitiesForPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.iamSubject()
	entities := func(in *iam.ListEntitiesForPolicyInput) (roles, users, groups int) {
		in.PolicyArn, in.MaxItems = &s.policy, aws.Int32(1)
		pages := iam.NewListEntitiesForPolicyPaginator(w.root.iam, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(w.ctx)
			require.NoError(t, err)
			roles, users, groups = roles+len(page.PolicyRoles), users+len(page.PolicyUsers), groups+len(page.PolicyGroups)
		}
		return roles, users, groups
	}
	count := func(in *iam.ListEntitiesForPolicyInput) []int {
		roles, users, groups := entities(in)
		return []int{roles, users, groups}
	}
	require.Equal(t, []int{1, 1, 1}, count(&iam.ListEntitiesForPolicyInput{}))
	require.Equal(t, []int{1, 0, 0}, count(&iam.ListEntitiesForPolicyInput{EntityFilter: iamtypes.EntityTypeRole}))
	require.Equal(t, []int{0, 0, 1}, count(&iam.ListEntitiesForPolicyInput{EntityFilter: iamtypes.EntityTypeGroup}))
	require.Equal(t, []int{1, 1, 0}, count(&iam.ListEntitiesForPolicyInput{PolicyUsageFilter: iamtypes.PolicyUsageTypePermissionsBoundary}))
	require.Equal(t, []int{0, 0, 0}, count(&iam.ListEntitiesForPolicyInput{PathPrefix: aws.String("/none/")}))
}

// TestBoundary (K0409): a permissions boundary caps the identity policies of users
// and roles; it gives nothing itself.
func TestBoundary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	u := w.user(allow("kms:*", key))
	role := w.roleARN(w.root, allow("kms:*", key))
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	describe := func(c *caller) error {
		_, err := c.kms.DescribeKey(w.ctx, &kms.DescribeKeyInput{KeyId: &key})
		return err
	}
	bound := func(arn string) {
		_, err := w.root.iam.PutUserPermissionsBoundary(w.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: u.name(), PermissionsBoundary: &arn})
		require.NoError(t, err)
		_, err = w.root.iam.PutRolePermissionsBoundary(w.ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String(roleName(role)), PermissionsBoundary: &arn})
		require.NoError(t, err)
	}
	callers := []*caller{u, session}
	bound(w.policy(allow("kms:Encrypt", "*")))
	for _, c := range callers {
		_, err := w.encrypt(c, key, nil)
		require.NoError(t, err)
		fails(t, describe(c), "AccessDeniedException", denied(c.arn, "kms:DescribeKey", key, "because no permissions boundary allows the kms:DescribeKey action"))
	}
	bound(w.policy(identity("Deny", "kms:*", "*")))
	for _, c := range callers {
		_, err := w.encrypt(c, key, nil)
		failsLike(t, err, "AccessDeniedException", "with an explicit deny in a permissions boundary")
		require.Contains(t, w.event("Encrypt").Decision.Reasons[0].Policy, "permissions boundary policy-")
	}
	bound("arn:aws:iam::aws:policy/AdministratorAccess")
	require.NoError(t, describe(u))
	powerless := w.user("")
	_, err := w.root.iam.PutUserPermissionsBoundary(w.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: powerless.name(), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	require.NoError(t, err)
	fails(t, describe(powerless), "AccessDeniedException", "")

	out, err := w.root.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: u.name()})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::aws:policy/AdministratorAccess", *out.User.PermissionsBoundary.PermissionsBoundaryArn)
	_, err = w.root.iam.DeleteUserPermissionsBoundary(w.ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: u.name()})
	require.NoError(t, err)
	_, err = w.root.iam.DeleteUserPermissionsBoundary(w.ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: u.name()})
	fails(t, err, "NoSuchEntity", "The user with name "+*u.name()+" does not have a permissions boundary.")
	_, err = w.root.iam.PutUserPermissionsBoundary(w.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: u.name(), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/None")})
	fails(t, err, "NoSuchEntity", "Scope ARN: arn:aws:iam::aws:policy/None does not exist or is not attachable.")
}

// TestIAMConditionKeys (K0412): administrators can be kept to some policies and to
// principals with a boundary.
func TestIAMConditionKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, bad := w.policy(allow("kms:*", "*")), w.policy(allow("kms:*", "*"))
	delegate := func(condition string) *caller {
		return w.role(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{` + condition + `}}}`)
	}
	byPolicy := delegate(`"ArnEquals":{"iam:PolicyARN":"` + good + `"}`)
	byBoundary := delegate(`"StringEquals":{"iam:PermissionsBoundary":"` + good + `"}`)
	byTag := delegate(`"StringEquals":{"aws:ResourceTag/team":"a","iam:ResourceTag/team":"a"}`)
	bySLR := delegate(`"StringEquals":{"iam:AWSServiceName":"rds.amazonaws.com"}`)
	byPass := delegate(`"StringEqualsIfExists":{"iam:PassedToService":"ec2.amazonaws.com"}`)
	notPass := delegate(`"StringEqualsIfExists":{"iam:PassedToService":"lambda.amazonaws.com"}`)
	u, tagged := w.user(""), w.user("")
	_, err := w.root.iam.TagUser(w.ctx, &iam.TagUserInput{UserName: tagged.name(), Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("a")}}})
	require.NoError(t, err)
	attach := func(by *caller, arn string) error {
		_, err := by.iam.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: u.name(), PolicyArn: &arn})
		return err
	}
	create := func(boundary *string) error {
		_, err := byBoundary.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: aws.String(w.name("new")), PermissionsBoundary: boundary})
		return err
	}
	get := func(by *caller, c *caller) error {
		_, err := by.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: c.name()})
		return err
	}
	linked := func(service string) error {
		_, err := bySLR.iam.CreateServiceLinkedRole(w.ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &service})
		return err
	}
	pass := func(by *caller) error {
		s := w.iamSubject()
		_, err := by.iam.AddRoleToInstanceProfile(w.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &s.bare, RoleName: &s.bare})
		return err
	}
	for name, row := range map[string]struct{ good, bad error }{
		"iam:PolicyARN":                      {attach(byPolicy, good), attach(byPolicy, bad)},
		"iam:PermissionsBoundary, requested": {create(&good), create(&bad)},
		"iam:PermissionsBoundary, none":      {create(&good), create(nil)},
		"iam:PermissionsBoundary, existing":  {get(byBoundary, w.bounded(good)), get(byBoundary, w.bounded(bad))},
		"ResourceTag":                        {get(byTag, tagged), get(byTag, u)},
		"iam:AWSServiceName":                 {linked("rds.amazonaws.com"), linked("ecs.amazonaws.com")},
		"iam:PassedToService":                {pass(byPass), pass(notPass)},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, row.good)
			fails(t, row.bad, "AccessDenied", "")
		})
	}
}

// bounded is a user with a permissions boundary.
func (w *world) bounded(boundary string) *caller {
	w.Helper()
	u := w.user("")
	_, err := w.root.iam.PutUserPermissionsBoundary(w.ctx, &iam.PutUserPermissionsBoundaryInput{UserName: u.name(), PermissionsBoundary: &boundary})
	require.NoError(w, err)
	return u
}

// TestManagedPolicyLimits (K0407): quotas at both sides.
func TestManagedPolicyLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(document string) error {
		_, err := w.root.iam.CreatePolicy(w.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(w.name("p")), PolicyDocument: &document})
		return err
	}
	s := w.iamSubject()
	attach := func(n int) error {
		for range n {
			if _, err := w.root.iam.AttachGroupPolicy(w.ctx, &iam.AttachGroupPolicyInput{GroupName: &s.bare, PolicyArn: aws.String(w.policy(allow("kms:*", "*")))}); err != nil {
				return err
			}
		}
		return nil
	}
	carry := func(profile, role string) error {
		_, err := w.root.iam.AddRoleToInstanceProfile(w.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &profile, RoleName: &role})
		return err
	}
	for name, row := range map[string]struct {
		good, bad     error
		code, message string
	}{
		"size":      {create(sized(6144)), create(sized(6145)), "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"},
		"principal": {create(allow("kms:*", "*")), create(keyPolicy()), "MalformedPolicyDocument", ""},
		"attached":  {attach(10), attach(1), "LimitExceeded", "Cannot exceed quota for PoliciesPerGroup: 10"},
		"profile":   {carry(s.bare, s.bare), carry(s.bare, s.role), "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, row.good)
			fails(t, row.bad, row.code, row.message)
		})
	}
}

// TestUpdateDate: a policy's date of change follows its versions.
func TestUpdateDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.policy(allow("kms:*", "*"))
	w.clock.Advance(time.Minute)
	_, err := w.root.iam.CreatePolicyVersion(w.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(allow("kms:*", "*")), SetAsDefault: true})
	require.NoError(t, err)
	out, err := w.root.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	require.NoError(t, err)
	require.Equal(t, time.Minute, out.Policy.UpdateDate.Sub(*out.Policy.CreateDate))
}
