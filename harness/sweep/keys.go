package sweep

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// window is the shortest waiting period of a deletion, in days. Source: KMS API
// Reference, ScheduleKeyDeletion.
const window = 7

// regional looks through the keys of one Region.
type regional struct {
	client *kms.Client
	filter Filter
	found  Found
	runs   map[string]string // of the keys that carry the tag, by key id
}

// Keys finds the keys of the configuration's Region that are left over and not
// pending deletion, and the aliases of all that carry the tag. The error says what
// could not be listed.
func Keys(ctx context.Context, cfg aws.Config, filter Filter) (Found, error) {
	r := &regional{client: kms.NewFromConfig(cfg), filter: filter, runs: map[string]string{}}
	keys := kms.NewListKeysPaginator(r.client, &kms.ListKeysInput{})
	for keys.HasMorePages() {
		page, err := keys.NextPage(ctx)
		if err != nil {
			return r.found, fmt.Errorf("listing keys in %s: %w", cfg.Region, err)
		}
		for _, key := range page.Keys {
			err := r.look(ctx, aws.ToString(key.KeyArn))
			switch {
			case err == nil, hasCode(err, gone):
			case hasCode(err, denied):
				r.found.Hidden = append(r.found.Hidden, aws.ToString(key.KeyArn))
			default:
				return r.found, fmt.Errorf("looking at %s: %w", aws.ToString(key.KeyArn), err)
			}
		}
	}
	if err := r.lookForAliases(ctx); err != nil {
		return r.found, fmt.Errorf("listing aliases in %s: %w", cfg.Region, err)
	}
	r.found.sort()
	return r.found, nil
}

// look notes a key that carries the tag.
func (r *regional) look(ctx context.Context, arn string) error {
	out, err := r.client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
	if err != nil {
		return err
	}
	key := out.KeyMetadata
	if key.KeyManager == types.KeyManagerTypeAws {
		return nil
	}
	run, err := r.runOf(ctx, arn)
	if err != nil || run == "" {
		return err
	}
	id, made := aws.ToString(key.KeyId), aws.ToTime(key.CreationDate)
	r.runs[id] = run
	if key.DeletionDate == nil && key.KeyState != types.KeyStatePendingReplicaDeletion {
		r.found.note(Leftover{Kind: Key, ARN: arn, Name: id, Made: made, Run: run}, r.filter)
	}
	return nil
}

// runOf is the value of the key's tag; "" if it has none.
func (r *regional) runOf(ctx context.Context, arn string) (string, error) {
	tags := kms.NewListResourceTagsPaginator(r.client, &kms.ListResourceTagsInput{KeyId: &arn})
	for tags.HasMorePages() {
		page, err := tags.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, tag := range page.Tags {
			if aws.ToString(tag.TagKey) == Tag {
				return aws.ToString(tag.TagValue), nil
			}
		}
	}
	return "", nil
}

func (r *regional) lookForAliases(ctx context.Context) error {
	if len(r.runs) == 0 {
		return nil
	}
	aliases := kms.NewListAliasesPaginator(r.client, &kms.ListAliasesInput{})
	for aliases.HasMorePages() {
		page, err := aliases.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.Aliases {
			r.found.note(Leftover{
				Kind: Alias, ARN: aws.ToString(a.AliasArn), Name: aws.ToString(a.AliasName),
				Made: aws.ToTime(a.CreationDate), Run: r.runs[aws.ToString(a.TargetKeyId)],
			}, r.filter)
		}
	}
	return nil
}

func removeKey(ctx context.Context, cfg aws.Config, id string) error {
	client := kms.NewFromConfig(cfg)
	_, err := client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: aws.Int32(window)})
	if err == nil || hasCode(err, gone) {
		return nil
	}
	// Whoever came first has done it.
	if out, looked := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id}); looked == nil && out.KeyMetadata.DeletionDate != nil {
		return nil
	}
	return err
}

func removeAlias(ctx context.Context, cfg aws.Config, name string) error {
	_, err := kms.NewFromConfig(cfg).DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &name})
	if hasCode(err, gone) {
		return nil
	}
	return err
}
