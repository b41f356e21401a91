package backend

import (
	"cmp"
	"context"
	_ "embed" // the pinned packages
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/keywright/keywright/harness/toolchain/python"
)

// LocalStackVersion is the release that [StartLocalStack] runs: the last that
// needs no token.
const LocalStackVersion = "4.14.0"

//go:embed localstack.txt
var localStackRequirements []byte

// LocalStackConfig says which LocalStack to use.
type LocalStackConfig struct {
	// Endpoint is the URL of a LocalStack that runs, such as
	// "http://127.0.0.1:4566"; "" means start one.
	Endpoint string
	// Python is what to start one with; unused with an Endpoint.
	Python python.Config
	// Region is the deployer's; "" means us-east-1.
	Region string
}

// LocalStack is a LocalStack as a backend. Its community edition decides no call
// by a policy, so it does not enforce, and it keeps no audit trail.
type LocalStack struct {
	deployer
	server *python.Server // nil if it was found running
}

// StartLocalStack starts LocalStack from the Python package index on a loopback
// port, installing it on first use (about a minute), or uses the one that runs at
// an endpoint, and makes the deployer. One that was started ends with this
// process, however that ends. The error wraps [python.ErrNoPython] where there is
// no Python to start it with.
func StartLocalStack(ctx context.Context, cfg LocalStackConfig) (*LocalStack, error) {
	b := &LocalStack{}
	endpoint := strings.TrimSuffix(cfg.Endpoint, "/")
	if endpoint == "" {
		server, err := serveLocalStack(ctx, cfg.Python)
		if err != nil {
			return nil, err
		}
		b.server, endpoint = server, server.URL
	} else if err := checkLocalStack(ctx, endpoint); err != nil {
		return nil, err
	}
	d, err := makeDeployer(ctx, endpoint, cmp.Or(cfg.Region, defaultRegion))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making deployer: %w", err), b.Close())
	}
	b.deployer = d
	return b, nil
}

const localStackHealth = "/_localstack/health"

func serveLocalStack(ctx context.Context, cfg python.Config) (*python.Server, error) {
	env, err := python.Ensure(ctx, cfg, python.Requirements{Name: "localstack", Text: localStackRequirements})
	if err != nil {
		return nil, err
	}
	return env.Serve(ctx, python.Program{
		Module: "localstack.runtime.main",
		Env: func(port string) map[string]string {
			return map[string]string{
				"GATEWAY_LISTEN":         "127.0.0.1:" + port,
				"SERVICES":               "kms,sts,iam,s3",
				"EAGER_SERVICE_LOADING":  "0",
				"DISABLE_EVENTS":         "1", // no analytics
				"SKIP_SSL_CERT_DOWNLOAD": "1",
				"DNS_ADDRESS":            "0",
			}
		},
		Health: localStackHealth,
	})
}

// checkLocalStack asks whether something answers at the endpoint.
func checkLocalStack(ctx context.Context, endpoint string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+localStackHealth, nil)
	if err != nil {
		return fmt.Errorf("asking LocalStack at %q: %w", endpoint, err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("asking LocalStack at %s: %w: start it, or leave the endpoint out to have one started", endpoint, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(body), `"kms"`) {
		return fmt.Errorf("asking LocalStack at %s: %s answers %s: it is no LocalStack with KMS", endpoint, localStackHealth, answer.Status)
	}
	return nil
}

// Name returns "localstack".
func (b *LocalStack) Name() string { return "localstack" }

// Enforces returns false: any caller may do anything.
func (b *LocalStack) Enforces() bool { return false }

// Close ends a LocalStack that was started; one that was found runs on.
func (b *LocalStack) Close() error {
	if b.server == nil {
		return nil
	}
	return b.server.Close()
}
