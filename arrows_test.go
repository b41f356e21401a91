// Package keywright_test guards the architecture: which package may import
// which. The module's root holds no code.
package keywright_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/keywright/keywright/"

// arrows lists, for each package, which packages of this module it may import.
// A package that is not listed fails, so a new one is put in its place here.
var arrows = map[string][]string{
	"cmd/keywright":                       {"internal/cli"},
	"cmd/kmsemu":                          {"internal/cli/process", "internal/cli/server"},
	"internal/cli":                        {"harness/sweep", "internal/cli/process", "internal/cli/review", "internal/cli/server", "internal/adopt", "generator", "templates", "kmsemu", "kmsemu/store", "keypolicy", "harness/toolchain", "harness/runner", "harness/backend", "harness/probe", "harness/report", "harness/promise", "harness/toolchain/python"},
	"internal/cli/process":                {},
	"internal/cli/server":                 {"kmsemu", "kmsemu/store", "internal/strictjson"},
	"internal/cli/review":                 {"internal/plan", "keypolicy", "keypolicy/lint"},
	"internal/plan":                       {"keypolicy", "keypolicy/lint"},
	"internal/cache":                      {},
	"internal/kmsload":                    {},
	"internal/lazyregexp":                 {},
	"internal/strictjson":                 {},
	"internal/moto":                       {"harness/toolchain/python"},
	"templates":                           {},
	"generator/generatortest":             {},
	"generator":                           {"internal/merge", "internal/swap", "internal/lazyregexp"},
	"internal/merge":                      {},
	"internal/swap":                       {},
	"internal/sidebyside":                 {},
	"internal/adopt":                      {"generator", "keypolicy", "internal/lazyregexp", "internal/plan"},
	"modules/kms":                         {},
	"keypolicy":                           {},
	"keypolicy/lint":                      {"keypolicy", "internal/lazyregexp"},
	"keypolicy/schema":                    {},
	"kmsemu":                              {"keypolicy", "internal/lazyregexp", "internal/strictjson"},
	"kmsemu/kmsemutest":                   {"kmsemu"},
	"kmsemu/store":                        {},
	"harness/toolchain":                   {"internal/cache", "internal/lazyregexp"},
	"harness/toolchain/python":            {"internal/cache"},
	"harness/toolchain/python/pythontest": {"harness/toolchain/python"},
	"harness/runner":                      {"harness/toolchain", "internal/lazyregexp"},
	"harness/backend":                     {"harness/sweep", "harness/toolchain/python", "kmsemu", "internal/lazyregexp"},
	"harness/sweep":                       {},
	"harness/backend/docker":              {},
	"harness/backend/backendtest":         {"harness/backend", "harness/probe", "kmsemu"},
	"harness/probe":                       {"harness/backend", "kmsemu", "keypolicy"},
	"harness/coverage":                    {"kmsemu", "keypolicy"},
	"harness/report":                      {"harness/coverage"},
	"harness/promise":                     {"harness/backend", "harness/coverage", "harness/probe", "harness/report", "harness/runner", "keypolicy", "internal/lazyregexp"},
	"harness":                             {"harness/toolchain", "harness/toolchain/python", "harness/runner", "harness/backend", "harness/backend/docker", "harness/probe", "harness/coverage", "harness/report", "kmsemu", "kmsemu/store", "internal/lazyregexp"},
	"test":                                {"harness", "harness/probe", "harness/report", "generator", "templates", "kmsemu", "kmsemu/kmsemutest"},
	"test/clients":                        {},
	"test/provider":                       {"harness"},
	"test/modules":                        {},
	"test/differential":                   {},
}

// forbidden lists what a package must not depend on, not even through others.
var forbidden = []struct {
	reason   string
	packages []string
	imports  []string // an import path, or a prefix ending in "/"
}{
	{"keypolicy and generator are pure", []string{"keypolicy", "keypolicy/lint", "generator"}, []string{"net", "net/http", "os/exec"}},
	{"templates only embeds", []string{"templates"}, []string{"net/http", "text/template"}},
	{"the command must not carry a test framework", []string{"cmd/keywright", "cmd/kmsemu", "internal/cli", "internal/cli/process", "internal/cli/server", "internal/cli/review", "internal/plan", "harness/toolchain", "harness/runner", "harness/backend", "harness/probe", "harness/coverage", "harness/report", "harness/promise", "kmsemu", "generator"},
		[]string{"testing", "github.com/gruntwork-io/", "github.com/stretchr/"}},
	{"the command must not carry a client of Docker", []string{"cmd/keywright", "harness/backend"},
		[]string{"github.com/testcontainers/", "github.com/moby/"}},
}

// outside lists, for packages that must need little, what they may depend on
// besides the standard library and this module, even through others.
var outside = map[string][]string{
	"keypolicy":                {},
	"keypolicy/lint":           {},
	"keypolicy/schema":         {},
	"internal/cache":           {},
	"harness/toolchain/python": {},
	// It starts at once because it has little to start.
	"cmd/kmsemu": {
		"github.com/spf13/cobra", "github.com/spf13/pflag", "go.etcd.io/bbolt", "golang.org/x/sys",
		"github.com/decred/dcrd/dcrec/secp256k1/v4", "filippo.io/mldsa", "github.com/cloudflare/circl",
	},
	"kmsemu/store": {"go.etcd.io/bbolt", "golang.org/x/sys"},
	// The curve and the post-quantum schemes that the standard library lacks, and
	// what circl asks about the processor.
	"kmsemu": {"github.com/decred/dcrd/dcrec/secp256k1/v4", "filippo.io/mldsa", "github.com/cloudflare/circl", "golang.org/x/sys/cpu"},
}

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

func (p goPackage) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...").Output()
	require.NoError(t, err)
	var all []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		if p.ImportPath != strings.TrimSuffix(module, "/") { // the root holds only this test
			all = append(all, p)
		}
	}
}

func TestArrows(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		allowed, listed := arrows[p.name()]
		require.Truef(t, listed, "package %s is not in the table of arrows: put it in its place", p.name())
		for _, i := range p.Imports {
			if local, ok := strings.CutPrefix(i, module); ok {
				require.Containsf(t, allowed, local, "%s must not import %s", p.name(), local)
			}
		}
	}
}

func TestForbiddenDependencies(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, rule := range forbidden {
			if !slices.Contains(rule.packages, p.name()) {
				continue
			}
			for _, dep := range p.Deps {
				require.Falsef(t, slices.ContainsFunc(rule.imports, func(path string) bool {
					return dep == path || strings.HasSuffix(path, "/") && strings.HasPrefix(dep, path)
				}), "%s depends on %s: %s", p.name(), dep, rule.reason)
			}
		}
	}
}

func TestOutsideDependencies(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		allowed, listed := outside[p.name()]
		if !listed {
			continue
		}
		for _, dep := range p.Deps {
			// Only paths of other modules begin with a host name.
			if host, _, _ := strings.Cut(dep, "/"); !strings.Contains(host, ".") || strings.HasPrefix(dep, module) {
				continue
			}
			require.Truef(t, slices.ContainsFunc(allowed, func(path string) bool {
				return dep == path || strings.HasPrefix(dep, path+"/")
			}), "%s depends on %s: it may depend on %v alone", p.name(), dep, allowed)
		}
	}
}
