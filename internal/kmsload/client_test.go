package kmsload_test

import (
	"io"
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

// TestNoPlaintext: nor one that answers with something else.
func TestNoPlaintext(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ answer, message string }{
		"nothing":    {`{}`, "the answer of Encrypt has no CiphertextBlob: {}"},
		"no text":    {`{"CiphertextBlob":1}`, "the answer of Encrypt has no CiphertextBlob"},
		"cut off":    {`{"CiphertextBlob":"AA`, "the answer of Encrypt has no CiphertextBlob"},
		"half":       {`{"CiphertextBlob":"AAAA"}`, "the answer of Decrypt has no Plaintext"},
		"with space": {`{"CiphertextBlob": "AAAA", "Plaintext": "c2VjcmV0"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, row.answer) }))
			t.Cleanup(server.Close)
			err := client(t, server.URL, "test").EncryptDecrypt(t.Context(), "key", []byte("secret"))
			if row.message == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, row.message)
		})
	}
}

// TestAnswers: whichever way a server marks where its answer ends, the next call
// finds its own.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const body = `{"KeyMetadata":{"KeyId":"a"}}`
	for name, row := range map[string]struct {
		answer  func(w http.ResponseWriter)
		message string
	}{
		"length": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, body) }, ""},
		"chunked": {func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, body[:5])
			http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, body[5:])
		}, ""},
		"closed": {func(w http.ResponseWriter) {
			conn, rw, _ := http.NewResponseController(w).Hijack()
			_, _ = rw.WriteString("HTTP/1.0 200 OK\r\n\r\n" + body)
			_ = rw.Flush()
			_ = conn.Close()
		}, ""},
		"no success": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }, "502 Bad Gateway"},
		"no HTTP": {func(w http.ResponseWriter) {
			conn, rw, _ := http.NewResponseController(w).Hijack()
			_, _ = rw.WriteString("SSH-2.0\r\n\r\n")
			_ = rw.Flush()
			_ = conn.Close()
		}, `begins with "SSH-2.0"`},
		"bad length": {func(w http.ResponseWriter) {
			conn, rw, _ := http.NewResponseController(w).Hijack()
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")
			_ = rw.Flush()
			_ = conn.Close()
		}, `Content-Length "-1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { row.answer(w) }))
			t.Cleanup(server.Close)
			c := client(t, server.URL, "test")
			for range 2 {
				key, err := c.CreateKey(t.Context())
				if row.message != "" {
					require.ErrorContains(t, err, row.message)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, "a", key)
			}
		})
	}
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
