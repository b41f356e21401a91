package kmsemu_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/kmsemu"
)

// An account's root user makes a key; another account is denied, and the audit
// trail says why.
func Example() {
	ctx := context.Background()
	emulator, err := kmsemu.Start(kmsemu.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer emulator.Close()
	client := func(accessKey string) *kms.Client {
		return kms.NewFromConfig(aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String(emulator.URL),
			Credentials: credentials.NewStaticCredentialsProvider(accessKey, "test", ""),
		})
	}

	key, err := client("test").CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client("111122223333").Encrypt(ctx, &kms.EncryptInput{KeyId: key.KeyMetadata.Arn, Plaintext: []byte("secret")})
	fmt.Println("denied:", err != nil)

	for _, event := range emulator.Server.Events() {
		fmt.Println(event.UserIdentity.AccountID, event.EventName, event.Decision.Verdict)
	}
	// Output:
	// denied: true
	// 000000000000 CreateKey allowed
	// 111122223333 Encrypt denied
}
