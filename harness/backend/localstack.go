package backend

import (
	"cmp"
	"context"
	_ "embed" // the pinned packages
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/harness/toolchain/python"
)

// LocalStackVersion is the release that [StartLocalStack] runs: the last that
// needs no token.
const LocalStackVersion = "4.14.0"

// localStackImage is the same release for Docker.
const localStackImage = "localstack/localstack:" + LocalStackVersion

//go:embed localstack.txt
var localStackRequirements []byte

// InDocker is the Endpoint for which [StartLocalStack] starts a container.
const InDocker = "docker"

// LocalStackConfig says which LocalStack to use.
type LocalStackConfig struct {
	// Endpoint is the URL of a LocalStack that runs, such as
	// "http://127.0.0.1:4566"; [InDocker] means start a container; "" means start one
	// with Python, or a container where there is no Python that serves.
	Endpoint string
	// Python is what to start one with; unused with an Endpoint.
	Python python.Config
	// Container starts an image with variables and returns its URL and what ends
	// it, as package docker does; nil means that this program starts none.
	Container func(ctx context.Context, image string, env map[string]string) (url string, stop io.Closer, err error)
	// Region is the deployer's; "" means us-east-1.
	Region string
}

// LocalStack is a LocalStack as a backend. Its community edition decides no call
// by a policy, so it does not enforce, and it keeps no audit trail. Where it was
// found running, keys and roles carry the tag of package sweep.
type LocalStack struct {
	deployer
	server io.Closer // nil if it was found running
}

// StartLocalStack starts LocalStack on a port of this machine, from the Python
// package index, installing it on first use (about a minute), or in a container, or
// uses the one that runs at an endpoint, and makes the deployer. One that was
// started ends with this process, however that ends. The error wraps
// [python.ErrNoPython] where there is no Python to start it with.
func StartLocalStack(ctx context.Context, cfg LocalStackConfig) (*LocalStack, error) {
	endpoint, server, err := cfg.serve(ctx)
	if err != nil {
		return nil, err
	}
	b := &LocalStack{server: server}
	d, err := makeDeployer(ctx, endpoint, cmp.Or(cfg.Region, defaultRegion))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making deployer: %w", err), b.Close())
	}
	if b.deployer = d; server == nil {
		b.run = newRun() // what is made there outlives the run
	}
	return b, nil
}

// serve returns the endpoint of a LocalStack, and what ends it if it was started.
func (cfg LocalStackConfig) serve(ctx context.Context) (endpoint string, server io.Closer, err error) {
	switch cfg.Endpoint {
	case "":
		started, err := serveLocalStack(ctx, cfg.Python)
		if err == nil {
			return started.URL, started, nil
		}
		if !errors.Is(err, python.ErrNoPython) || cfg.Container == nil {
			return "", nil, err
		}
		endpoint, server, inDocker := cfg.contain(ctx)
		if inDocker != nil {
			return "", nil, fmt.Errorf("%w\nnor can it run in a container: %w", err, inDocker)
		}
		return endpoint, server, nil
	case InDocker:
		return cfg.contain(ctx)
	default:
		endpoint = strings.TrimSuffix(cfg.Endpoint, "/")
		return endpoint, nil, checkLocalStack(ctx, endpoint)
	}
}

// contain starts a container.
func (cfg LocalStackConfig) contain(ctx context.Context) (endpoint string, server io.Closer, err error) {
	if cfg.Container == nil {
		return "", nil, fmt.Errorf("this program starts no containers: run docker run --rm -p 127.0.0.1:4566:4566 %s, and give its endpoint, http://127.0.0.1:4566", localStackImage)
	}
	return cfg.Container(ctx, localStackImage, localStackVariables)
}

const localStackHealth = "/_localstack/health"

// localStackVariables are LocalStack's settings, wherever it runs.
var localStackVariables = map[string]string{
	"SERVICES":                   "kms,sts,iam,s3",
	"S3_SKIP_KMS_KEY_VALIDATION": "0", // objects of a disabled key don't open
	"EAGER_SERVICE_LOADING":      "0",
	"DISABLE_EVENTS":             "1", // no analytics
	"SKIP_SSL_CERT_DOWNLOAD":     "1",
	"DNS_ADDRESS":                "0",
}

func serveLocalStack(ctx context.Context, cfg python.Config) (*python.Server, error) {
	env, err := python.Ensure(ctx, cfg, python.Requirements{Name: "localstack", Text: localStackRequirements})
	if err != nil {
		return nil, err
	}
	return env.Serve(ctx, python.Program{
		Module: "localstack.runtime.main",
		Env: func(port string) map[string]string {
			variables := maps.Clone(localStackVariables)
			variables["GATEWAY_LISTEN"] = "127.0.0.1:" + port
			return variables
		},
		Health: localStackHealth,
	})
}

// checkLocalStack asks whether something answers at the endpoint.
func checkLocalStack(ctx context.Context, endpoint string) error {
	if !strings.HasPrefix(endpoint, "http://") && !strings.HasPrefix(endpoint, "https://") {
		return fmt.Errorf("asking LocalStack at %q: it is no URL: write it as http://127.0.0.1:4566", endpoint)
	}
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

// LiveKeys implements [Ledger], in the deployer's Region: where it was found running,
// by the tag; else all are of this run.
func (b *LocalStack) LiveKeys(ctx context.Context) ([]string, error) {
	if b.server == nil {
		return taggedKeys(ctx, b.Config(), b.run)
	}
	return allKeys(ctx, kms.NewFromConfig(b.Config()))
}

// Close ends a LocalStack that was started; one that was found runs on.
func (b *LocalStack) Close() error {
	if b.server == nil {
		return nil
	}
	return b.server.Close()
}
