package harness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/docker"
	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/harness/toolchain/python"
)

// environment is what the harness takes from the process's environment.
type environment struct {
	tools      toolchain.Config
	backend    string // its name
	localStack backend.LocalStackConfig
	aws        backend.AWSConfig
	results    string // path of the result file; "" for none
	logs       string // folder for the engine's output of failed tests
	reuse      string // folder for what the next run goes on with; "" for none
	all        map[string]string
}

// settings are the variables that decide what a test runs on: a failed test is
// told with them.
var settings = []string{"KEYWRIGHT_BACKEND", "KEYWRIGHT_LOCALSTACK", "KEYWRIGHT_AWS_ACCOUNTS", "KEYWRIGHT_PRODUCT", "KEYWRIGHT_ENGINE", "KEYWRIGHT_PROVIDER", "KEYWRIGHT_REUSE"}

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
	for _, name := range []string{"KEYWRIGHT_CACHE", "KEYWRIGHT_LOGS", "KEYWRIGHT_RESULTS", "KEYWRIGHT_REUSE"} {
		if path := all[name]; path != "" && !filepath.IsAbs(path) {
			return environment{}, fmt.Errorf("%s is %q: set it to an absolute path, tests run in their packages' folders", name, path)
		}
	}
	cache := all["KEYWRIGHT_CACHE"]
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return environment{}, fmt.Errorf("finding a cache folder: %w: set KEYWRIGHT_CACHE", err)
		}
		cache = filepath.Join(base, "keywright")
	}
	logs := cmp.Or(all["KEYWRIGHT_LOGS"], filepath.Join(cache, "logs"))
	return environment{
		all: all, backend: all["KEYWRIGHT_BACKEND"], results: all["KEYWRIGHT_RESULTS"], reuse: all["KEYWRIGHT_REUSE"],
		logs: filepath.Join(logs, filepath.FromSlash(packageName())),
		localStack: backend.LocalStackConfig{
			Endpoint:  all["KEYWRIGHT_LOCALSTACK"],
			Container: docker.Start,
			Python:    python.Config{Path: all["KEYWRIGHT_PYTHON"], CacheDir: cache, Environ: all, Progress: note},
		},
		aws: backend.AWSConfig{
			Accounts: backend.AccountIDs(all["KEYWRIGHT_AWS_ACCOUNTS"]), Region: all["AWS_REGION"], Environ: all, Progress: note,
		},
		tools: toolchain.Config{
			Product:      toolchain.Product(all["KEYWRIGHT_PRODUCT"]),
			EnginePath:   all["KEYWRIGHT_ENGINE"],
			ProviderPath: all["KEYWRIGHT_PROVIDER"],
			CacheDir:     cache,
			Environ:      all,
			Progress:     note,
		},
	}, nil
}

// openReuse opens what the environment says to use again; nil if nothing is.
func (e environment) openReuse(tools toolchain.Toolchain) (*reuse, error) {
	switch {
	case e.reuse == "":
		return nil, nil
	case e.backend != "" && e.backend != "embedded":
		return nil, fmt.Errorf("KEYWRIGHT_REUSE is set: only the embedded backend keeps its state, not %s: unset one of the two", e.backend)
	}
	return openReuse(e.reuse, tools)
}

// registered are the backends of [RegisterBackend].
var registered struct {
	mu    sync.Mutex
	start map[string]func(context.Context) (backend.Backend, error)
}

// RegisterBackend lets KEYWRIGHT_BACKEND be a name for a backend of the caller's own:
// start is called when the first harness needs it. It is for TestMain, before any
// harness is made, and panics if the name is taken.
func RegisterBackend(name string, start func(context.Context) (backend.Backend, error)) {
	registered.mu.Lock()
	defer registered.mu.Unlock()
	if registered.start == nil {
		registered.start = map[string]func(context.Context) (backend.Backend, error){}
	}
	if registered.start[name] != nil || slices.Contains(builtIn, name) {
		panic(fmt.Sprintf("harness: there is a backend %q already: register it by another name", name))
	}
	registered.start[name] = start
}

// builtIn are the names of the backends that are always there.
var builtIn = []string{"embedded", "localstack", "aws"}

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
	case "aws":
		return backend.StartAWS(ctx, e.aws)
	}
	registered.mu.Lock()
	start := registered.start[e.backend]
	names := append(slices.Clone(builtIn), slices.Sorted(maps.Keys(registered.start))...)
	registered.mu.Unlock()
	if start == nil {
		return nil, fmt.Errorf("KEYWRIGHT_BACKEND is %q: set it to one of %s", e.backend, strings.Join(names, ", "))
	}
	return start(ctx)
}
