package kmsload_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/toolchain/python"
	"github.com/keywright/keywright/internal/kmsload"
	"github.com/keywright/keywright/internal/moto"
	"github.com/keywright/keywright/kmsemu"
)

// besides are the servers compared: the emulator first. Each starts one and says
// where it is.
var besides = []struct {
	name  string
	start func(context.Context, python.Config) (io.Closer, string, error)
}{
	{"kmsemu", func(context.Context, python.Config) (io.Closer, string, error) {
		i, err := kmsemu.Start(kmsemu.Config{})
		if err != nil {
			return nil, "", err
		}
		return i, i.URL, nil
	}},
	{"localstack-" + backend.LocalStackVersion, func(ctx context.Context, cfg python.Config) (io.Closer, string, error) {
		l, err := backend.StartLocalStack(ctx, backend.LocalStackConfig{Python: cfg})
		if err != nil {
			return nil, "", err
		}
		return l, *l.Config().BaseEndpoint, nil
	}},
	{"moto", func(ctx context.Context, cfg python.Config) (io.Closer, string, error) {
		s, err := moto.Start(ctx, cfg)
		if err != nil {
			return nil, "", err
		}
		return s, s.URL, nil
	}},
}

// BenchmarkBeside is how many calls a second each server answers, one after the
// other, to the same client: Encrypt and Decrypt in turn over sixteen connections, on
// the processors that the client uses too. of-kmsemu is how many times as many the
// emulator answered. The emulator alone checks signatures and policies.
func BenchmarkBeside(b *testing.B) {
	var own float64
	for _, server := range besides {
		running, url, err := server.start(b.Context(), pythonConfig(b))
		if errors.Is(err, python.ErrNoPython) {
			b.Logf("leaving out %s: %v", server.name, err)
			continue
		}
		require.NoError(b, err)
		b.Run(server.name, func(b *testing.B) {
			rate := callRate(b, url)
			if server.name == besides[0].name {
				own = rate // that of the last and longest round stays
			}
			b.ReportMetric(rate, "calls/s")
			b.ReportMetric(own/rate, "of-kmsemu")
		})
		require.NoError(b, running.Close())
	}
}

// connections keep two processors busy: with four, they are idle for a third of the
// time between an answer and the next call.
const connections = 16

func callRate(b *testing.B, url string) float64 {
	credentials := kmsload.Credentials{AccessKey: "test", Secret: "test"}
	setup, err := kmsload.NewClient(url, "us-east-1", credentials)
	require.NoError(b, err)
	key, err := setup.CreateKey(b.Context())
	require.NoError(b, err)
	require.NoError(b, setup.EncryptDecrypt(b.Context(), key, []byte("secret")), "before it counts")
	require.NoError(b, setup.Close())
	b.SetParallelism(connections / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		c, err := kmsload.NewClient(url, "us-east-1", credentials)
		if err != nil {
			b.Error(err)
			return
		}
		for pb.Next() {
			if err := c.EncryptDecrypt(b.Context(), key, []byte("secret")); err != nil {
				b.Error(err)
				return
			}
		}
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	return 2 * float64(b.N) / b.Elapsed().Seconds()
}

// pythonConfig has the developer's environment.
func pythonConfig(b *testing.B) python.Config {
	b.Helper()
	env := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	base, err := os.UserCacheDir()
	require.NoError(b, err)
	return python.Config{
		Path: env["KEYWRIGHT_PYTHON"], CacheDir: cmp.Or(env["KEYWRIGHT_CACHE"], filepath.Join(base, "keywright")),
		Environ: env, Progress: func(line string) { b.Log(line) },
	}
}
