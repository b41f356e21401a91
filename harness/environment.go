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
	reuse      string // folder for what the next run goes on with; "" for none
	all        map[string]string
}

// settings are the variables that decide what a test runs on: a failed test is
// told with them.
var settings = []string{"KEYWRIGHT_BACKEND", "KEYWRIGHT_LOCALSTACK", "KEYWRIGHT_PRODUCT", "KEYWRIGHT_ENGINE", "KEYWRIGHT_PROVIDER", "KEYWRIGHT_REUSE"}

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
	return environment{all: all, backend: all["KEYWRIGHT_BACKEND"], results: all["KEYWRIGHT_RESULTS"], reuse: all["KEYWRIGHT_REUSE"], localStack: backend.LocalStackConfig{
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

// openReuse opens what the environment says to use again; nil if nothing is.
func (e environment) openReuse(tools toolchain.Toolchain) (*reuse, error) {
	switch {
	case e.reuse == "":
		return nil, nil
	case !filepath.IsAbs(e.reuse):
		return nil, fmt.Errorf("KEYWRIGHT_REUSE is %q: set it to an absolute path, tests run in their packages' folders", e.reuse)
	case e.backend != "" && e.backend != "embedded":
		return nil, fmt.Errorf("KEYWRIGHT_REUSE is set: only the embedded backend keeps its state, not %s: unset one of the two", e.backend)
	}
	return openReuse(e.reuse, tools)
}

// startBackend starts the backend that the environment names.
func (e environment) startBackend(ctx context.Context, kept *reuse) (backend.Backend, error) {
	switch e.backend {
	case "", "embedded":
		cfg := backend.EmbeddedConfig{}
		if kept != nil {
			cfg.Store = kept.folder
		}
		return backend.StartEmbedded(ctx, cfg)
	case "localstack":
		return backend.StartLocalStack(ctx, e.localStack)
	default:
		return nil, fmt.Errorf("KEYWRIGHT_BACKEND is %q: set it to embedded or localstack", e.backend)
	}
}
