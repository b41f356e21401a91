package backend_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/harness/backend"
)

func ExampleStartEmbedded() {
	ctx := context.Background()
	b, err := backend.StartEmbedded(ctx, backend.EmbeddedConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	key, err := kms.NewFromConfig(b.Config()).CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("app")})
	if err != nil {
		fmt.Println(err)
		return
	}
	live, err := b.LiveKeys(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Name(), "enforces policies:", b.Enforces())
	fmt.Println(key.KeyMetadata.KeyState, "and live:", len(live))
	// Output:
	// embedded enforces policies: true
	// Enabled and live: 1
}
