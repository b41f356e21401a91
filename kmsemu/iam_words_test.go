package kmsemu_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/stretchr/testify/require"
)

// TestIAMWords (K0614): IAM shows no value that it refuses, STS does, and both say in
// words of their own what a name or an ARN has to be.
func TestIAMWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(change func(*iam.CreateRoleInput)) error {
		in := &iam.CreateRoleInput{RoleName: aws.String(w.name("new")), AssumeRolePolicyDocument: aws.String(trusting(rootARN))}
		change(in)
		_, err := w.root.iam.CreateRole(w.ctx, in)
		return err
	}
	about := func(description string) error {
		return create(func(in *iam.CreateRoleInput) { in.Description = &description })
	}
	named := func(name string) error { return create(func(in *iam.CreateRoleInput) { in.RoleName = &name }) }
	bounded := func(arn string) error {
		return create(func(in *iam.CreateRoleInput) { in.PermissionsBoundary = &arn })
	}
	role := w.roleARN(w.root, "")
	attach := func(arn string) error {
		_, err := w.root.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(roleName(role)), PolicyArn: &arn})
		return err
	}
	put := func(document string) error {
		_, err := w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String(roleName(role)), PolicyName: aws.String("p"), PolicyDocument: &document})
		return err
	}
	assume := func(arn, session string) error {
		_, err := w.root.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &session})
		return err
	}
	user := func(name string) error {
		_, err := w.root.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: &name})
		return err
	}
	version := func(id string) error {
		_, err := w.root.iam.GetPolicyVersion(w.ctx, &iam.GetPolicyVersionInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"), VersionId: &id})
		return err
	}
	const boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
	words := "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	for name, row := range map[string]struct {
		good, bad     error
		code, message string
	}{
		"length":         {named(*repeat(64)), named(*repeat(65)), "ValidationError", "1 validation error detected: Value at 'roleName'" + constraint + "have length less than or equal to 64"},
		"name":           {named("a-b"), named("a/b"), "ValidationError", words},
		"description":    {about("é"), about("a – b"), "ValidationError", "1 validation error detected: Value at 'description'" + constraint + `satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`},
		"boundary":       {bounded(boundary), bounded("arn:aws:iam::000000000000:not_a_policy/invalid"), "InvalidInput", "ARN arn:aws:iam::000000000000:not_a_policy/invalid is not valid."},
		"policy ARN":     {attach(boundary), attach("longpolicynamebutnoarn"), "ValidationError", "ARN longpolicynamebutnoarn is not valid."},
		"document":       {put(allow("kms:*", "arn:aws:kms:*:*:alias/é")), put(allow("kms:*", "arn:aws:kms:*:*:alias/–")), "ValidationError", "The specified value for policyDocument is invalid. It must contain only printable ASCII characters."},
		"role ARN":       {assume(role, "s1"), assume("nothing-valid-in-here", "s1"), "ValidationError", "nothing-valid-in-here is invalid"},
		"session name":   {assume(role, "s1"), assume(role, "s1:2"), "ValidationError", "1 validation error detected: Value 's1:2' at 'roleSessionName'" + constraint + `satisfy regular expression pattern: [\w+=,.@-]*`},
		"version's name": {version("v1"), version("1"), "ValidationError", "1 validation error detected: Value at 'versionId'" + constraint + `satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, row.good)
			fails(t, row.bad, row.code, row.message)
		})
	}
	fails(t, user(*repeat(128)), "NoSuchEntity", "")
	fails(t, user(*repeat(129)), "ValidationError", "")
	_, err := w.root.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: repeat(65)})
	fails(t, err, "ValidationError", "")
}

// TestIAMTags (K0615): the rules of tags, which differ between roles, policies and
// sessions.
func TestIAMTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tags := func(pairs ...string) []iamtypes.Tag {
		var out []iamtypes.Tag
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, iamtypes.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		return out
	}
	name, policy := aws.String(roleName(w.roleARN(w.root, ""))), w.policy(allow("kms:*", "*"))
	onRole := func(list []iamtypes.Tag) error {
		_, err := w.root.iam.TagRole(w.ctx, &iam.TagRoleInput{RoleName: name, Tags: list})
		return err
	}
	onPolicy := func(list []iamtypes.Tag) error {
		_, err := w.root.iam.TagPolicy(w.ctx, &iam.TagPolicyInput{PolicyArn: &policy, Tags: list})
		return err
	}
	off := func(keys ...string) error {
		_, err := w.root.iam.UntagRole(w.ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: keys})
		return err
	}
	trusted := w.trustingRole(trusting(rootARN))
	onSession := func(list []ststypes.Tag) error {
		_, err := w.root.sts.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: &trusted, RoleSessionName: aws.String("s1"), Tags: list})
		return err
	}
	const members = "1 validation error detected: Value at 'tagKeys'" + constraint + `satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]`
	const folded = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
	for title, row := range map[string]struct {
		good, bad     error
		code, message string
	}{
		"characters of a key":   {onRole(tags("é x_.:/=+-@", "")), onRole(tags("a#", "")), "ValidationError", "1 validation error detected: Value at 'tags.1.member.key'" + constraint + `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		"characters of a value": {onRole(tags("a", "é x")), onRole(tags("a", "#")), "ValidationError", ""},
		"case, role":            {onRole(tags("a", "1", "b", "2")), onRole(tags("a", "1", "A", "2")), "InvalidInput", folded},
		"case, policy":          {onPolicy(tags("a", "1", "A", "2")), onPolicy(tags("a", "1", "a", "2")), "InvalidInput", "Duplicate tag keys found."},
		"case, session":         {onSession(stsTags("a", "1", "b", "2")), onSession(stsTags("a", "1", "A", "2")), "InvalidParameterValue", folded},
		"removed":               {off(repeatedKeys(50)...), off(repeatedKeys(51)...), "ValidationError", "1 validation error detected: Value at 'tagKeys'" + constraint + "have length less than or equal to 50"},
		"length removed":        {off(*repeat(128)), off(*repeat(129)), "ValidationError", members},
	} {
		t.Run(title, func(t *testing.T) {
			require.NoError(t, row.good)
			fails(t, row.bad, row.code, row.message)
		})
	}
	_, err := w.root.iam.UntagPolicy(w.ctx, &iam.UntagPolicyInput{PolicyArn: &policy, TagKeys: []string{"a"}})
	require.NoError(t, err)
	left, err := w.root.iam.ListPolicyTags(w.ctx, &iam.ListPolicyTagsInput{PolicyArn: &policy})
	require.NoError(t, err)
	require.Equal(t, tags("A", "2"), left.Tags, "only the one of that very name went")
}

func repeatedKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = strings.Repeat("k", i+1)
	}
	return keys
}

// TestWhatIAMMisses (K0616): which of two missing entities IAM names, and what it does
// not miss at all.
func TestWhatIAMMisses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.iamSubject()
	none := aws.String("none")
	remove := func(group, user *string) error {
		_, err := w.root.iam.RemoveUserFromGroup(w.ctx, &iam.RemoveUserFromGroupInput{GroupName: group, UserName: user})
		return err
	}
	fails(t, remove(none, none), "NoSuchEntity", "The user with name none cannot be found.")
	fails(t, remove(none, &s.user), "NoSuchEntity", "The group with name none cannot be found.")
	require.NoError(t, remove(&s.group, &s.bare), "a user who is not in the group")

	missing := strings.Replace(s.policy, "policy/", "policy/none-", 1)
	_, err := w.root.iam.GetPolicyVersion(w.ctx, &iam.GetPolicyVersionInput{PolicyArn: &missing, VersionId: aws.String("v1")})
	fails(t, err, "NoSuchEntity", "Policy "+missing+" version v1 does not exist or is not attachable.")

	_, err = w.root.iam.RemoveRoleFromInstanceProfile(w.ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &s.bare, RoleName: &s.role})
	fails(t, err, "NoSuchEntity", "Role "+s.role+" in Instance Profile "+s.bare+" cannot be found.")
	held, err := w.root.iam.GetInstanceProfile(w.ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &s.profile})
	require.NoError(t, err)
	require.Nil(t, held.InstanceProfile.Roles[0].MaxSessionDuration)

	token, err := w.root.sts.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: aws.String("fed")})
	require.NoError(t, err)
	require.EqualValues(t, 0, *token.PackedPolicySize)
}
