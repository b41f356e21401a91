package backend_test

import (
	"context"
	"testing"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/backendtest"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		backendtest.Contract(t, func(ctx context.Context) (backend.Backend, error) {
			return backend.StartEmbedded(ctx, backend.EmbeddedConfig{Region: "eu-central-1"})
		})
	})
	// In the place of AWS, and as slow to count changes.
	t.Run("aws", func(t *testing.T) {
		t.Parallel()
		s := newStandIn(t)
		backendtest.Contract(t, func(ctx context.Context) (backend.Backend, error) { return backend.StartAWS(ctx, s.Config) })
	})
	// One that was found running, which all share.
	t.Run("localstack", func(t *testing.T) {
		t.Parallel()
		l, err := backend.StartLocalStack(t.Context(), backend.LocalStackConfig{Python: pythontest.Config(t)})
		pythontest.Check(t, err)
		t.Cleanup(func() { _ = l.Close() })
		backendtest.Contract(t, func(ctx context.Context) (backend.Backend, error) {
			return backend.StartLocalStack(ctx, backend.LocalStackConfig{Endpoint: l.Env()["AWS_ENDPOINT_URL"], Region: "eu-west-1"})
		})
	})
}
