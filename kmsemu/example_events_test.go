package kmsemu_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/kmsemu"
)

// Who was denied the use of a key, and what succeeded with it.
func ExampleServer_EventsWhere() {
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
	arn := key.KeyMetadata.Arn
	for _, accessKey := range []string{"test", "111122223333"} {
		_, err = client(accessKey).Encrypt(ctx, &kms.EncryptInput{KeyId: arn, Plaintext: []byte("secret")})
		fmt.Println(accessKey, "may encrypt:", err == nil)
	}

	for _, e := range emulator.Server.EventsWhere(kmsemu.EventFilter{Key: *arn, ErrorCode: kmsemu.AccessDenied}) {
		fmt.Println("denied:", e.UserIdentity.ARN, e.EventName)
	}
	for _, e := range emulator.Server.EventsWhere(kmsemu.EventFilter{Key: *arn, ErrorCode: kmsemu.NoError}) {
		fmt.Println("succeeded:", e.UserIdentity.ARN, e.EventName)
	}
	// Output:
	// test may encrypt: true
	// 111122223333 may encrypt: false
	// denied: arn:aws:iam::111122223333:root Encrypt
	// succeeded: arn:aws:iam::000000000000:root CreateKey
	// succeeded: arn:aws:iam::000000000000:root Encrypt
}
