package backendtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/kmsemu"
)

// StandIn is an emulator in the place of AWS, where changes take a while to count.
// Close it when its backends are closed.
type StandIn struct {
	*kmsemu.Instance
	// Config is for [backend.StartAWS]: the credentials are those of the user "ci",
	// who may do everything, in account 000000000000 and eu-west-1.
	Config backend.AWSConfig
	// Root is for clients of the account's root user.
	Root aws.Config
}

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// StartStandIn starts one where changes count after the delay.
func StartStandIn(ctx context.Context, delay time.Duration) (*StandIn, error) {
	emulator, err := kmsemu.Start(kmsemu.Config{})
	if err != nil {
		return nil, fmt.Errorf("starting emulator: %w", err)
	}
	s := &StandIn{Instance: emulator, Root: aws.Config{
		Region: "eu-west-1", BaseEndpoint: &emulator.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}}
	client, user := iam.NewFromConfig(s.Root), aws.String("ci")
	_, made := client.CreateUser(ctx, &iam.CreateUserInput{UserName: user})
	_, allowed := client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: user, PolicyName: user, PolicyDocument: aws.String(allowAll)})
	key, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	if err := errors.Join(made, allowed, err); err != nil {
		return nil, errors.Join(fmt.Errorf("making user ci: %w", err), emulator.Close())
	}
	s.Config = backend.AWSConfig{
		Accounts: []string{"000000000000"}, Region: s.Root.Region, Endpoint: emulator.URL,
		Environ: map[string]string{
			"AWS_ACCESS_KEY_ID": aws.ToString(key.AccessKey.AccessKeyId), "AWS_SECRET_ACCESS_KEY": aws.ToString(key.AccessKey.SecretAccessKey),
		},
	}
	return s, s.Slow(delay)
}

// Slow makes changes of IAM, keys, their policies and grants count after the delay, and
// those made so far at once.
func (s *StandIn) Slow(delay time.Duration) error {
	s.Server.Advance(2 * delay)
	d := kmsemu.Duration(delay)
	return s.Server.SetConsistency(kmsemu.Consistency{IAM: d, Keys: d, KeyPolicies: d, Grants: d})
}
