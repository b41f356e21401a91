package kmsemu_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// iamSubject is what the operations of IAM work on: one entity of each kind that
// has everything, names (not paths) where an operation takes a name and ARNs where
// it takes one.
type iamSubject struct {
	role, user, group, profile, policy, provider string
	accessKey, linked, task                      string
	spare                                        string // a policy attached to nobody
	bare                                         string // a role, user, group and profile that have nothing
	fresh                                        string // a name nobody has
}

func (w *world) iamSubject() iamSubject {
	w.Helper()
	s := iamSubject{
		role: w.name("role"), user: w.name("user"), group: w.name("group"), profile: w.name("profile"), bare: w.name("bare"), fresh: w.name("fresh"),
		policy: w.policy(allow("kms:*", "*")), spare: w.policy(allow("kms:*", "*")),
	}
	do := func(calls ...func() error) {
		for _, call := range calls {
			require.NoError(w, call())
		}
	}
	inline, document, trust := aws.String("inline"), aws.String(allow("kms:*", "*")), aws.String(trusting(rootARN))
	c, ctx := w.root.iam, w.ctx
	do(
		func() error {
			_, err := c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: &s.policy, PolicyDocument: document})
			return err
		},
		func() error {
			_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &s.role, AssumeRolePolicyDocument: trust, PermissionsBoundary: &s.policy})
			return err
		},
		func() error {
			_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &s.role, PolicyName: inline, PolicyDocument: document})
			return err
		},
		func() error {
			_, err := c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &s.role, PolicyArn: &s.policy})
			return err
		},
		func() error {
			_, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: &s.user, PermissionsBoundary: &s.policy})
			return err
		},
		func() error {
			_, err := c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &s.user, PolicyName: inline, PolicyDocument: document})
			return err
		},
		func() error {
			_, err := c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &s.user, PolicyArn: &s.policy})
			return err
		},
		func() error { _, err := c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: &s.group}); return err },
		func() error {
			_, err := c.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: &s.group, PolicyName: inline, PolicyDocument: document})
			return err
		},
		func() error {
			_, err := c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: &s.group, PolicyArn: &s.policy})
			return err
		},
		func() error {
			_, err := c.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: &s.group, UserName: &s.user})
			return err
		},
		func() error {
			_, err := c.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &s.profile})
			return err
		},
		func() error {
			_, err := c.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &s.profile, RoleName: &s.role})
			return err
		},
		func() error {
			_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &s.bare, AssumeRolePolicyDocument: trust})
			return err
		},
		func() error { _, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: &s.bare}); return err },
		func() error { _, err := c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: &s.bare}); return err },
		func() error {
			_, err := c.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &s.bare})
			return err
		},
	)
	key, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &s.user})
	require.NoError(w, err)
	s.accessKey = *key.AccessKey.AccessKeyId
	provider, err := c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + w.name("tokens") + ".example.com"), ClientIDList: []string{"app"}})
	require.NoError(w, err)
	s.provider = *provider.OpenIDConnectProviderArn
	for _, linked := range []*string{&s.linked, &s.task} {
		role, err := c.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("autoscaling.amazonaws.com"), CustomSuffix: aws.String(w.name("x"))})
		require.NoError(w, err)
		*linked = *role.Role.RoleName
	}
	task, err := c.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: &s.task})
	require.NoError(w, err)
	s.task = *task.DeletionTaskId
	return s
}

// policy makes a managed policy.
func (w *world) policy(document string) string {
	w.Helper()
	out, err := w.root.iam.CreatePolicy(w.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(w.name("policy")), PolicyDocument: &document})
	require.NoError(w, err)
	return *out.Policy.Arn
}

// iamCalls has one valid call of every operation, with the kind of resource its
// permission is about.
var iamCalls = map[string]struct {
	resource string
	call     func(context.Context, *iam.Client, iamSubject) error
}{
	"AddClientIDToOpenIDConnectProvider": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: &s.provider, ClientID: aws.String("more")})
		return err
	}},
	"AddRoleToInstanceProfile": {"instance profile ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &s.bare, RoleName: &s.bare})
		return err
	}},
	"AddUserToGroup": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: &s.group, UserName: &s.bare})
		return err
	}},
	"AttachGroupPolicy": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: &s.group, PolicyArn: &s.spare})
		return err
	}},
	"AttachRolePolicy": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &s.role, PolicyArn: &s.spare})
		return err
	}},
	"AttachUserPolicy": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &s.user, PolicyArn: &s.spare})
		return err
	}},
	"CreateAccessKey": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &s.user})
		return err
	}},
	"CreateGroup": {"arn:aws:iam::000000000000:group/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: &s.fresh})
		return err
	}},
	"CreateInstanceProfile": {"arn:aws:iam::000000000000:instance-profile/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &s.fresh})
		return err
	}},
	"CreateOpenIDConnectProvider": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + s.fresh + ".example.com")})
		return err
	}},
	"CreatePolicy": {"policy ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &s.fresh, PolicyDocument: aws.String(allow("kms:*", "*"))})
		return err
	}},
	"CreatePolicyVersion": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: &s.policy, PolicyDocument: aws.String(allow("kms:*", "*"))})
		return err
	}},
	"CreateRole": {"arn:aws:iam::000000000000:role/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &s.fresh, AssumeRolePolicyDocument: aws.String(trusting(rootARN))})
		return err
	}},
	"CreateServiceLinkedRole": {"arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("autoscaling.amazonaws.com"), CustomSuffix: &s.fresh})
		return err
	}},
	"CreateUser": {"arn:aws:iam::000000000000:user/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: &s.fresh})
		return err
	}},
	"DeleteAccessKey": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &s.user, AccessKeyId: &s.accessKey})
		return err
	}},
	"DeleteGroup": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: &s.bare})
		return err
	}},
	"DeleteGroupPolicy": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: &s.group, PolicyName: aws.String("inline")})
		return err
	}},
	"DeleteInstanceProfile": {"instance profile ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &s.bare})
		return err
	}},
	"DeleteOpenIDConnectProvider": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &s.provider})
		return err
	}},
	"DeletePolicy": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &s.spare})
		return err
	}},
	"DeletePolicyVersion": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &s.policy, VersionId: aws.String("v2")})
		return err
	}},
	"DeleteRole": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &s.bare})
		return err
	}},
	"DeleteRolePermissionsBoundary": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &s.role})
		return err
	}},
	"DeleteRolePolicy": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &s.role, PolicyName: aws.String("inline")})
		return err
	}},
	"DeleteServiceLinkedRole": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: &s.linked})
		return err
	}},
	"DeleteUser": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &s.bare})
		return err
	}},
	"DeleteUserPermissionsBoundary": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: &s.user})
		return err
	}},
	"DeleteUserPolicy": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &s.user, PolicyName: aws.String("inline")})
		return err
	}},
	"DetachGroupPolicy": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: &s.group, PolicyArn: &s.policy})
		return err
	}},
	"DetachRolePolicy": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &s.role, PolicyArn: &s.policy})
		return err
	}},
	"DetachUserPolicy": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &s.user, PolicyArn: &s.policy})
		return err
	}},
	"GetGroup": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetGroup(ctx, &iam.GetGroupInput{GroupName: &s.group})
		return err
	}},
	"GetGroupPolicy": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetGroupPolicy(ctx, &iam.GetGroupPolicyInput{GroupName: &s.group, PolicyName: aws.String("inline")})
		return err
	}},
	"GetInstanceProfile": {"instance profile ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &s.profile})
		return err
	}},
	"GetOpenIDConnectProvider": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &s.provider})
		return err
	}},
	"GetPolicy": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &s.policy})
		return err
	}},
	"GetPolicyVersion": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &s.policy, VersionId: aws.String("v1")})
		return err
	}},
	"GetRole": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: &s.role})
		return err
	}},
	"GetRolePolicy": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &s.role, PolicyName: aws.String("inline")})
		return err
	}},
	"GetServiceLinkedRoleDeletionStatus": {"arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetServiceLinkedRoleDeletionStatus(ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: &s.task})
		return err
	}},
	"GetUser": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetUser(ctx, &iam.GetUserInput{UserName: &s.user})
		return err
	}},
	"GetUserPolicy": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &s.user, PolicyName: aws.String("inline")})
		return err
	}},
	"ListAccessKeys": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &s.user})
		return err
	}},
	"ListAttachedGroupPolicies": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListAttachedGroupPolicies(ctx, &iam.ListAttachedGroupPoliciesInput{GroupName: &s.group})
		return err
	}},
	"ListAttachedRolePolicies": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &s.role})
		return err
	}},
	"ListAttachedUserPolicies": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: &s.user})
		return err
	}},
	"ListEntitiesForPolicy": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: &s.policy})
		return err
	}},
	"ListGroupPolicies": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListGroupPolicies(ctx, &iam.ListGroupPoliciesInput{GroupName: &s.group})
		return err
	}},
	"ListGroups": {"arn:aws:iam::000000000000:group/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListGroups(ctx, &iam.ListGroupsInput{})
		return err
	}},
	"ListGroupsForUser": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: &s.user})
		return err
	}},
	"ListInstanceProfileTags": {"instance profile ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListInstanceProfileTags(ctx, &iam.ListInstanceProfileTagsInput{InstanceProfileName: &s.profile})
		return err
	}},
	"ListInstanceProfiles": {"arn:aws:iam::000000000000:instance-profile/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{})
		return err
	}},
	"ListInstanceProfilesForRole": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: &s.role})
		return err
	}},
	"ListMFADevices": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: &s.user})
		return err
	}},
	"ListOpenIDConnectProviderTags": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: &s.provider})
		return err
	}},
	"ListOpenIDConnectProviders": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
		return err
	}},
	"ListPolicies": {"policy path /", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListPolicies(ctx, &iam.ListPoliciesInput{})
		return err
	}},
	"ListPolicyTags": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: &s.policy})
		return err
	}},
	"ListPolicyVersions": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &s.policy})
		return err
	}},
	"ListRolePolicies": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &s.role})
		return err
	}},
	"ListRoleTags": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &s.role})
		return err
	}},
	"ListRoles": {"arn:aws:iam::000000000000:role/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListRoles(ctx, &iam.ListRolesInput{})
		return err
	}},
	"ListSSHPublicKeys": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListSSHPublicKeys(ctx, &iam.ListSSHPublicKeysInput{UserName: &s.user})
		return err
	}},
	"ListServiceSpecificCredentials": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListServiceSpecificCredentials(ctx, &iam.ListServiceSpecificCredentialsInput{UserName: &s.user})
		return err
	}},
	"ListSigningCertificates": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListSigningCertificates(ctx, &iam.ListSigningCertificatesInput{UserName: &s.user})
		return err
	}},
	"ListUserPolicies": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: &s.user})
		return err
	}},
	"ListUserTags": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: &s.user})
		return err
	}},
	"ListUsers": {"arn:aws:iam::000000000000:user/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListUsers(ctx, &iam.ListUsersInput{})
		return err
	}},
	"ListVirtualMFADevices": {"arn:aws:iam::000000000000:mfa/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.ListVirtualMFADevices(ctx, &iam.ListVirtualMFADevicesInput{})
		return err
	}},
	"PutGroupPolicy": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: &s.group, PolicyName: aws.String("new"), PolicyDocument: aws.String(allow("kms:*", "*"))})
		return err
	}},
	"PutRolePermissionsBoundary": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &s.role, PermissionsBoundary: &s.spare})
		return err
	}},
	"PutRolePolicy": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &s.role, PolicyName: aws.String("new"), PolicyDocument: aws.String(allow("kms:*", "*"))})
		return err
	}},
	"PutUserPermissionsBoundary": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &s.user, PermissionsBoundary: &s.spare})
		return err
	}},
	"PutUserPolicy": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &s.user, PolicyName: aws.String("new"), PolicyDocument: aws.String(allow("kms:*", "*"))})
		return err
	}},
	"RemoveClientIDFromOpenIDConnectProvider": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: &s.provider, ClientID: aws.String("app")})
		return err
	}},
	"RemoveRoleFromInstanceProfile": {"instance profile ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &s.profile, RoleName: &s.role})
		return err
	}},
	"RemoveUserFromGroup": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: &s.group, UserName: &s.user})
		return err
	}},
	"SetDefaultPolicyVersion": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: &s.policy, VersionId: aws.String("v2")})
		return err
	}},
	"TagInstanceProfile": {"instance profile ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.TagInstanceProfile(ctx, &iam.TagInstanceProfileInput{InstanceProfileName: &s.profile, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}},
	"TagOpenIDConnectProvider": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &s.provider, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}},
	"TagPolicy": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: &s.policy, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}},
	"TagRole": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.TagRole(ctx, &iam.TagRoleInput{RoleName: &s.role, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}},
	"TagUser": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.TagUser(ctx, &iam.TagUserInput{UserName: &s.user, Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		return err
	}},
	"UntagInstanceProfile": {"instance profile ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UntagInstanceProfile(ctx, &iam.UntagInstanceProfileInput{InstanceProfileName: &s.profile, TagKeys: []string{"a"}})
		return err
	}},
	"UntagOpenIDConnectProvider": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &s.provider, TagKeys: []string{"a"}})
		return err
	}},
	"UntagPolicy": {"policy arn:aws:iam::000000000000:policy/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: &s.policy, TagKeys: []string{"a"}})
		return err
	}},
	"UntagRole": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &s.role, TagKeys: []string{"a"}})
		return err
	}},
	"UntagUser": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UntagUser(ctx, &iam.UntagUserInput{UserName: &s.user, TagKeys: []string{"a"}})
		return err
	}},
	"UpdateAccessKey": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &s.user, AccessKeyId: &s.accessKey, Status: iamtypes.StatusTypeInactive})
		return err
	}},
	"UpdateAssumeRolePolicy": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &s.role, PolicyDocument: aws.String(trusting(rootARN))})
		return err
	}},
	"UpdateGroup": {"group ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UpdateGroup(ctx, &iam.UpdateGroupInput{GroupName: &s.group, NewPath: aws.String("/new/")})
		return err
	}},
	"UpdateOpenIDConnectProviderThumbprint": {"arn:aws:iam::000000000000:oidc-provider/", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: &s.provider, ThumbprintList: []string{strings.Repeat("a", 40)}})
		return err
	}},
	"UpdateRole": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: &s.role, MaxSessionDuration: aws.Int32(7200)})
		return err
	}},
	"UpdateRoleDescription": {"role ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: &s.role, Description: aws.String("new")})
		return err
	}},
	"UpdateUser": {"user ", func(ctx context.Context, c *iam.Client, s iamSubject) error {
		_, err := c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: &s.user, NewPath: aws.String("/new/")})
		return err
	}},
}

// withoutSuccess are the operations that can only fail here.
var withoutSuccess = []string{"DeleteLoginProfile"}

func TestEveryIAMOperationIsCovered(t *testing.T) {
	t.Parallel()
	for _, name := range kmsemu.Operations("iam") {
		if name != withoutSuccess[0] {
			require.Contains(t, iamCalls, name, "add a row to iamCalls")
		}
	}
	require.Len(t, iamCalls, len(kmsemu.Operations("iam"))-len(withoutSuccess))
	require.Equal(t, []string{
		"AssumeRole", "AssumeRoleWithWebIdentity", "GetAccessKeyInfo", "GetCallerIdentity", "GetFederationToken", "GetSessionToken",
	}, kmsemu.Operations("sts"))
}

// TestIAMPermission calls each operation as a role that may do everything, and
// as its twin that may do everything but that.
func TestIAMPermission(t *testing.T) {
	skipCallsInTurn(t)
	t.Parallel()
	w := newWorld(t)
	all := w.role(allow("iam:*", "*"))
	for name, row := range iamCalls {
		s := w.iamSubject()
		twin := w.role(allowAllBut("iam:" + name))
		err := row.call(w.ctx, twin.iam, s)
		failsLike(t, err, "AccessDenied", "User: "+twin.arn+" is not authorized to perform: iam:"+name+" on resource: "+row.resource)
		failsLike(t, err, "AccessDenied", "because no identity-based policy allows the iam:"+name+" action")
		require.NoError(t, row.call(w.ctx, all.iam, s), name)
		require.True(t, w.event(name).Decision.Allowed(), name)
		require.Equal(t, "iam.amazonaws.com", w.event(name).EventSource)
	}
}

// TestIAMAcrossAccounts: nobody reaches into the IAM of another account.
func TestIAMAcrossAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.iamSubject()
	foreign := w.caller(other, "test", "")
	for name, row := range iamCalls {
		if strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "Delete") {
			require.Error(t, row.call(w.ctx, foreign.iam, s), name)
		}
	}
	_, err := foreign.iam.GetUser(w.ctx, &iam.GetUserInput{UserName: &s.user})
	fails(t, err, "NoSuchEntity", "The user with name "+s.user+" cannot be found.")
	_, err = foreign.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: &s.policy})
	fails(t, err, "AccessDenied", "")
}
