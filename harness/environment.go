package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/harness/toolchain/python"
)

// environment is what the harness takes from the process's environment.
type environment struct {
	tools      toolchain.Config
	backend    string // its name
	localStack backend.LocalStackConfig
	results    string // path of the result file; "" for none
	all        map[string]string
}

// settings are the variables that decide what a test runs on: a failed test is
// told with them.
var settings = []string{"KEYWRIGHT_BACKEND", "KEYWRIGHT_LOCALSTACK", "KEYWRIGHT_PRODUCT", "KEYWRIGHT_ENGINE", "KEYWRIGHT_PROVIDER"}

// given are the settings that are set, as a shell takes them.
func (e environment) given() []string {
	var list []string
	for _, name := range settings {
		if e.all[name] != "" {
			list = append(list, name+"="+quoted(e.all[name]))
		}
	}
	return list
}

// readEnvironment is the one place where environment variables are read.
func readEnvironment() (environment, error) {
	all := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	cache := all["KEYWRIGHT_CACHE"]
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return environment{}, fmt.Errorf("finding a cache folder: %w: set KEYWRIGHT_CACHE", err)
		}
		cache = filepath.Join(base, "keywright")
	}
	progress := func(line string) { fmt.Fprintln(os.Stderr, "keywright:", line) }
	return environment{all: all, backend: all["KEYWRIGHT_BACKEND"], results: all["KEYWRIGHT_RESULTS"], localStack: backend.LocalStackConfig{
		Endpoint: all["KEYWRIGHT_LOCALSTACK"],
		Python:   python.Config{Path: all["KEYWRIGHT_PYTHON"], CacheDir: cache, Environ: all, Progress: progress},
	}, tools: toolchain.Config{
		Product:      toolchain.Product(all["KEYWRIGHT_PRODUCT"]),
		EnginePath:   all["KEYWRIGHT_ENGINE"],
		ProviderPath: all["KEYWRIGHT_PROVIDER"],
		CacheDir:     cache,
		Environ:      all,
		Progress:     progress,
	}}, nil
}

// startBackend starts the backend that the environment names.
func (e environment) startBackend(ctx context.Context) (backend.Backend, error) {
	switch e.backend {
	case "", "embedded":
		return backend.StartEmbedded(ctx, backend.EmbeddedConfig{})
	case "localstack":
		return backend.StartLocalStack(ctx, e.localStack)
	default:
		return nil, fmt.Errorf("KEYWRIGHT_BACKEND is %q: set it to embedded or localstack", e.backend)
	}
}
