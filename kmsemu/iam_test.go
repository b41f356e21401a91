package kmsemu_test

import (
	"fmt"
	"net/url"
	"slices"
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

const rootARN = "arn:aws:iam::000000000000:root"

func roleName(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// TestTaggedRoleNeedsTagRole: creating with tags is tagging too.
func TestTaggedRoleNeedsTagRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(by *caller) error {
		_, err := by.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("tagged"), AssumeRolePolicyDocument: aws.String(trusting(rootARN)),
			Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}
	failsLike(t, create(w.role(allow("iam:CreateRole", "*"))), "AccessDenied", "to perform: iam:TagRole on resource: arn:aws:iam::000000000000:role/tagged")
	require.NoError(t, create(w.role(allow("iam:*Role", "*"))))
}

// TestRolePages walks the list of roles.
func TestRolePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := []string{roleName(w.roleARN(w.root, "")), roleName(w.roleARN(w.root, "")), roleName(w.roleARN(w.root, ""))}
	var got []string
	pages := iam.NewListRolesPaginator(w.root.iam, &iam.ListRolesInput{MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Roles), 2)
		for _, r := range page.Roles {
			got = append(got, *r.RoleName)
		}
	}
	require.Equal(t, want, got)
}

// TestIAMAsksBeforeItLooks: who may not read a role does not learn whether it is.
func TestIAMAsksBeforeItLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.role("").iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("none")})
	fails(t, err, "AccessDenied", "")
	_, err = w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: aws.String("none")})
	fails(t, err, "NoSuchEntity", "The role with name none cannot be found.")
}

// TestRoleAnswers: only GetRole and lists tell the session's length, only GetRole
// the last use, and no answer has a list of tags for a role without any (K0611).
func TestRoleAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := aws.String("app")
	made, err := w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trusting(rootARN))})
	require.NoError(t, err)
	described, err := w.root.iam.UpdateRoleDescription(w.ctx, &iam.UpdateRoleDescriptionInput{RoleName: name, Description: aws.String("d")})
	require.NoError(t, err)
	got, err := w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: name})
	require.NoError(t, err)
	for _, r := range []*iamtypes.Role{made.Role, described.Role} {
		require.Nil(t, r.MaxSessionDuration)
		require.Nil(t, r.RoleLastUsed)
		require.Nil(t, r.Tags)
	}
	require.EqualValues(t, 3600, *got.Role.MaxSessionDuration)
	require.NotNil(t, got.Role.RoleLastUsed)
	require.Nil(t, got.Role.Tags)
}

// TestEmptyTags (K0611): the answer that makes a policy or an instance profile has no
// list of tags if there are none, the one that shows it has an empty one.
func TestEmptyTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := aws.String("app")
	policy, err := w.root.iam.CreatePolicy(w.ctx, &iam.CreatePolicyInput{PolicyName: name, PolicyDocument: aws.String(allow("kms:*", "*")), Description: aws.String("d")})
	require.NoError(t, err)
	require.Nil(t, policy.Policy.Tags)
	require.Nil(t, policy.Policy.Description)
	shown, err := w.root.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: policy.Policy.Arn})
	require.NoError(t, err)
	require.NotNil(t, shown.Policy.Tags)
	require.Equal(t, "d", *shown.Policy.Description)
	profile, err := w.root.iam.CreateInstanceProfile(w.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: name})
	require.NoError(t, err)
	require.Nil(t, profile.InstanceProfile.Tags)
	got, err := w.root.iam.GetInstanceProfile(w.ctx, &iam.GetInstanceProfileInput{InstanceProfileName: name})
	require.NoError(t, err)
	require.NotNil(t, got.InstanceProfile.Tags)
}

func TestRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := trusting(rootARN)
	in := &iam.CreateRoleInput{
		RoleName: aws.String("app"), Path: aws.String("/team/"), Description: aws.String("for tests"), MaxSessionDuration: aws.Int32(7200),
		AssumeRolePolicyDocument: &trust, Tags: []iamtypes.Tag{{Key: aws.String("env"), Value: aws.String("a+b c")}},
	}
	_, err := w.root.iam.CreateRole(w.ctx, in)
	require.NoError(t, err)
	out, err := w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: in.RoleName})
	require.NoError(t, err)
	r := out.Role
	require.Equal(t, "arn:aws:iam::000000000000:role/team/app", *r.Arn)
	require.Equal(t, "/team/", *r.Path)
	require.Regexp(t, `^AROA[A-Z2-7]{17}$`, *r.RoleId)
	require.Equal(t, w.clock.Now().UTC(), *r.CreateDate)
	require.Equal(t, "for tests", *r.Description)
	require.EqualValues(t, 7200, *r.MaxSessionDuration)
	require.Equal(t, in.Tags, r.Tags)
	document, err := url.QueryUnescape(*r.AssumeRolePolicyDocument)
	require.NoError(t, err)
	require.Equal(t, trust, document)

	_, err = w.root.iam.CreateRole(w.ctx, in)
	fails(t, err, "EntityAlreadyExists", "Role with name app already exists.")

	_, err = w.root.iam.UpdateRole(w.ctx, &iam.UpdateRoleInput{RoleName: in.RoleName, Description: aws.String("")})
	require.NoError(t, err)
	_, err = w.root.iam.UntagRole(w.ctx, &iam.UntagRoleInput{RoleName: in.RoleName, TagKeys: []string{"env"}})
	require.NoError(t, err)
	_, err = w.root.iam.TagRole(w.ctx, &iam.TagRoleInput{RoleName: in.RoleName, Tags: []iamtypes.Tag{{Key: aws.String("x"), Value: aws.String("y")}}})
	require.NoError(t, err)
	list, err := w.root.iam.ListRoles(w.ctx, &iam.ListRolesInput{PathPrefix: aws.String("/team/")})
	require.NoError(t, err)
	require.Len(t, list.Roles, 1)
	require.Nil(t, list.Roles[0].Description)
	require.EqualValues(t, 7200, *list.Roles[0].MaxSessionDuration, "UpdateRole left it alone")
	require.Empty(t, list.Roles[0].Tags, "lists leave tags out (K0402)")
	out, err = w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: in.RoleName})
	require.NoError(t, err)
	require.Equal(t, []iamtypes.Tag{{Key: aws.String("x"), Value: aws.String("y")}}, out.Role.Tags)
	list, err = w.root.iam.ListRoles(w.ctx, &iam.ListRolesInput{PathPrefix: aws.String("/other/")})
	require.NoError(t, err)
	require.Empty(t, list.Roles)
}

// TestInlinePolicies come back as they were given, percent-encoded.
func TestInlinePolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := aws.String(roleName(w.roleARN(w.root, "")))
	document := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "a+b %20 c"}}}]}`
	_, err := w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("one"), PolicyDocument: &document})
	require.NoError(t, err)
	out, err := w.root.iam.GetRolePolicy(w.ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("one")})
	require.NoError(t, err)
	for _, decode := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
		decoded, err := decode(*out.PolicyDocument)
		require.NoError(t, err)
		require.Equal(t, document, decoded)
	}
	names, err := w.root.iam.ListRolePolicies(w.ctx, &iam.ListRolePoliciesInput{RoleName: name})
	require.NoError(t, err)
	require.Equal(t, []string{"one"}, names.PolicyNames)
	_, err = w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: name})
	fails(t, err, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	_, err = w.root.iam.GetRolePolicy(w.ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("two")})
	fails(t, err, "NoSuchEntity", "The role policy with name two cannot be found.")
}

// TestRefusedIAMInput: what can be wrong with a role or its policies.
func TestRefusedIAMInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := roleName(w.roleARN(w.root, ""))
	create := func(change func(*iam.CreateRoleInput)) error {
		in := &iam.CreateRoleInput{RoleName: aws.String(w.name("new")), AssumeRolePolicyDocument: aws.String(trusting(rootARN))}
		change(in)
		_, err := w.root.iam.CreateRole(w.ctx, in)
		return err
	}
	put := func(document string) error {
		_, err := w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("p"), PolicyDocument: &document})
		return err
	}
	trust := func(document string) error {
		_, err := w.root.iam.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &role, PolicyDocument: &document})
		return err
	}
	tag := func(key string) iamtypes.Tag { return iamtypes.Tag{Key: &key, Value: aws.String("")} }
	tags := func(n int) []iamtypes.Tag {
		var out []iamtypes.Tag
		for i := range n {
			out = append(out, tag(fmt.Sprint("k", i)))
		}
		return out
	}
	long := func(n int) string {
		document := allow("kms:Encrypt", "*")
		return strings.Replace(document, "kms:Encrypt", "kms:"+strings.Repeat("x", n-len(document)+len("Encrypt")), 1)
	}
	twice := func(sids ...any) string {
		const statement = `{"Sid":"%s","Effect":"Allow","Action":"kms:*","Resource":"*"}`
		return fmt.Sprintf(`{"Statement":[`+statement+","+statement+"]}", sids...)
	}
	longTrust := func(n int) string {
		document := trusting(rootARN)
		return document[:len(document)-1] + `,"Id":"` + strings.Repeat("x", n-len(document)-len(`,"Id":""`)) + `"}`
	}
	for name, row := range map[string]struct {
		good, bad     error
		code, message string
	}{
		"role name, high":       {create(func(in *iam.CreateRoleInput) { in.RoleName = repeat(64) }), create(func(in *iam.CreateRoleInput) { in.RoleName = repeat(65) }), "ValidationError", ""},
		"role name":             {create(func(in *iam.CreateRoleInput) { in.RoleName = aws.String("a+=,.@-b") }), create(func(in *iam.CreateRoleInput) { in.RoleName = aws.String("a b") }), "ValidationError", ""},
		"path":                  {create(func(in *iam.CreateRoleInput) { in.Path = aws.String("/a/b/") }), create(func(in *iam.CreateRoleInput) { in.Path = aws.String("/a") }), "ValidationError", ""},
		"duration, low":         {create(func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(3600) }), create(func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(3599) }), "ValidationError", ""},
		"duration, high":        {create(func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(43200) }), create(func(in *iam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(43201) }), "ValidationError", ""},
		"description":           {create(func(in *iam.CreateRoleInput) { in.Description = repeat(1000) }), create(func(in *iam.CreateRoleInput) { in.Description = repeat(1001) }), "ValidationError", ""},
		"tags":                  {create(func(in *iam.CreateRoleInput) { in.Tags = tags(50) }), create(func(in *iam.CreateRoleInput) { in.Tags = tags(51) }), "ValidationError", "1 validation error detected: Value at 'tags'" + constraint + "have length less than or equal to 50"},
		"same tags":             {create(func(in *iam.CreateRoleInput) { in.Tags = []iamtypes.Tag{tag("a"), tag("b")} }), create(func(in *iam.CreateRoleInput) { in.Tags = []iamtypes.Tag{tag("a"), tag("A")} }), "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"reserved tag":          {create(func(in *iam.CreateRoleInput) { in.Tags = []iamtypes.Tag{tag("awsome")} }), create(func(in *iam.CreateRoleInput) { in.Tags = []iamtypes.Tag{tag("aws:x")} }), "InvalidInput", ""},
		"boundary":              {create(func(in *iam.CreateRoleInput) {}), create(func(in *iam.CreateRoleInput) { in.PermissionsBoundary = aws.String("arn:aws:iam::aws:policy/X") }), "NoSuchEntity", ""},
		"trust principal":       {trust(trusting("*")), trust(trusting("arn:aws:iam::000000000000:role/none")), "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/none"`},
		"trust is a policy":     {trust(trusting(rootARN)), trust(allow("sts:AssumeRole", "*")), "MalformedPolicyDocument", ""},
		"trust resource":        {trust(trusting(rootARN)), trust(strings.Replace(trusting(rootARN), `"Action"`, `"Resource":"*","Action"`, 1)), "MalformedPolicyDocument", "Has prohibited field Resource"},
		"trust syntax":          {trust(trusting(rootARN)), trust("{"), "MalformedPolicyDocument", "This policy contains invalid Json"},
		"trust size":            {trust(longTrust(2048)), trust(longTrust(2049)), "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		"inline syntax":         {put(allow("kms:*", "*")), put("{"), "MalformedPolicyDocument", ""},
		"inline principal":      {put(allow("kms:*", "*")), put(keyPolicy()), "MalformedPolicyDocument", "Policy document should not specify a principal."},
		"inline resource":       {put(allow("kms:*", "*")), put(`{"Statement":{"Effect":"Allow","Action":"kms:*"}}`), "MalformedPolicyDocument", "Policy statement must contain resources."},
		"inline action":         {put(allow("kms:*", "*")), put(`{"Statement":{"Effect":"Allow","Resource":"*"}}`), "MalformedPolicyDocument", "Policy statement must contain actions."},
		"inline action, vendor": {put(allow("kms:Encrypt", "*")), put(allow("Encrypt", "*")), "MalformedPolicyDocument", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		"inline action, star":   {put(allow("*", "*")), put(allow("kms*", "*")), "MalformedPolicyDocument", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		"inline action, colon":  {put(allow("kms:Encrypt", "*")), put(allow("kms:Encrypt:Decrypt", "*")), "MalformedPolicyDocument", "Actions/Condition can contain only one colon."},
		"inline resource, ARN":  {put(allow("kms:*", "arn:aws:kms:*:*:key/1")), put(allow("kms:*", "key/1")), "MalformedPolicyDocument", `Resource key/1 must be in ARN format or "*".`},
		"inline sid":            {put(`{"Statement":{"Sid":"aB1","Effect":"Allow","Action":"kms:*","Resource":"*"}}`), put(`{"Statement":{"Sid":"a b","Effect":"Allow","Action":"kms:*","Resource":"*"}}`), "MalformedPolicyDocument", "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		"inline sids":           {put(twice("", "")), put(twice("a", "a")), "MalformedPolicyDocument", "Statement IDs (SID) in a single policy must be unique."},
		"trust action":          {trust(strings.Replace(trusting(rootARN), "sts:AssumeRole", "STS:AssumeRole", 1)), trust(strings.Replace(trusting(rootARN), "sts:AssumeRole", "kms:Decrypt", 1)), "MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions."},
		"trust without action":  {trust(trusting(rootARN)), trust(`{"Statement":{"Effect":"Allow","Principal":"*"}}`), "MalformedPolicyDocument", "Missing required field Action"},
		"trust sid":             {trust(strings.Replace(trusting(rootARN), `"Effect"`, `"Sid":"a","Effect"`, 1)), trust(strings.Replace(trusting(rootARN), `"Effect"`, `"Sid":"a-b","Effect"`, 1)), "MalformedPolicyDocument", ""},
		"inline size":           {put(long(10240)), put(long(10241)), "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role " + role},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, row.good)
			fails(t, row.bad, row.code, row.message)
		})
	}
}

func TestCallerIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.root.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, []string{account, rootARN, account}, []string{*out.Account, *out.Arn, *out.UserId})

	role := w.roleARN(w.root, identity("Deny", "*", "*"))
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("me@x")})
	out, err = session.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	require.NoError(t, err, "no policy can deny it")
	require.Equal(t, "arn:aws:sts::000000000000:assumed-role/"+roleName(role)+"/me@x", *out.Arn)
	require.Equal(t, w.roleID(role)+":me@x", *out.UserId)
	require.Equal(t, account, *out.Account)
}

// unexplained is a denial by STS, which gives no reason (K0617).
func unexplained(who, action, what string) string {
	return "User: " + who + " is not authorized to perform: " + action + " on resource: " + what
}

// TestAssumeRole: the trust policy decides, and, where it only names the
// account, the caller's own policy too.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target := w.roleARN(w.root, "")
	may := w.role(allow("sts:AssumeRole", target))
	mayNot := w.role(allow("sts:AssumeRole", target+"x"))
	assume := func(by *caller, role string) error {
		_, err := by.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")})
		return err
	}
	require.NoError(t, assume(may, target))
	fails(t, assume(mayNot, target), "AccessDenied", unexplained(mayNot.arn, "sts:AssumeRole", target))
	foreign := w.caller(other, "test", "")
	fails(t, assume(foreign, target), "AccessDenied", unexplained("arn:aws:iam::"+other+":root", "sts:AssumeRole", target))
	fails(t, assume(w.root, target+"x"), "AccessDenied", unexplained(rootARN, "sts:AssumeRole", target+"x"))

	_, err := w.root.iam.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(roleName(target)),
		PolicyDocument: aws.String(`{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`)})
	require.NoError(t, err)
	fails(t, assume(w.root, target), "AccessDenied", "")
}

// TestAssumeRoleLimits: durations, names, and what is not supported.
func TestAssumeRoleLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, allow("sts:*", "*"))
	_, err := w.root.iam.UpdateRole(w.ctx, &iam.UpdateRoleInput{RoleName: aws.String(roleName(role)), MaxSessionDuration: aws.Int32(43200)})
	require.NoError(t, err)
	short := w.roleARN(w.root, "")
	chained := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	assume := func(by *caller, change func(*sts.AssumeRoleInput)) error {
		in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")}
		change(in)
		_, err := by.sts.AssumeRole(w.ctx, in)
		return err
	}
	seconds := func(n int32) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.DurationSeconds = &n }
	}
	name := func(name string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.RoleSessionName = &name }
	}
	for title, row := range map[string]struct {
		by            *caller
		good, bad     func(*sts.AssumeRoleInput)
		code, message string
	}{
		"duration, low":  {w.root, seconds(900), seconds(899), "ValidationError", "1 validation error detected: Value '899' at 'durationSeconds'" + constraint + "have value greater than or equal to 900"},
		"duration, high": {w.root, seconds(43200), seconds(43201), "ValidationError", ""},
		"of the role": {w.root, seconds(3601), func(in *sts.AssumeRoleInput) { in.RoleArn, in.DurationSeconds = &short, aws.Int32(3601) },
			"ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"chained":    {chained, seconds(3600), seconds(3601), "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."},
		"name, low":  {w.root, name("ab"), name("a"), "ValidationError", ""},
		"name, high": {w.root, name(*repeat(64)), name(*repeat(65)), "ValidationError", ""},
		"name":       {w.root, name("a=,.@-b"), name("a/b"), "ValidationError", ""},
		"policy":     {w.root, func(in *sts.AssumeRoleInput) { in.Policy = aws.String(allow("kms:*", "*")) }, func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{") }, "MalformedPolicyDocument", ""},
		"policy, high": {w.root, func(in *sts.AssumeRoleInput) { in.Policy = aws.String(pad(allow("kms:*", "*"), 2048)) },
			func(in *sts.AssumeRoleInput) { in.Policy = aws.String(pad(allow("kms:*", "*"), 2049)) }, "ValidationError", ""},
		"managed policy": {w.root, managed("PowerUserAccess"), managed("NoSuchAccess"),
			"MalformedPolicyDocument", "The policy arn:aws:iam::aws:policy/NoSuchAccess does not exist in the account of the session."},
		"managed policies": {w.root, managed(repeated("PowerUserAccess", 10)...), managed(repeated("PowerUserAccess", 11)...), "ValidationError", ""},
		"MFA": {w.root, func(*sts.AssumeRoleInput) {}, func(in *sts.AssumeRoleInput) { in.SerialNumber = aws.String("arn:aws:iam::000000000000:mfa/x") },
			"ValidationError", "This emulator does not support the parameter SerialNumber: leave it out."},
		"MFA code":              {w.root, func(*sts.AssumeRoleInput) {}, func(in *sts.AssumeRoleInput) { in.TokenCode = aws.String("123456") }, "ValidationError", ""},
		"source identity, low":  {w.root, source("ab"), source("a"), "ValidationError", ""},
		"source identity, high": {w.root, source(*repeat(64)), source(*repeat(65)), "ValidationError", ""},
		"source identity":       {w.root, source("awsx"), source("aws:x"), "ValidationError", ""},
		"transitive tags": {w.root, transitive("a", "A"), transitive("a", "b"),
			"InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."},
	} {
		t.Run(title, func(t *testing.T) {
			require.NoError(t, assume(row.by, row.good))
			fails(t, assume(row.by, row.bad), row.code, row.message)
		})
	}
}

func managed(names ...string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) {
		for _, name := range names {
			in.PolicyArns = append(in.PolicyArns, ststypes.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/" + name)})
		}
	}
}

func repeated(text string, n int) []string { return slices.Repeat([]string{text}, n) }

func source(identity string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) { in.SourceIdentity = &identity }
}

func transitive(tag, key string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) {
		in.Tags, in.TransitiveTagKeys = []ststypes.Tag{{Key: &tag, Value: aws.String("x")}}, []string{key}
	}
}

func pad(text string, n int) string { return text + strings.Repeat(" ", n-len(text)) }

// TestTrustConditions: conditions of the trust policy, and session tags.
func TestTrustConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := func(action, condition string) string {
		return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":%s,"Condition":%s}]}`, rootARN, action, condition)
	}
	tags := func(value string) []ststypes.Tag {
		return []ststypes.Tag{{Key: aws.String("team"), Value: &value}}
	}
	for name, row := range map[string]struct {
		trust     string
		good, bad sts.AssumeRoleInput
		action    string
	}{
		"external id":    {trust(`"sts:AssumeRole"`, `{"StringEquals":{"sts:ExternalId":"42"}}`), sts.AssumeRoleInput{ExternalId: aws.String("42")}, sts.AssumeRoleInput{ExternalId: aws.String("43")}, "sts:AssumeRole"},
		"no external id": {trust(`"sts:AssumeRole"`, `{"StringEquals":{"sts:ExternalId":"42"}}`), sts.AssumeRoleInput{ExternalId: aws.String("42")}, sts.AssumeRoleInput{}, "sts:AssumeRole"},
		"session name":   {trust(`"sts:AssumeRole"`, `{"StringLike":{"sts:RoleSessionName":"ci-*"}}`), sts.AssumeRoleInput{RoleSessionName: aws.String("ci-1")}, sts.AssumeRoleInput{RoleSessionName: aws.String("me")}, "sts:AssumeRole"},
		"session tag":    {trust(`["sts:AssumeRole","sts:TagSession"]`, `{"StringEquals":{"aws:RequestTag/team":"a"}}`), sts.AssumeRoleInput{Tags: tags("a")}, sts.AssumeRoleInput{Tags: tags("b")}, "sts:AssumeRole"},
		"may not tag":    {trust(`"sts:AssumeRole"`, `{}`), sts.AssumeRoleInput{}, sts.AssumeRoleInput{Tags: tags("a")}, "sts:TagSession"},
	} {
		t.Run(name, func(t *testing.T) {
			role, err := w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String(w.name("trust")), AssumeRolePolicyDocument: &row.trust})
			require.NoError(t, err)
			for _, in := range []*sts.AssumeRoleInput{&row.good, &row.bad} {
				in.RoleArn = role.Role.Arn
				if in.RoleSessionName == nil {
					in.RoleSessionName = aws.String("s1")
				}
			}
			_, err = w.root.sts.AssumeRole(w.ctx, &row.good)
			require.NoError(t, err)
			_, err = w.root.sts.AssumeRole(w.ctx, &row.bad)
			failsLike(t, err, "AccessDenied", "is not authorized to perform: "+row.action+" on resource: "+*role.Role.Arn)
		})
	}
}

// TestPrincipalTags (K0110): a session carries the tags of its role, and its own
// over them.
func TestPrincipalTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	_, err := w.root.iam.TagRole(w.ctx, &iam.TagRoleInput{RoleName: aws.String(roleName(role)), Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}})
	require.NoError(t, err)
	key := w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`))))
	_, err = w.encrypt(w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role}), key, nil)
	require.NoError(t, err)
	red := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role, Tags: []ststypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}})
	_, err = w.encrypt(red, key, nil)
	fails(t, err, "AccessDeniedException", "")
}

// TestExpiry of a session by the clock.
func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, allow("kms:ListKeys", "*"))
	out, err := w.root.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1"), DurationSeconds: aws.Int32(900)})
	require.NoError(t, err)
	c := out.Credentials
	require.Equal(t, w.clock.Now().Add(15*time.Minute).UTC(), *c.Expiration)
	require.Regexp(t, `^ASIA[A-Z2-7]{16}$`, *c.AccessKeyId)
	session := w.caller(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	w.clock.Advance(15*time.Minute - time.Second)
	_, err = session.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	w.clock.Advance(time.Second)
	_, err = session.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	fails(t, err, "ExpiredTokenException", "The security token included in the request is expired")
	_, err = session.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	fails(t, err, "ExpiredToken", "")

	for name, token := range map[string]string{"no token": "", "another token": "x"} {
		_, err := w.caller(*c.AccessKeyId, *c.SecretAccessKey, token).kms.ListKeys(w.ctx, &kms.ListKeysInput{})
		fails(t, err, "UnrecognizedClientException", "")
		require.Error(t, err, name)
	}
}
