package promise_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/backendtest"
	"github.com/keywright/keywright/harness/promise"
	"github.com/keywright/keywright/harness/report"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/harness/toolchain/python/pythontest"
)

// lab is an emulator with an engine wired to it.
func lab(t *testing.T) promise.Config {
	t.Helper()
	b, err := backend.StartEmbedded(t.Context(), backend.EmbeddedConfig{})
	require.NoError(t, err)
	return labOn(t, b)
}

func labOn(t *testing.T, b backend.Backend) promise.Config {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	env := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	cache := env["KEYWRIGHT_CACHE"]
	if cache == "" {
		base, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(base, "keywright")
	}
	tools, err := toolchain.Ensure(t.Context(), toolchain.Config{
		Product: toolchain.Product(env["KEYWRIGHT_PRODUCT"]), EnginePath: env["KEYWRIGHT_ENGINE"], ProviderPath: env["KEYWRIGHT_PROVIDER"],
		CacheDir: cache, Environ: env, Progress: func(line string) { t.Log(line) },
	})
	require.NoError(t, err)
	run, err := runner.Start(runner.Config{Tools: tools, Environ: env, Backend: b.Env()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, run.Close()) })
	return promise.Config{MakeRoles: true, Backend: b, Runner: run, Engine: "test", Result: func(p report.Promise) {
		t.Logf("%s %s %s: %s", p.Outcome, p.Resource, p.Name, p.Reason)
	}}
}

// outcomes are those of the promises whose name begins so.
func outcomes(r report.Report, prefix string) map[report.Outcome]int {
	found := map[report.Outcome]int{}
	for _, p := range r.Promises {
		if strings.HasPrefix(p.Name, prefix) {
			found[p.Outcome]++
		}
	}
	return found
}

// Modules in the shapes that many people use keep their promises, and one with a
// well-known mistake does not. Each has an emulator of its own, since a destroy must
// leave no key on it.
func TestShapes(t *testing.T) {
	t.Parallel()
	held := func(n int) map[report.Outcome]int { return map[report.Outcome]int{report.Held: n} }
	allHeld := func(t *testing.T, r report.Report) {
		t.Helper()
		require.Equal(t, len(r.Promises), r.Count(report.Held))
	}
	for _, row := range []struct {
		fixture string
		vars    []string
		check   func(*testing.T, report.Report)
	}{
		{"create-flags", nil, func(t *testing.T, r report.Report) {
			allHeld(t, r)
			require.Equal(t, held(1), outcomes(r, "round trip as app-"))
			require.Equal(t, held(1), outcomes(r, "access of reader-"), "a role with a policy of its own")
			require.Equal(t, held(1), outcomes(r, "access of granted-"), "a role with a grant")
			require.Equal(t, held(2), outcomes(r, "the alias names its key"))
			for _, s := range r.Coverage[0].Statements {
				require.True(t, s.Touched, s.Name)
			}
		}},
		{"context-label", []string{"namespace=eg", "name=orders"}, func(t *testing.T, r report.Report) {
			allHeld(t, r)
			require.Equal(t, held(1), outcomes(r, "round trip as keywright-deployer"), "AWS's own key policy")
			require.Equal(t, held(1), outcomes(r, "a rotation on demand loses nothing"))
		}},
		{"signing", nil, func(t *testing.T, r report.Report) {
			allHeld(t, r)
			require.Equal(t, held(3), outcomes(r, "round trip as operators-"), "signing, MAC and key agreement, by a role made for the list")
			require.Equal(t, held(1), outcomes(r, "the public key works outside of KMS"))
		}},
		{"service-root", nil, func(t *testing.T, r report.Report) {
			allHeld(t, r)
			require.Equal(t, held(4), outcomes(r, "round trip as keywright-deployer"), "in two Regions, by count")
			require.Equal(t, held(4), outcomes(r, "a destroy leaves it pending deletion"), "also what prevent_destroy kept")
			i := slices.IndexFunc(r.Promises, func(p report.Promise) bool { return p.Name == "a destroy succeeds" })
			require.Equal(t, "once prevent_destroy of aws_kms_key.orders is lifted, which prevents it", r.Promises[i].Reason)
		}},
		{"open-policy", nil, func(t *testing.T, r report.Report) {
			require.Equal(t, 2, r.Count(report.Broken))
			for _, p := range r.Promises {
				if p.Outcome == report.Broken {
					require.Contains(t, p.Name, "is refused everything")
					require.Contains(t, p.Reason, "allowed, want denied: Encrypt, Decrypt")
				}
			}
		}},
	} {
		t.Run(row.fixture, func(t *testing.T) {
			t.Parallel()
			cfg := lab(t)
			cfg.Dir, cfg.Vars = "../../fixtures/modules/"+row.fixture, row.vars
			r, err := promise.Prove(t.Context(), cfg)
			require.NoError(t, err)
			row.check(t, r)
		})
	}
}

// In AWS, or what stands in for it, the same promises are asked for, but for those of
// another account, and waited for until changes count.
func TestAWS(t *testing.T) {
	t.Parallel()
	standIn, err := backendtest.StartStandIn(t.Context(), time.Second)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, standIn.Close()) })
	b, err := backend.StartAWS(t.Context(), standIn.Config)
	require.NoError(t, err)
	cfg := labOn(t, b)
	cfg.Dir = "../../fixtures/modules/create-flags"
	r, err := promise.Prove(t.Context(), cfg)
	require.NoError(t, err)
	foreign := outcomes(r, "a role of another account")
	require.Equal(t, map[report.Outcome]int{report.Skipped: foreign[report.Skipped]}, foreign)
	require.Equal(t, len(r.Promises)-foreign[report.Skipped], r.Count(report.Held))
	live, err := b.LiveKeys(t.Context())
	require.NoError(t, err)
	require.Empty(t, live)
}

// On LocalStack all is asked for but access, which it does not decide.
func TestLocalStack(t *testing.T) {
	t.Parallel()
	b, err := backend.StartLocalStack(t.Context(), backend.LocalStackConfig{Python: pythontest.Config(t)})
	pythontest.Check(t, err)
	cfg := labOn(t, b)
	cfg.Dir = "../../fixtures/modules/create-flags"
	r, err := promise.Prove(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, map[report.Outcome]int{report.Skipped: 1}, outcomes(r, "access"))
	require.Equal(t, map[report.Outcome]int{report.Held: 1}, outcomes(r, "round trip as app-"))
	require.Equal(t, len(r.Promises)-1, r.Count(report.Held))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	cfg := lab(t)
	for _, row := range []struct{ name, file, want string }{
		{"not HCL", "{", "keywright.test.hcl"},
		{"a role twice", "role \"app\" {}\nrole \"app\" {}", "keywright.test.hcl:2,1-11: there is a second block role app"},
		{"variables twice", "variables {}\nvariables {}", "keywright.test.hcl:2,1-10: there is a second block variables"},
		{"an unknown block", "roles {}", "Unsupported block type"},
		{"an unknown role", "variables { users = [role.app] }", "role"},
		{"a policy that is no text", "role \"app\" {\n policy = {}\n}", "write jsonencode"},
		{"a policy that is none", "role \"app\" {\n policy = \"x\"\n}", "putting policy 1 of role app-"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := cfg
			cfg.Dir = t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "main.tf"), []byte(`variable "users" {}`), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, promise.FileName), []byte(row.file), 0o600))
			r, err := promise.Prove(t.Context(), cfg)
			require.ErrorContains(t, err, row.want)
			require.Empty(t, r.Promises)
		})
	}
}
