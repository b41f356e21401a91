package promise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/keypolicy"
)

// key is a key of the state with all that predictions and promises need.
type key struct {
	address  string
	arn      string
	resource runner.Resource
	aliases  []runner.Resource
	meta     *types.KeyMetadata
	policy   string // JSON
	world    keypolicy.World
}

// keyTypes are the resources that are a key.
var keyTypes = []string{"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"}

// region is the key's, which need not be the provider's.
func (k *key) region() string { return strings.Split(k.arn, ":")[3] }

// client acts as the identity in the key's Region.
func (k *key) client(id *probe.Identity) *kms.Client {
	cfg := id.Config
	cfg.Region = k.region()
	return kms.NewFromConfig(cfg)
}

// names are the ways in which an output may name the key.
func (k *key) names() []string {
	list := []string{k.arn, *k.meta.KeyId, k.policy}
	for _, a := range k.aliases {
		list = append(list, a.ARN(), a.Text("name"))
	}
	return list
}

// find reads the keys of the state. That there is none is an error: nothing would
// be proven.
func (p *prover) find(ctx context.Context) error {
	resources, err := p.workspace.Resources()
	if err != nil {
		return err
	}
	if p.deployer, err = probe.Deployer(ctx, p.Backend); err != nil {
		return err
	}
	for _, r := range resources {
		if slices.Contains(keyTypes, r.Type) {
			k := &key{address: r.Address, arn: r.ARN(), resource: r}
			if err := k.read(ctx, k.client(p.deployer)); err != nil {
				return err
			}
			p.keys = append(p.keys, k)
		}
	}
	if len(p.keys) == 0 {
		return errors.New("the module made no KMS key with these variables: there is nothing to prove")
	}
	for _, k := range p.keys {
		for _, r := range resources {
			if r.Type == "aws_kms_alias" && r.Text("target_key_arn") == k.arn {
				k.aliases = append(k.aliases, r)
				k.world.Key.Aliases = append(k.world.Key.Aliases, r.Text("name"))
			}
		}
	}
	return nil
}

// read asks for the key's metadata, policy and grants.
func (k *key) read(ctx context.Context, client *kms.Client) error {
	described, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &k.arn})
	if err != nil {
		return fmt.Errorf("reading %s: %w", k.address, err)
	}
	k.meta = described.KeyMetadata
	// LocalStack wants the name, which KMS knows: there is but one.
	policy, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &k.arn, PolicyName: aws.String("default")})
	if err != nil {
		return fmt.Errorf("reading the policy of %s: %w", k.address, err)
	}
	k.policy = aws.ToString(policy.Policy)
	if k.world.ResourcePolicy, err = keypolicy.Parse("key policy", []byte(k.policy)); err != nil {
		return err
	}
	k.world.Key = &keypolicy.Key{
		Spec: string(k.meta.KeySpec), Usage: string(k.meta.KeyUsage), Origin: string(k.meta.Origin),
		MultiRegion: aws.ToBool(k.meta.MultiRegion), Tags: tags(k.resource),
	}
	if k.meta.MultiRegionConfiguration != nil {
		k.world.Key.MultiRegionKeyType = string(k.meta.MultiRegionConfiguration.MultiRegionKeyType)
	}
	return k.readGrants(ctx, client)
}

func tags(r runner.Resource) map[string]string {
	all, _ := r.Attributes["tags_all"].(map[string]any)
	list := map[string]string{}
	for name, value := range all {
		list[name], _ = value.(string)
	}
	return list
}

func (k *key) readGrants(ctx context.Context, client *kms.Client) error {
	for pages := kms.NewListGrantsPaginator(client, &kms.ListGrantsInput{KeyId: &k.arn}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("reading the grants of %s: %w", k.address, err)
		}
		for _, g := range page.Grants {
			grant := keypolicy.Grant{ID: aws.ToString(g.GrantId), Grantee: aws.ToString(g.GranteePrincipal)}
			for _, operation := range g.Operations {
				grant.Operations = append(grant.Operations, string(operation))
			}
			if g.Constraints != nil {
				grant.EncryptionContextEquals = g.Constraints.EncryptionContextEquals
				grant.EncryptionContextSubset = g.Constraints.EncryptionContextSubset
			}
			k.world.Grants = append(k.world.Grants, grant)
		}
	}
	return nil
}

// proveKey asks for the promises of one key.
func (p *prover) proveKey(ctx context.Context, k *key) {
	p.proveUse(ctx, k)
	p.proveAccess(ctx, k)
	p.proveOutside(ctx, k)
	p.promise(ctx, "rotation is as configured", k.address, func() (string, error) { return p.rotation(ctx, k) })
	if probe.Rotatable(k.meta) {
		p.promise(ctx, "a rotation on demand loses nothing", k.address, func() (string, error) { return p.rotateOnDemand(ctx, k) })
	}
	for _, a := range k.aliases {
		p.promise(ctx, "the alias names its key", a.Address, func() (string, error) {
			name := a.Text("name")
			out, err := k.client(p.deployer).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &name})
			if err == nil && aws.ToString(out.KeyMetadata.Arn) != k.arn {
				err = fmt.Errorf("it names %s", aws.ToString(out.KeyMetadata.Arn))
			}
			return name, err
		})
	}
}

// rotateOnDemand has who may rotate the key do so.
func (p *prover) rotateOnDemand(ctx context.Context, k *key) (string, error) {
	if k.meta.KeyState != types.KeyStateEnabled {
		return "", skipError("the key is " + string(k.meta.KeyState))
	}
	user, rotator := p.whoMay(k, probe.Encrypt, probe.Decrypt), p.whoMay(k, rotateKeyOnDemand)
	if user == nil || rotator == nil {
		return "", skipError(fmt.Sprintf("no role here may encrypt, decrypt and rotate: name them in %s", FileName))
	}
	return "by " + rotator.Name, probe.RotatesOnDemand(ctx, k.client(rotator), k.client(user), k.arn, tenant)
}

// rotateKeyOnDemand is no [probe.Access] action: there is no way back.
const rotateKeyOnDemand probe.Action = "RotateKeyOnDemand"

// rotation compares what is configured with what the key does.
func (p *prover) rotation(ctx context.Context, k *key) (string, error) {
	configured, known := k.resource.Attributes["enable_key_rotation"].(bool)
	if !known {
		return "", skipError("a " + k.resource.Type + " has no setting for it")
	}
	period, _ := k.resource.Attributes["rotation_period_in_days"].(float64)
	if configured {
		return fmt.Sprintf("every %.0f days", period), probe.Rotates(ctx, k.client(p.deployer), k.arn, int32(period))
	}
	out, err := k.client(p.deployer).GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &k.arn})
	if err == nil && out.KeyRotationEnabled {
		err = errors.New("it is on, and configured to be off")
	}
	return "off", err
}
