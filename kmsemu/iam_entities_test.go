package kmsemu_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"
)

// TestInstanceProfile carries a role.
func TestInstanceProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := roleName(w.roleARN(w.root, ""))
	in := &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String("p"), Path: aws.String("/a/"), Tags: []iamtypes.Tag{{Key: aws.String("x"), Value: aws.String("y")}}}
	made, err := w.root.iam.CreateInstanceProfile(w.ctx, in)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::000000000000:instance-profile/a/p", *made.InstanceProfile.Arn)
	require.Regexp(t, `^AIPA[A-Z2-7]{17}$`, *made.InstanceProfile.InstanceProfileId)
	_, err = w.root.iam.CreateInstanceProfile(w.ctx, in)
	fails(t, err, "EntityAlreadyExists", "Instance Profile p already exists.")
	_, err = w.root.iam.AddRoleToInstanceProfile(w.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: in.InstanceProfileName, RoleName: &role})
	require.NoError(t, err)
	out, err := w.root.iam.GetInstanceProfile(w.ctx, &iam.GetInstanceProfileInput{InstanceProfileName: in.InstanceProfileName})
	require.NoError(t, err)
	require.Equal(t, role, *out.InstanceProfile.Roles[0].RoleName)
	require.Equal(t, in.Tags, out.InstanceProfile.Tags)
	of, err := w.root.iam.ListInstanceProfilesForRole(w.ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: &role})
	require.NoError(t, err)
	require.Len(t, of.InstanceProfiles, 1)
	list, err := w.root.iam.ListInstanceProfiles(w.ctx, &iam.ListInstanceProfilesInput{PathPrefix: aws.String("/a/")})
	require.NoError(t, err)
	require.Len(t, list.InstanceProfiles, 1)
	remove := func() error {
		_, err := w.root.iam.RemoveRoleFromInstanceProfile(w.ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: in.InstanceProfileName, RoleName: &role})
		return err
	}
	require.NoError(t, remove())
	fails(t, remove(), "NoSuchEntity", "")
	_, err = w.root.iam.GetInstanceProfile(w.ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String("none")})
	fails(t, err, "NoSuchEntity", "Instance Profile none cannot be found.")
}

// TestPassRole (K0414): putting a role into an instance profile passes it on.
func TestPassRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.iamSubject()
	add := func(by *caller) error {
		_, err := by.iam.AddRoleToInstanceProfile(w.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &s.bare, RoleName: &s.bare})
		return err
	}
	failsLike(t, add(w.role(allowAllBut("iam:PassRole"))), "AccessDenied", "to perform: iam:PassRole on resource: arn:aws:iam::000000000000:role/"+s.bare)
	require.NoError(t, add(w.role(allow("iam:*", "*"))))
}

// TestServiceLinkedRole (K0415, K0416): it has the service's name and path, and
// only the service may change it.
func TestServiceLinkedRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(service, suffix string) (*iam.CreateServiceLinkedRoleOutput, error) {
		in := &iam.CreateServiceLinkedRoleInput{AWSServiceName: &service, Description: aws.String("d")}
		if suffix != "" {
			in.CustomSuffix = &suffix
		}
		return w.root.iam.CreateServiceLinkedRole(w.ctx, in)
	}
	out, err := create("autoscaling.amazonaws.com", "blue")
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_blue", *out.Role.Arn)
	require.Contains(t, *out.Role.AssumeRolePolicyDocument, "autoscaling.amazonaws.com")
	_, err = create("autoscaling.amazonaws.com", "blue")
	fails(t, err, "InvalidInput", "Service role name AWSServiceRoleForAutoScaling_blue has been taken in this account, please try a different suffix.")
	_, err = create("rds.amazonaws.com", "blue")
	fails(t, err, "InvalidInput", "Custom suffix is not allowed for rds.amazonaws.com")
	_, err = create("coffee.amazonaws.com", "")
	fails(t, err, "InvalidInput", "")

	name := out.Role.RoleName
	protected := "Cannot perform the operation on the protected role '" + *name + "' - this role is only modifiable by AWS"
	policy := w.policy(allow("kms:*", "*"))
	for title, change := range map[string]func() error{
		"PutRolePolicy": func() error {
			_, err := w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("kms:*", "*"))})
			return err
		},
		"AttachRolePolicy": func() error {
			_, err := w.root.iam.AttachRolePolicy(w.ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: &policy})
			return err
		},
		"UpdateAssumeRolePolicy": func() error {
			_, err := w.root.iam.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(trusting(rootARN))})
			return err
		},
		"PutRolePermissionsBoundary": func() error {
			_, err := w.root.iam.PutRolePermissionsBoundary(w.ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: &policy})
			return err
		},
		"DeleteRole": func() error { _, err := w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: name}); return err },
		"UpdateRole": func() error {
			_, err := w.root.iam.UpdateRole(w.ctx, &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: aws.Int32(7200)})
			return err
		},
	} {
		t.Run(title, func(t *testing.T) { fails(t, change(), "UnmodifiableEntity", protected) })
	}
	_, err = w.root.iam.UpdateRole(w.ctx, &iam.UpdateRoleInput{RoleName: name, Description: aws.String("new")})
	require.NoError(t, err, "its description may change")
	task, err := w.root.iam.DeleteServiceLinkedRole(w.ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: name})
	require.NoError(t, err)
	status, err := w.root.iam.GetServiceLinkedRoleDeletionStatus(w.ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task.DeletionTaskId})
	require.NoError(t, err)
	require.Equal(t, iamtypes.DeletionTaskStatusTypeSucceeded, status.Status)
	_, err = w.root.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: name})
	fails(t, err, "NoSuchEntity", "")
	_, err = w.root.iam.GetServiceLinkedRoleDeletionStatus(w.ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: aws.String("task/x")})
	fails(t, err, "NoSuchEntity", "")
	_, err = w.root.iam.DeleteServiceLinkedRole(w.ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: aws.String(roleName(w.roleARN(w.root, "")))})
	fails(t, err, "InvalidInput", "")
	_, err = w.root.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("x"), Path: aws.String("/aws-service-role/x/"), AssumeRolePolicyDocument: aws.String(trusting(rootARN))})
	fails(t, err, "InvalidInput", "")
}

// TestOIDCProvider (K0418).
func TestOIDCProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thumbprint := strings.Repeat("a", 40)
	create := func(change func(*iam.CreateOpenIDConnectProviderInput)) error {
		in := &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + w.name("t") + ".example.com")}
		change(in)
		_, err := w.root.iam.CreateOpenIDConnectProvider(w.ctx, in)
		return err
	}
	in := &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://tokens.example.com/app"), ClientIDList: []string{"one"}, ThumbprintList: []string{thumbprint},
		Tags: []iamtypes.Tag{{Key: aws.String("x"), Value: aws.String("y")}}}
	made, err := w.root.iam.CreateOpenIDConnectProvider(w.ctx, in)
	require.NoError(t, err)
	arn := made.OpenIDConnectProviderArn
	require.Equal(t, "arn:aws:iam::000000000000:oidc-provider/tokens.example.com/app", *arn)
	_, err = w.root.iam.CreateOpenIDConnectProvider(w.ctx, in)
	fails(t, err, "EntityAlreadyExists", "Provider with url https://tokens.example.com/app already exists.")

	for range 2 { // adding and removing twice is no error
		_, err = w.root.iam.AddClientIDToOpenIDConnectProvider(w.ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("two")})
		require.NoError(t, err)
		_, err = w.root.iam.RemoveClientIDFromOpenIDConnectProvider(w.ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("one")})
		require.NoError(t, err)
	}
	_, err = w.root.iam.UpdateOpenIDConnectProviderThumbprint(w.ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{strings.Repeat("b", 40)}})
	require.NoError(t, err)
	out, err := w.root.iam.GetOpenIDConnectProvider(w.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	require.NoError(t, err)
	require.Equal(t, "tokens.example.com/app", *out.Url)
	require.Equal(t, []string{"two"}, out.ClientIDList)
	require.Equal(t, []string{strings.Repeat("b", 40)}, out.ThumbprintList)
	require.Equal(t, in.Tags, out.Tags)
	list, err := w.root.iam.ListOpenIDConnectProviders(w.ctx, &iam.ListOpenIDConnectProvidersInput{})
	require.NoError(t, err)
	require.Equal(t, []iamtypes.OpenIDConnectProviderListEntry{{Arn: arn}}, list.OpenIDConnectProviderList)
	_, err = w.root.iam.DeleteOpenIDConnectProvider(w.ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	require.NoError(t, err)
	_, err = w.root.iam.GetOpenIDConnectProvider(w.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	fails(t, err, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+*arn)

	clients := func(n int) func(*iam.CreateOpenIDConnectProviderInput) {
		return func(in *iam.CreateOpenIDConnectProviderInput) {
			for i := range n {
				in.ClientIDList = append(in.ClientIDList, fmt.Sprint("c", i))
			}
		}
	}
	thumbprints := func(list ...string) func(*iam.CreateOpenIDConnectProviderInput) {
		return func(in *iam.CreateOpenIDConnectProviderInput) { in.ThumbprintList = list }
	}
	address := func(url string) func(*iam.CreateOpenIDConnectProviderInput) {
		return func(in *iam.CreateOpenIDConnectProviderInput) { in.Url = &url }
	}
	for name, row := range map[string]struct {
		good, bad func(*iam.CreateOpenIDConnectProviderInput)
		code      string
	}{
		"clients":     {clients(100), clients(101), "LimitExceeded"},
		"thumbprints": {thumbprints(repeated(thumbprint, 5)...), thumbprints(repeated(thumbprint, 6)...), "InvalidInput"},
		"thumbprint":  {thumbprints(thumbprint), thumbprints(thumbprint[1:]), "ValidationError"},
		"scheme":      {address("https://a.example.com"), address("http://b.example.com"), "ValidationError"},
		"query":       {address("https://c.example.com"), address("https://d.example.com?x=y"), "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, create(row.good))
			fails(t, create(row.bad), row.code, "")
		})
	}
}
