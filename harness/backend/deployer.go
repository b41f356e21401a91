package backend

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keywright/keywright/harness/sweep"
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

// The administrator of an emulator's first account.
const (
	rootAccessKey = "test"
	rootSecret    = "test"
)

// defaultRegion is a deployer's, unless told otherwise.
const defaultRegion = "us-east-1"

// deployer is who Terraform runs as. At an emulator's endpoint it is a role like
// any other, so that key policies bind Terraform as they would in AWS, where root
// would hide their mistakes.
type deployer struct {
	endpoint string // "" for AWS
	region   string
	session  aws.Credentials
	role     string // its ARN
	run      string // the value of the tag on what it makes; "" for no tag
}

// makeDeployer makes the role in an emulator, unless it is there, and a session of
// it.
func makeDeployer(ctx context.Context, endpoint, region string) (deployer, error) {
	d := deployer{endpoint: endpoint, region: region}
	root := d.config(aws.Credentials{AccessKeyID: rootAccessKey, SecretAccessKey: rootSecret})
	seconds := aws.Int32(int32(deployerSession / time.Second))
	roles := iam.NewFromConfig(root)
	_, err := roles.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(DeployerRole), AssumeRolePolicyDocument: aws.String(deployerTrust), MaxSessionDuration: seconds,
	})
	if taken := new(types.EntityAlreadyExistsException); err != nil && !errors.As(err, &taken) {
		return d, err
	}
	_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String(DeployerRole), PolicyName: aws.String("deployer"), PolicyDocument: aws.String(deployerPolicy),
	})
	if err != nil {
		return d, err
	}
	made, err := roles.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(DeployerRole)})
	if err != nil {
		return d, err
	}
	d.role = aws.ToString(made.Role.Arn)
	out, err := sts.NewFromConfig(root).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: made.Role.Arn, RoleSessionName: aws.String("terraform"), DurationSeconds: seconds,
	})
	if err != nil {
		return d, err
	}
	d.session = aws.Credentials{
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
	}
	return d, nil
}

// DeployerARN implements [Backend].
func (d deployer) DeployerARN() string { return d.role }

// Env implements [Backend].
func (d deployer) Env() map[string]string {
	env := map[string]string{
		"AWS_REGION":                d.region,
		"AWS_ACCESS_KEY_ID":         d.session.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":     d.session.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
	if d.session.SessionToken != "" {
		env["AWS_SESSION_TOKEN"] = d.session.SessionToken
	}
	if d.endpoint != "" {
		env["AWS_ENDPOINT_URL"] = d.endpoint
	}
	if d.run != "" {
		env[defaultTags+sweep.Tag] = d.run
	}
	return env
}

// Config implements [Backend].
func (d deployer) Config() aws.Config {
	cfg := d.config(d.session)
	if d.run != "" {
		cfg.APIOptions = append(cfg.APIOptions, tagging(d.run))
	}
	return cfg
}

func (d deployer) config(c aws.Credentials) aws.Config {
	cfg := aws.Config{Region: d.region, Credentials: credentials.StaticCredentialsProvider{Value: c}}
	if d.endpoint != "" {
		cfg.BaseEndpoint = aws.String(d.endpoint)
	}
	return cfg
}
