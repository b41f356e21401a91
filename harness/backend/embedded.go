package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keywright/keywright/kmsemu"
)

// DeployerRole is the name of the role that Terraform runs as.
const DeployerRole = "keywright-deployer"

// deployerSession is how long the deployer's credentials last: the longest
// session a role may have.
const deployerSession = 12 * time.Hour

// The deployer may do anything that no key policy keeps from it.
const (
	deployerPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"Deployer","Effect":"Allow","Action":"*","Resource":"*"}]}`
	deployerTrust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}]}`
)

// The administrator of the emulator's first account.
const (
	rootAccessKey = "test"
	rootSecret    = "test"
)

// EmbeddedConfig says how the embedded backend is set up.
type EmbeddedConfig struct {
	// Region is the deployer's; "" means us-east-1.
	Region string
	// Clock is the emulator's; nil means the real one. The deployer's session
	// ends 12 hours after its start by this clock.
	Clock func() time.Time
	// Logger is the emulator's; nil discards.
	Logger *slog.Logger
}

// Embedded is the emulator of package kmsemu as a backend. It enforces
// policies and is an [Auditor].
type Embedded struct {
	emulator *kmsemu.Instance
	region   string
	deployer aws.Credentials
	role     string // the deployer's ARN
}

// StartEmbedded starts an emulator on a loopback port and makes the deployer: a
// role like any other, so that key policies bind Terraform as they would in
// AWS, where root would hide their mistakes.
func StartEmbedded(ctx context.Context, cfg EmbeddedConfig) (*Embedded, error) {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	emulator, err := kmsemu.Start(kmsemu.Config{Clock: cfg.Clock, Logger: cfg.Logger})
	if err != nil {
		return nil, fmt.Errorf("starting emulator: %w", err)
	}
	b := &Embedded{emulator: emulator, region: cfg.Region}
	if err := b.makeDeployer(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("making deployer: %w", err), emulator.Close())
	}
	return b, nil
}

func (b *Embedded) makeDeployer(ctx context.Context) error {
	root := b.config(aws.Credentials{AccessKeyID: rootAccessKey, SecretAccessKey: rootSecret})
	seconds := aws.Int32(int32(deployerSession / time.Second))
	roles := iam.NewFromConfig(root)
	made, err := roles.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(DeployerRole), AssumeRolePolicyDocument: aws.String(deployerTrust), MaxSessionDuration: seconds,
	})
	if err != nil {
		return err
	}
	_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String(DeployerRole), PolicyName: aws.String("deployer"), PolicyDocument: aws.String(deployerPolicy),
	})
	if err != nil {
		return err
	}
	out, err := sts.NewFromConfig(root).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: made.Role.Arn, RoleSessionName: aws.String("terraform"), DurationSeconds: seconds,
	})
	if err != nil {
		return err
	}
	b.role = aws.ToString(made.Role.Arn)
	b.deployer = aws.Credentials{
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
	}
	return nil
}

// Name returns "embedded".
func (b *Embedded) Name() string { return "embedded" }

// Enforces returns true.
func (b *Embedded) Enforces() bool { return true }

// DeployerARN implements [Backend].
func (b *Embedded) DeployerARN() string { return b.role }

// Env implements [Backend].
func (b *Embedded) Env() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL":          b.emulator.URL,
		"AWS_REGION":                b.region,
		"AWS_ACCESS_KEY_ID":         b.deployer.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":     b.deployer.SecretAccessKey,
		"AWS_SESSION_TOKEN":         b.deployer.SessionToken,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}

// Config implements [Backend].
func (b *Embedded) Config() aws.Config { return b.config(b.deployer) }

func (b *Embedded) config(c aws.Credentials) aws.Config {
	return aws.Config{
		Region:       b.region,
		BaseEndpoint: aws.String(b.emulator.URL),
		Credentials:  credentials.StaticCredentialsProvider{Value: c},
	}
}

// Events implements [Auditor].
func (b *Embedded) Events() []kmsemu.Event { return b.emulator.Server.Events() }

// LiveKeys implements [Ledger]. It reads the audit trail, since a key's policy
// may keep everyone from describing it.
func (b *Embedded) LiveKeys() []string { return liveKeys(b.Events()) }

func liveKeys(events []kmsemu.Event) []string {
	live := map[string]bool{}
	for _, e := range events {
		if e.ErrorCode != "" || len(e.Resources) == 0 {
			continue
		}
		switch e.EventName {
		case "CreateKey", "CancelKeyDeletion":
			live[e.Resources[0].ARN] = true
		case "ScheduleKeyDeletion":
			delete(live, e.Resources[0].ARN)
		}
	}
	return slices.Sorted(maps.Keys(live))
}

// Close implements [Backend].
func (b *Embedded) Close() error {
	if err := b.emulator.Close(); err != nil {
		return fmt.Errorf("closing emulator: %w", err)
	}
	return nil
}
