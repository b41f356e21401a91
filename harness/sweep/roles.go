package sweep

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Roles finds the roles of the account that are left over. The error says what
// could not be listed.
func Roles(ctx context.Context, cfg aws.Config, filter Filter) (Found, error) {
	var found Found
	client := iam.NewFromConfig(cfg)
	roles := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
	for roles.HasMorePages() {
		page, err := roles.NextPage(ctx)
		if err != nil {
			return found, fmt.Errorf("listing roles: %w", err)
		}
		for _, role := range page.Roles {
			arn, name := aws.ToString(role.Arn), aws.ToString(role.RoleName)
			run, err := roleRun(ctx, client, name)
			switch {
			case hasCode(err, gone):
			case hasCode(err, denied):
				found.Hidden = append(found.Hidden, arn)
			case err != nil:
				return found, fmt.Errorf("looking at %s: %w", arn, err)
			default:
				found.note(Leftover{Kind: Role, ARN: arn, Name: name, Made: aws.ToTime(role.CreateDate), Run: run}, filter)
			}
		}
	}
	found.sort()
	return found, nil
}

// roleRun is the value of the role's tag; "" if it has none. ListRoles shows no
// tags.
func roleRun(ctx context.Context, client *iam.Client, name string) (string, error) {
	tags := iam.NewListRoleTagsPaginator(client, &iam.ListRoleTagsInput{RoleName: &name})
	for tags.HasMorePages() {
		page, err := tags.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, tag := range page.Tags {
			if aws.ToString(tag.Key) == Tag {
				return aws.ToString(tag.Value), nil
			}
		}
	}
	return "", nil
}

// removeRole deletes a role with all that keeps IAM from deleting it.
func removeRole(ctx context.Context, cfg aws.Config, name string) error {
	client := iam.NewFromConfig(cfg)
	for _, free := range []func(context.Context, *iam.Client, string) error{deleteInline, detachManaged, leaveProfiles} {
		if err := free(ctx, client, name); err != nil && !hasCode(err, gone) {
			return err
		}
	}
	_, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
	if hasCode(err, gone) {
		return nil
	}
	return err
}

func deleteInline(ctx context.Context, client *iam.Client, role string) error {
	var names []string
	pages := iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		names = append(names, page.PolicyNames...)
	}
	var errs []error
	for _, name := range names {
		_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &name})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func detachManaged(ctx context.Context, client *iam.Client, role string) error {
	var arns []*string
	pages := iam.NewListAttachedRolePoliciesPaginator(client, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, policy := range page.AttachedPolicies {
			arns = append(arns, policy.PolicyArn)
		}
	}
	var errs []error
	for _, arn := range arns {
		_, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &role, PolicyArn: arn})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func leaveProfiles(ctx context.Context, client *iam.Client, role string) error {
	out, err := client.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: &role})
	if err != nil {
		return err
	}
	var errs []error
	for _, profile := range out.InstanceProfiles { // a role is in few, never a page full
		_, err := client.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{
			RoleName: &role, InstanceProfileName: profile.InstanceProfileName,
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
