package kmsemu_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/kmsemu"
)

// The answer to the first CreateKey is lost, so the SDK asks again: a key too many.
func ExampleServer_SetFaults() {
	emulator, err := kmsemu.Start(kmsemu.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer emulator.Close()
	client := kms.New(kms.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(emulator.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	if err := emulator.Server.SetFaults(kmsemu.Fault{Operation: "CreateKey", Connection: kmsemu.DropAfter, Times: 1}); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.CreateKey(context.Background(), &kms.CreateKeyInput{}); err != nil {
		fmt.Println(err)
		return
	}
	keys, err := client.ListKeys(context.Background(), &kms.ListKeysInput{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(keys.Keys), "keys, faults that struck:", emulator.Server.Faults()[0].Struck)
	// Output: 2 keys, faults that struck: 1
}

// A month passes at once: keys rotate, deletion windows and sessions end.
func ExampleServer_Advance() {
	emulator, err := kmsemu.Start(kmsemu.Config{Clock: func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer emulator.Close()
	fmt.Println(emulator.Server.Advance(30 * 24 * time.Hour).Format(time.DateOnly))
	// Output: 2030-01-31
}
