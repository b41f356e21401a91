package store_test

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/store"
)

// What one emulator acknowledged is there in the next one.
func ExampleOpen() {
	path, err := os.MkdirTemp("", "keys-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)
	for range 2 {
		keys, err := oneKeyMore(path)
		fmt.Println(keys, err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
}

// oneKeyMore makes a key in an emulator that keeps its state in a folder, and returns
// how many keys it then has.
func oneKeyMore(path string) (int, error) {
	folder, err := store.Open(path)
	if err != nil {
		return 0, err
	}
	defer folder.Close()
	emulator, err := kmsemu.Start(kmsemu.Config{})
	if err != nil {
		return 0, err
	}
	defer emulator.Close()
	if err := emulator.Server.Keep(folder); err != nil {
		return 0, err
	}
	client := kms.New(kms.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(emulator.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	if _, err := client.CreateKey(context.Background(), &kms.CreateKeyInput{}); err != nil {
		return 0, err
	}
	keys, err := client.ListKeys(context.Background(), &kms.ListKeysInput{})
	if err != nil {
		return 0, err
	}
	return len(keys.Keys), nil
}
