package backendtest_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/backendtest"
	"github.com/keywright/keywright/kmsemu"
)

// Backends that break the contract in one thing each.
type (
	nameless   struct{ *backend.Embedded }
	impostor   struct{ *backend.Embedded }
	elsewhere  struct{ *backend.Embedded }
	lossy      struct{ *backend.Embedded }
	forgetful  struct{ *backend.Embedded }
	deaf       struct{ *backend.Embedded }
	singular   struct{ *backend.Embedded }
	permissive struct {
		*backend.Embedded
		url string
	}
	shared  struct{ *backend.Embedded }
	fragile struct {
		*backend.Embedded
		closed *bool
	}
)

func (nameless) Name() string        { return "" }
func (impostor) DeployerARN() string { return "arn:aws:iam::000000000000:role/somebody" }

func (b elsewhere) Env() map[string]string {
	env := b.Embedded.Env()
	env["AWS_REGION"] = "eu-south-1"
	return env
}

func (b lossy) Env() map[string]string {
	env := b.Embedded.Env()
	delete(env, "AWS_SECRET_ACCESS_KEY")
	return env
}
func (forgetful) LiveKeys(context.Context) ([]string, error) { return nil, nil }
func (b deaf) Events() []kmsemu.Event                        { return b.Embedded.Events()[:1] }
func (b singular) InAccount(string) backend.Backend          { return singular{b.Embedded} }
func (singular) Close() error                                { return nil }

// encrypts is an endpoint that lets everybody encrypt.
func encrypts(b *backend.Embedded) backend.Backend {
	return permissive{b, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") == "TrentService.Encrypt" {
			_, _ = w.Write([]byte("{}"))
			return
		}
		b.Server().ServeHTTP(w, r)
	})).URL}
}

func (b permissive) Config() aws.Config {
	cfg := b.Embedded.Config()
	cfg.BaseEndpoint = &b.url
	return cfg
}

func (b fragile) Close() error {
	if *b.closed {
		return os.ErrClosed
	}
	*b.closed = true
	return b.Embedded.Close()
}

var one *backend.Embedded // of all that are shared

var liars = map[string]struct {
	wrap func(*backend.Embedded) backend.Backend
	test string // of the contract, that finds it out
	want string // what that says
}{
	"nameless":   {func(b *backend.Embedded) backend.Backend { return nameless{b} }, "names", "Name is empty"},
	"impostor":   {func(b *backend.Embedded) backend.Backend { return impostor{b} }, "names", "DeployerARN is arn:aws:iam::000000000000:role/somebody, but its credentials are those of"},
	"elsewhere":  {func(b *backend.Embedded) backend.Backend { return elsewhere{b} }, "Env", "Env is of Region eu-south-1, Config of us-east-1"},
	"lossy":      {func(b *backend.Embedded) backend.Backend { return lossy{b} }, "Env", "Env has no AWS_SECRET_ACCESS_KEY"},
	"forgetful":  {func(b *backend.Embedded) backend.Backend { return forgetful{b} }, "knows", "made: the key is among the live keys: false, want true"},
	"deaf":       {func(b *backend.Embedded) backend.Backend { return deaf{b} }, "tells", "the last call told is CreateRole"},
	"singular":   {func(b *backend.Embedded) backend.Backend { return singular{b} }, "is_another", "InAccount(999999999999) is account 000000000000"},
	"permissive": {encrypts, "enforces", "encrypting as a stranger: "},
	"fragile":    {func(b *backend.Embedded) backend.Backend { return fragile{b, new(bool)} }, "is_closed", "closing it again"},
	"shared":     {func(*backend.Embedded) backend.Backend { return shared{one} }, "works", "answering once the first is closed"},
}

const liarVariable = "KEYWRIGHT_TEST_LIAR"

// TestLiar runs the contract on one of liars, in a process of its own that fails.
func TestLiar(t *testing.T) {
	liar, ok := liars[os.Getenv(liarVariable)]
	if !ok {
		t.Skip("run by TestContractFails, in a process of its own")
	}
	var err error
	one, err = backend.StartEmbedded(context.WithoutCancel(t.Context()), backend.EmbeddedConfig{})
	require.NoError(t, err)
	backendtest.Contract(t, func(ctx context.Context) (backend.Backend, error) {
		b, err := backend.StartEmbedded(ctx, backend.EmbeddedConfig{})
		return liar.wrap(b), err
	})
}

func TestContractFails(t *testing.T) {
	if os.Getenv(liarVariable) != "" {
		t.Skip("this is the other process")
	}
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(liars)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLiar$/^"+liars[name].test)
			cmd.Env = append(os.Environ(), liarVariable+"="+name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err, string(out))
			require.Contains(t, string(out), liars[name].want)
		})
	}
}
