package kmsemu_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/kmsemu"
)

// Amazon S3 may use the key for everyone in the account, and for nothing but the
// objects of one bucket.
func ExampleServer_UseService() {
	emulator, err := kmsemu.Start(kmsemu.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer emulator.Close()
	ctx := context.Background()
	client := kms.New(kms.Options{
		Region: "us-east-1", BaseEndpoint: &emulator.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	key, err := client.CreateKey(ctx, &kms.CreateKeyInput{BypassPolicyLockoutSafetyCheck: true, Policy: aws.String(`{
		"Version": "2012-10-17",
		"Statement": [{
			"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*",
			"Condition": {
				"StringEquals": {"kms:CallerAccount": "000000000000", "kms:ViaService": "s3.us-east-1.amazonaws.com"},
				"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::reports/*"}
			}
		}]
	}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, object := range []string{"arn:aws:s3:::reports/2026.csv", "arn:aws:s3:::drafts/2026.csv"} {
		_, err := emulator.Server.UseService(ctx, kmsemu.ServiceUse{
			Flow: "s3:PutObject", Region: "us-east-1", Caller: "arn:aws:iam::000000000000:root",
			KeyID: *key.KeyMetadata.Arn, Resource: object,
		})
		var refused *kmsemu.ServiceError
		if errors.As(err, &refused) {
			fmt.Println(object, refused.Operation, refused.Code)
			continue
		}
		fmt.Println(object, err)
	}
	// Output:
	// arn:aws:s3:::reports/2026.csv <nil>
	// arn:aws:s3:::drafts/2026.csv GenerateDataKey AccessDeniedException
}
