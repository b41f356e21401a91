package server_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/cli/server"
)

// TestCommand: the program that only serves tells where, is there, and ends when it
// is told to. What its flags do is tested by package cmd/keywright.
func TestCommand(t *testing.T) {
	t.Parallel()
	out, in := io.Pipe()
	var stderr bytes.Buffer
	command := server.Command(server.Config{Program: "kmsemu", Called: "kmsemu", Out: in, Err: &stderr})
	require.Equal(t, "kmsemu", command.Name())
	command.SetArgs([]string{"--listen", "127.0.0.1:0"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- command.ExecuteContext(ctx) }()
	url, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	resp, err := http.Get(strings.TrimSpace(url) + "/_localstack/health")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	stop()
	require.NoError(t, <-ended)
	require.True(t, strings.HasPrefix(stderr.String(), "kmsemu: KMS, STS and IAM are ready"), stderr.String())
}

// TestCalled: examples show the command as it is called.
func TestCalled(t *testing.T) {
	t.Parallel()
	command := server.Command(server.Config{Program: "keywright", Called: "keywright serve", Out: io.Discard, Err: io.Discard})
	require.Equal(t, "serve", command.Name())
	require.Contains(t, command.Example, "  keywright serve --state .keywright")
}
