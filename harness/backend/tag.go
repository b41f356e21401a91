package backend

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/keywright/keywright/harness/sweep"
)

// defaultTags begins the variables that hold the provider's default tags. Source:
// AWS provider, default_tags, since 5.62.0.
const defaultTags = "TF_AWS_DEFAULT_TAGS_"

// newRun names a run in tags.
func newRun() string { return "run-" + strings.ToLower(rand.Text()[:8]) }

// tagging has clients put the run's tag on what they make, as the provider does by
// its default tags.
func tagging(run string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("KeywrightTag",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				in.Parameters = tagged(in.Parameters, run)
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
	}
}

// tagged is a copy of the parameters of a call that makes something, with the tag;
// the parameters themselves of any other.
func tagged(parameters any, run string) any {
	switch in := parameters.(type) {
	case *kms.CreateKeyInput:
		c := *in
		c.Tags = withTag(c.Tags, run)
		return &c
	case *kms.ReplicateKeyInput:
		c := *in
		c.Tags = withTag(c.Tags, run)
		return &c
	case *iam.CreateRoleInput:
		c := *in
		c.Tags = append(slices.Clone(c.Tags), iamtypes.Tag{Key: aws.String(sweep.Tag), Value: &run})
		return &c
	default:
		return parameters
	}
}

func withTag(tags []types.Tag, run string) []types.Tag {
	return append(slices.Clone(tags), types.Tag{TagKey: aws.String(sweep.Tag), TagValue: &run})
}

// taggedKeys are the live keys of the run in the configuration's Region.
func taggedKeys(ctx context.Context, cfg aws.Config, run string) ([]string, error) {
	found, err := sweep.Keys(ctx, cfg, sweep.Filter{Run: run})
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, l := range found.Leftovers {
		if l.Kind == sweep.Key {
			arns = append(arns, l.ARN)
		}
	}
	slices.Sort(arns)
	return arns, nil
}

// allKeys are the live keys of a Region, but those that AWS manages.
func allKeys(ctx context.Context, client *kms.Client) ([]string, error) {
	var arns []string
	pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing keys: %w", err)
		}
		for _, k := range page.Keys {
			out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyArn})
			if err != nil {
				return nil, fmt.Errorf("looking at %s: %w", aws.ToString(k.KeyArn), err)
			}
			if m := out.KeyMetadata; m.KeyManager == types.KeyManagerTypeCustomer && m.DeletionDate == nil && m.KeyState != types.KeyStatePendingReplicaDeletion {
				arns = append(arns, aws.ToString(k.KeyArn))
			}
		}
	}
	slices.Sort(arns)
	return arns, nil
}
