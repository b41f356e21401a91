package probe_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
)

// A role without any policy can't use a key, whose default policy leaves the
// decision to the roles' own.
func ExampleRefused() {
	ctx := context.Background()
	b, err := backend.StartEmbedded(ctx, backend.EmbeddedConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	key, err := kms.NewFromConfig(b.Config()).CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		fmt.Println(err)
		return
	}
	stranger, err := probe.CreateRole(ctx, b, "stranger")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = probe.Refused(ctx, stranger, func(ctx context.Context, c *kms.Client) error {
		_, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: key.KeyMetadata.Arn})
		return err
	})
	fmt.Println("refused:", err == nil)
	// Output:
	// refused: true
}
