package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// leastSession is how long credentials must last at least to be worth a start.
const leastSession = 15 * time.Minute

// AWSVariables returns the names of the variables that [StartAWS] takes credentials
// from: keys first, else a web identity, else a profile.
func AWSVariables() []string {
	return []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
		"AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
	}
}

// credentials are the caller's, as they are now: engine, provider and probes must
// be the same, whose account is known.
func (cfg AWSConfig) credentials(ctx context.Context) (aws.Credentials, error) {
	var found aws.Credentials
	var err error
	switch {
	case cfg.Environ["AWS_ACCESS_KEY_ID"] != "":
		found = aws.Credentials{
			AccessKeyID: cfg.Environ["AWS_ACCESS_KEY_ID"], SecretAccessKey: cfg.Environ["AWS_SECRET_ACCESS_KEY"],
			SessionToken: cfg.Environ["AWS_SESSION_TOKEN"],
		}
	case cfg.Environ["AWS_WEB_IDENTITY_TOKEN_FILE"] != "":
		found, err = cfg.webIdentity(ctx)
	case cfg.Environ["AWS_PROFILE"] != "":
		found, err = cfg.profile(ctx)
	default:
		err = fmt.Errorf("there are none: set AWS_PROFILE, or the variables of keys or of a web identity: %s", strings.Join(AWSVariables(), ", "))
	}
	switch {
	case err != nil:
		return found, err
	case found.SecretAccessKey == "":
		return found, errors.New("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both")
	case found.CanExpire && time.Until(found.Expires) < leastSession:
		return found, fmt.Errorf("they end at %s, and a run may need %v to clean up: renew them", found.Expires.Format(time.RFC3339), leastSession)
	}
	return found, nil
}

// webIdentity assumes the role of a token, as a CI system's job does.
func (cfg AWSConfig) webIdentity(ctx context.Context) (aws.Credentials, error) {
	anonymous := deployer{endpoint: cfg.Endpoint, region: cfg.Region}.config(aws.Credentials{})
	anonymous.Credentials = aws.AnonymousCredentials{}
	role := cfg.Environ["AWS_ROLE_ARN"]
	if role == "" {
		return aws.Credentials{}, errors.New("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not: set both")
	}
	provider := stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(anonymous), role,
		stscreds.IdentityTokenFile(cfg.Environ["AWS_WEB_IDENTITY_TOKEN_FILE"]),
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = cfg.Environ["AWS_ROLE_SESSION_NAME"] })
	return provider.Retrieve(ctx)
}

// profile reads a profile of the shared files, of any kind that the SDK knows.
func (cfg AWSConfig) profile(ctx context.Context) (aws.Credentials, error) {
	loaded, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(cfg.Environ["AWS_PROFILE"]),
		config.WithSharedConfigFiles(cfg.sharedFile("AWS_CONFIG_FILE", "config")),
		config.WithSharedCredentialsFiles(cfg.sharedFile("AWS_SHARED_CREDENTIALS_FILE", "credentials")),
		config.WithRegion(cfg.Region), config.WithBaseEndpoint(cfg.Endpoint))
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("reading profile %s: %w", cfg.Environ["AWS_PROFILE"], err)
	}
	return loaded.Credentials.Retrieve(ctx)
}

// sharedFile is the path that a variable gives, or the usual one.
func (cfg AWSConfig) sharedFile(variable, name string) []string {
	if path := cfg.Environ[variable]; path != "" {
		return []string{path}
	}
	home := cfg.Environ["HOME"]
	if home == "" {
		home, _ = os.UserHomeDir() // without one there is no such file, which the SDK says
	}
	return []string{filepath.Join(home, ".aws", name)}
}
