// Package pythontest is for tests that need programs written in Python: where this
// machine's Python is, and what to do where there is none. It is for tests only.
package pythontest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright/harness/toolchain/python"
)

// Config is this machine's, read from its environment, with the cache that package
// harness uses. Variables that lead AWS clients to places of this machine are left
// out.
func Config(t testing.TB) python.Config {
	t.Helper()
	env := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); !strings.HasPrefix(name, "AWS_") {
			env[name] = value
		}
	}
	cache := env["KEYWRIGHT_CACHE"]
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			t.Fatalf("finding a cache folder: %v: set KEYWRIGHT_CACHE", err)
		}
		cache = filepath.Join(base, "keywright")
	}
	return python.Config{
		Path: env["KEYWRIGHT_PYTHON"], CacheDir: cache, Environ: env,
		Progress: func(line string) { t.Log(line) },
	}
}

// Check fails the test for an error of package python, but skips it where there is
// no Python: not in CI (its variable CI is set), which must not be green for that
// reason.
func Check(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, python.ErrNoPython) && os.Getenv("CI") == "":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
