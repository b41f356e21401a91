package kmsload_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/kmsload"
	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

func client(t *testing.T, endpoint, secret string) *kmsload.Client {
	t.Helper()
	c, err := kmsload.NewClient(endpoint, "eu-central-1", kmsload.Credentials{AccessKey: "test", Secret: secret})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestPair(t *testing.T) {
	t.Parallel()
	emulator := kmsemutest.New(t, nil)
	c := client(t, emulator.URL, "test")
	key, err := c.CreateKey(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.EncryptDecrypt(t.Context(), key, []byte("secret")))
	var names []string
	for _, e := range emulator.Server.Events() {
		require.Empty(t, e.ErrorCode)
		names = append(names, e.EventName)
	}
	require.Equal(t, []string{"CreateKey", "Encrypt", "Decrypt"}, names)
}

// TestWrongSecret: the signature is a real one, so a wrong secret is found out.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	c := client(t, kmsemutest.New(t, nil).URL, "tset")
	_, err := c.CreateKey(t.Context())
	require.ErrorContains(t, err, "InvalidSignatureException")
	require.ErrorContains(t, err, "400 Bad Request")
}

// TestWrongPlaintext: a server that is fast because it does nothing does not pass.
func TestWrongPlaintext(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"CiphertextBlob":"AAAA","Plaintext":"AAAA"}`))
	}))
	t.Cleanup(server.Close)
	require.ErrorContains(t, client(t, server.URL, "test").EncryptDecrypt(t.Context(), "key", []byte("secret")), "another plaintext")
}

// TestConnectionsThatEnd: a server may close after each answer, saying so or not.
func TestConnectionsThatEnd(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{"announced": "close", "silent": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			emulator, err := kmsemu.New(kmsemu.Config{})
			require.NoError(t, err)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if header != "" {
					w.Header().Set("Connection", header)
				}
				emulator.ServeHTTP(w, r)
			}))
			server.Start()
			t.Cleanup(server.Close)
			c := client(t, server.URL, "test")
			key, err := c.CreateKey(t.Context())
			require.NoError(t, err)
			server.CloseClientConnections()
			require.NoError(t, c.EncryptDecrypt(t.Context(), key, []byte("secret")))
		})
	}
}

func TestBadEndpoint(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"", "127.0.0.1:4566", "https://127.0.0.1:4566", "http://%"} {
		_, err := kmsload.NewClient(endpoint, "us-east-1", kmsload.Credentials{})
		require.Error(t, err, endpoint)
	}
}
