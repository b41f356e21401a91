package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/toolchain/python"
)

// startBackend starts the backend that a flag or the environment names.
func (a *app) startBackend(ctx context.Context, flag string, say func(string)) (backend.Backend, error) {
	switch name := cmp.Or(flag, a.environ["KEYWRIGHT_BACKEND"], "embedded"); name {
	case "embedded":
		return backend.StartEmbedded(ctx, backend.EmbeddedConfig{})
	case "localstack":
		cache, err := a.cacheDir()
		if err != nil {
			return nil, err
		}
		return backend.StartLocalStack(ctx, backend.LocalStackConfig{
			Endpoint: a.environ["KEYWRIGHT_LOCALSTACK"],
			Python:   python.Config{Path: a.environ["KEYWRIGHT_PYTHON"], CacheDir: cache, Environ: a.environ, Progress: say},
		})
	case "aws":
		return backend.StartAWS(ctx, backend.AWSConfig{
			Accounts: backend.AccountIDs(a.environ["KEYWRIGHT_AWS_ACCOUNTS"]),
			Region:   a.environ["AWS_REGION"], Environ: a.environ, Progress: say,
		})
	default:
		return nil, fmt.Errorf("there is no backend %q: use embedded, localstack or aws", name)
	}
}
