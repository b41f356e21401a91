package probe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keywright/keywright/harness/backend"
)

// Identity is a role on a backend, assumed for one session.
type Identity struct {
	// Name of the role.
	Name string
	// RoleARN is the role's, as policies name it.
	RoleARN string
	// ARN is the session's, as GetCallerIdentity shows it.
	ARN string
	// Config is for clients of any service that act as the role.
	Config aws.Config
	// KMS is a client that acts as the role.
	KMS *kms.Client

	backend  backend.Backend
	policies []string // names, for Remove
}

// trust lets the deployer, and nobody else, assume a role.
const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}`

// What passes by itself on a backend where changes take a while to count: a role
// that is not there yet, and one that nobody may assume yet. Source: IAM User
// Guide, "Changes that I make are not always immediately visible".
var (
	notYetThere   = backend.Codes("NoSuchEntity")
	notYetTrusted = backend.Codes("AccessDenied")
)

// CreateRole makes a role as the backend's deployer, with the given JSON
// documents as inline policies, and assumes it, which nobody but the deployer may.
// Without any policy it may do only what a key policy gives it. The caller must
// [Identity.Remove] it.
func CreateRole(ctx context.Context, b backend.Backend, name string, policies ...string) (*Identity, error) {
	client := iam.NewFromConfig(b.Config())
	made, err := client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(fmt.Sprintf(trust, b.DeployerARN())),
	})
	if err != nil {
		return nil, fmt.Errorf("creating role %s: %w", name, err)
	}
	id := &Identity{Name: name, RoleARN: aws.ToString(made.Role.Arn), backend: b}
	if err := id.equip(ctx, policies); err != nil {
		return nil, errors.Join(err, id.Remove(ctx))
	}
	return id, nil
}

// RenewRole is [CreateRole] for a role that may be there from an earlier run: it
// stays the same role to policies that name it, and has the given inline policies
// and no others.
func RenewRole(ctx context.Context, b backend.Backend, name string, policies ...string) (*Identity, error) {
	client := iam.NewFromConfig(b.Config())
	there, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
	if missing := new(types.NoSuchEntityException); errors.As(err, &missing) {
		return CreateRole(ctx, b, name, policies...)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for role %s: %w", name, err)
	}
	had, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: aws.String(name)})
	if err != nil {
		return nil, fmt.Errorf("listing policies of role %s: %w", name, err)
	}
	id := &Identity{Name: name, RoleARN: aws.ToString(there.Role.Arn), backend: b, policies: had.PolicyNames}
	if err := id.removePolicies(ctx); err != nil {
		return nil, err
	}
	return id, id.equip(ctx, policies)
}

// equip puts the policies and assumes the role.
func (id *Identity) equip(ctx context.Context, policies []string) error {
	client := iam.NewFromConfig(id.backend.Config())
	for i, document := range policies {
		policy := fmt.Sprintf("inline-%d", i+1)
		err := backend.Settle(ctx, id.backend, notYetThere, func() error {
			_, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
				RoleName: aws.String(id.Name), PolicyName: aws.String(policy), PolicyDocument: aws.String(document),
			})
			return err
		})
		if err != nil {
			return fmt.Errorf("putting policy %d of role %s: %w", i+1, id.Name, err)
		}
		id.policies = append(id.policies, policy)
	}
	return id.assume(ctx)
}

// AssumeRole assumes a role that exists, such as one that the module under
// test made. It is not for [Identity.Remove], which would take the role away
// from whoever made it.
func AssumeRole(ctx context.Context, b backend.Backend, roleARN string) (*Identity, error) {
	name := roleARN[strings.LastIndexByte(roleARN, '/')+1:]
	id := &Identity{Name: name, RoleARN: roleARN, backend: b}
	return id, id.assume(ctx)
}

func (id *Identity) assume(ctx context.Context) error {
	cfg := id.backend.Config()
	var out *sts.AssumeRoleOutput
	err := backend.Settle(ctx, id.backend, notYetTrusted, func() (err error) {
		out, err = sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{
			RoleArn: aws.String(id.RoleARN),
			// Unique, so that the audit trail tells this session's calls apart.
			RoleSessionName: aws.String("probe-" + strings.ToLower(rand.Text()[:8])),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("assuming role %s: %w", id.RoleARN, err)
	}
	id.ARN = aws.ToString(out.AssumedRoleUser.Arn)
	cfg.Credentials = credentials.StaticCredentialsProvider{Value: aws.Credentials{
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
	}}
	cfg.APIOptions = nil // what the deployer's clients add, a role may not be allowed to
	id.Config, id.KMS = cfg, kms.NewFromConfig(cfg)
	return nil
}

// Remove deletes the role with the policies it was created with.
func (id *Identity) Remove(ctx context.Context) error {
	if err := id.removePolicies(ctx); err != nil {
		return err
	}
	client := iam.NewFromConfig(id.backend.Config())
	if _, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String(id.Name)}); err != nil {
		return fmt.Errorf("removing role %s: %w", id.Name, err)
	}
	return nil
}

func (id *Identity) removePolicies(ctx context.Context) error {
	client := iam.NewFromConfig(id.backend.Config())
	for _, policy := range id.policies {
		_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{
			RoleName: aws.String(id.Name), PolicyName: aws.String(policy),
		})
		if err != nil {
			return fmt.Errorf("removing policy of role %s: %w", id.Name, err)
		}
	}
	id.policies = nil
	return nil
}

// In returns the same identity with clients for another Region.
func (id *Identity) In(region string) *Identity {
	moved := *id
	moved.Config.Region = region
	moved.KMS = kms.NewFromConfig(moved.Config)
	return &moved
}

// Deployer returns the backend's deployer as an identity. It is not for
// [Identity.Remove].
func Deployer(ctx context.Context, b backend.Backend) (*Identity, error) {
	out, err := sts.NewFromConfig(b.Config()).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("asking who the deployer is: %w", err)
	}
	return &Identity{
		Name: backend.DeployerRole, RoleARN: b.DeployerARN(), ARN: aws.ToString(out.Arn),
		Config: b.Config(), KMS: kms.NewFromConfig(b.Config()), backend: b,
	}, nil
}
