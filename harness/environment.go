package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/keywright/keywright/harness/toolchain"
)

// environment is what the harness takes from the process's environment.
type environment struct {
	tools toolchain.Config
	all   map[string]string
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
	return environment{all: all, tools: toolchain.Config{
		Product:      toolchain.Product(all["KEYWRIGHT_PRODUCT"]),
		EnginePath:   all["KEYWRIGHT_ENGINE"],
		ProviderPath: all["KEYWRIGHT_PROVIDER"],
		CacheDir:     cache,
		Environ:      all,
		Progress:     func(line string) { fmt.Fprintln(os.Stderr, "keywright:", line) },
	}}, nil
}
