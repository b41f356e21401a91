package probe

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/keywright/keywright/keypolicy"
)

// Action is a KMS operation, named as in the KMS API Reference.
type Action string

// The actions that [Access] probes.
const (
	Encrypt              Action = "Encrypt"
	Decrypt              Action = "Decrypt"
	ReEncrypt            Action = "ReEncrypt"
	GenerateDataKey      Action = "GenerateDataKey"
	Sign                 Action = "Sign"
	Verify               Action = "Verify"
	GetPublicKey         Action = "GetPublicKey"
	GenerateMac          Action = "GenerateMac"
	VerifyMac            Action = "VerifyMac"
	DeriveSharedSecret   Action = "DeriveSharedSecret"
	DescribeKey          Action = "DescribeKey"
	GetKeyPolicy         Action = "GetKeyPolicy"
	GetKeyRotationStatus Action = "GetKeyRotationStatus"
	PutKeyPolicy         Action = "PutKeyPolicy"
	EnableKeyRotation    Action = "EnableKeyRotation"
	TagResource          Action = "TagResource"
	DisableKey           Action = "DisableKey"
	ScheduleKeyDeletion  Action = "ScheduleKeyDeletion"
)

// Actions returns the actions that [Access] probes of a symmetric encryption key
// whose material KMS made, in its order.
func Actions() []Action {
	return ActionsOn(&types.KeyMetadata{
		KeySpec: types.KeySpecSymmetricDefault, KeyUsage: types.KeyUsageTypeEncryptDecrypt, Origin: types.OriginTypeAwsKms,
	})
}

// ActionsOn returns the actions that [Access] probes of a key: those that can
// succeed on one of its spec, usage and origin.
func ActionsOn(key *types.KeyMetadata) []Action {
	var list []Action
	for _, v := range verbs {
		if v.action.worksOn(key) {
			list = append(list, v.action)
		}
	}
	return list
}

// Permissions are what policies call the action; ReEncrypt needs two.
func (a Action) Permissions() []string {
	if a == ReEncrypt {
		return []string{"kms:ReEncryptFrom", "kms:ReEncryptTo"}
	}
	return []string{"kms:" + string(a)}
}

func (a Action) worksOn(key *types.KeyMetadata) bool {
	known, _ := keypolicy.LookUpAction(a.Permissions()[0])
	if a == EnableKeyRotation && !Rotatable(key) {
		return false
	}
	return known.WorksOn(string(key.KeySpec), string(key.KeyUsage))
}

// Rotatable reports whether KMS can make new material for the key, by itself and on
// demand; a replica rotates with its primary key. Source: KMS Developer Guide, "Rotate
// AWS KMS keys".
func Rotatable(key *types.KeyMetadata) bool {
	replica := key.MultiRegionConfiguration != nil && key.MultiRegionConfiguration.MultiRegionKeyType == types.MultiRegionKeyTypeReplica
	return key.KeySpec == types.KeySpecSymmetricDefault && key.Origin == types.OriginTypeAwsKms && !replica
}

// subject is the key under test with what calls on it need.
type subject struct {
	key      string
	meta     *types.KeyMetadata
	context  map[string]string
	inputs   map[input][]byte
	policy   string // the key's, so that putting it changes nothing
	rotation *kms.GetKeyRotationStatusOutput
}

// verb is an action with a call that needs nothing but its permission, and, for
// a call that changes the key, the call that puts it back.
type verb struct {
	action Action
	needs  input // that the call takes; "" for none
	call   func(context.Context, *kms.Client, *subject) error
	undo   func(context.Context, *kms.Client, *subject) error
}

// probeTag is put on the key and taken away.
const probeTag = "keywright-probe"

// longestWindow is the waiting period of deletion with the most time to notice,
// in days. Source: KMS API Reference, ScheduleKeyDeletion.
const longestWindow = 30

// verbs is in order of consequence: should a run be cut short, the key is as
// little changed as can be.
var verbs = slices.Concat(cryptographicVerbs, []verb{
	{action: DescribeKey, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &s.key})
		return err
	}},
	{action: GetKeyPolicy, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &s.key})
		return err
	}},
	{action: GetKeyRotationStatus, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &s.key})
		return err
	}},
	{action: PutKeyPolicy, call: func(ctx context.Context, c *kms.Client, s *subject) error {
		_, err := c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &s.key, Policy: &s.policy})
		return err
	}},
	{action: EnableKeyRotation, call: enableRotation, undo: restoreRotation},
	{
		action: TagResource,
		call: func(ctx context.Context, c *kms.Client, s *subject) error {
			tag := types.Tag{TagKey: aws.String(probeTag), TagValue: aws.String("")}
			_, err := c.TagResource(ctx, &kms.TagResourceInput{KeyId: &s.key, Tags: []types.Tag{tag}})
			return err
		},
		undo: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &s.key, TagKeys: []string{probeTag}})
			return err
		},
	},
	{
		action: DisableKey,
		call: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &s.key})
			return err
		},
		undo: enable,
	},
	{
		action: ScheduleKeyDeletion,
		call: func(ctx context.Context, c *kms.Client, s *subject) error {
			_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{
				KeyId: &s.key, PendingWindowInDays: aws.Int32(longestWindow),
			})
			return err
		},
		undo: func(ctx context.Context, c *kms.Client, s *subject) error {
			if _, err := c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &s.key}); err != nil {
				return err
			}
			return enable(ctx, c, s) // a cancelled deletion leaves the key disabled
		},
	},
})

func enable(ctx context.Context, c *kms.Client, s *subject) error {
	_, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &s.key})
	return err
}

// enableRotation keeps the period of a key that rotates already.
func enableRotation(ctx context.Context, c *kms.Client, s *subject) error {
	_, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{
		KeyId: &s.key, RotationPeriodInDays: s.rotation.RotationPeriodInDays,
	})
	return err
}

func restoreRotation(ctx context.Context, c *kms.Client, s *subject) error {
	if s.rotation.KeyRotationEnabled {
		return nil
	}
	_, err := c.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &s.key})
	return err
}
