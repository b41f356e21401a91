// Package backend gives the harness something to deploy to.
//
// A [Backend] is an endpoint with credentials for a deployer, the role that
// Terraform runs as. [StartEmbedded] makes one in this process:
//
//	b, err := backend.StartEmbedded(ctx, backend.EmbeddedConfig{})
//	defer b.Close()
//	client := kms.NewFromConfig(b.Config())
//
// [StartLocalStack] makes one of LocalStack, found running, started from Python
// packages or in a container (package docker); [StartAWS] one of an AWS account
// that the caller lists.
//
// Ask [Backend.Enforces] before a denial is taken for a proof: a backend that
// allows everything makes no test of a policy true.
//
// # One of your own
//
// Implement [Backend], and of its abilities those that are true: [Ledger],
// [Auditor], [Accounts], [Eventual], [ProviderChecker]. What they promise is tested by
// backendtest.Contract:
//
//	func TestContract(t *testing.T) {
//		backendtest.Contract(t, func(ctx context.Context) (backend.Backend, error) { return Start(ctx) })
//	}
//
// Register it by a name in TestMain, harness.RegisterBackend("mine", Start), and run
// suites with KEYWRIGHT_BACKEND=mine.
//
// # What it is not
//
// It runs neither engine nor provider, and holds no assertion: see packages
// runner and probe.
package backend

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/keywright/keywright/kmsemu"
)

// Backend is where keys are made. Its methods may be called from several
// goroutines.
type Backend interface {
	// Name is what reports call the backend, such as "embedded".
	Name() string
	// Enforces reports whether calls are authorised by key policies and IAM
	// policies. When it is false, no denial may be expected.
	Enforces() bool
	// DeployerARN returns the ARN of the role that engine and provider run as, in
	// the form that policies name. A key policy must name it, or delegate to its
	// account, for Terraform to manage the key.
	DeployerARN() string
	// Env returns the variables that make the AWS provider, the AWS CLI and any
	// SDK use the backend as the deployer: endpoint, Region and credentials that
	// outlast the run, at least AWS_REGION, AWS_ACCESS_KEY_ID and
	// AWS_SECRET_ACCESS_KEY; and what else modules should get, such as default tags.
	// The caller may change the map.
	Env() map[string]string
	// Config returns the same for clients of the AWS SDK.
	Config() aws.Config
	// Close frees what the backend holds, and nothing of another one's. It must be
	// called once no client uses it any more; a second call does nothing.
	Close() error
}

// Ledger is a [Backend] that knows which keys were made on it.
type Ledger interface {
	// LiveKeys returns the ARNs of the keys that were made on it, in this run, and
	// are not pending deletion, in order. The error says why they are not known.
	LiveKeys(context.Context) ([]string, error)
}

// ProviderChecker is a [Backend] that not every version of the AWS provider serves.
type ProviderChecker interface {
	// CheckProvider returns an error that says which versions serve, unless this
	// one, such as "5.100.0", does.
	CheckProvider(version string) error
}

// CheckProvider asks a backend that is a [ProviderChecker]; others take any version.
func CheckProvider(b Backend, version string) error {
	if c, ok := b.(ProviderChecker); ok {
		return c.CheckProvider(version)
	}
	return nil
}

// Auditor is a [Backend] that tells what was asked and how it was decided.
type Auditor interface {
	// Events returns the audit trail, oldest call first, calls allowed and
	// denied alike. A call is in it before its answer is sent.
	Events() []kmsemu.Event
}

// Accounts is a [Backend] that has other accounts than the deployer's.
type Accounts interface {
	// InAccount returns the backend as the root user of an account, by its twelve
	// digits. Closing it closes nothing.
	InAccount(id string) Backend
}
