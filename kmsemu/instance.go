package kmsemu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Instance is a running emulator with a listener of its own, like an
// httptest.Server. Make one with [Start].
type Instance struct {
	// URL is the endpoint for all three services, such as
	// "http://127.0.0.1:41234", without a trailing slash.
	URL string
	// Server is the emulator behind the endpoint.
	Server *Server

	http *http.Server
}

// Limits of a connection, generous for a client on the same machine: they free
// what a broken client holds.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 5 * time.Second
)

// Start serves a new emulator on a loopback port the system picks. The error is
// that of [New] or of listening. The caller must call [Instance.Close].
func Start(cfg Config) (*Instance, error) {
	server, err := New(cfg)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // listening on loopback does not block
	if err != nil {
		return nil, fmt.Errorf("listening on a loopback port: %w", err)
	}
	i := &Instance{
		URL:    "http://" + listener.Addr().String(),
		Server: server,
		http: &http.Server{
			Handler:           server,
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			IdleTimeout:       idleTimeout,
			ErrorLog:          slog.NewLogLogger(server.log.Handler(), slog.LevelWarn),
		},
	}
	go func() {
		if err := i.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			server.log.Error("serving stopped", "error", err)
		}
	}()
	return i, nil
}

// Close stops the emulator: it lets running calls finish, for five seconds at
// most, then cuts them. State is gone afterwards; closing twice is harmless.
func (i *Instance) Close() error {
	// Close has no context to inherit: like io.Closer it runs in clean-up code,
	// where the test's own context is already cancelled.
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := i.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = i.http.Close()
	}
	return err
}
