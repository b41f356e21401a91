package kmsemu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Instance is a running emulator with a listener of its own, like an
// httptest.Server. Make one with [Start] or [Serve].
type Instance struct {
	// URL is the endpoint for all three services, such as
	// "http://127.0.0.1:41234", without a trailing slash.
	URL string
	// Server is the emulator behind the endpoint.
	Server *Server

	http  *http.Server
	lanes *lanes
}

// limits are those of a connection: they free what a broken client holds.
type limits struct{ readHeader, read, write, idle time.Duration }

// usualLimits are generous for a client on the same machine. Writing begins to
// count with the request, so it has room for a fault's latency.
var usualLimits = limits{readHeader: 10 * time.Second, read: 30 * time.Second, write: 2 * time.Minute, idle: 2 * time.Minute}

const (
	// maxHeaders is far above a session token, a signature and what clients add.
	maxHeaders      = 64 << 10
	shutdownTimeout = 5 * time.Second
)

// Start serves a new emulator on a loopback port the system picks. The error is
// that of [New] or of listening. The caller must call [Instance.Close].
func Start(cfg Config) (*Instance, error) { return start(cfg, usualLimits) }

func start(cfg Config, l limits) (*Instance, error) {
	server, err := New(cfg)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // listening on loopback does not block
	if err != nil {
		return nil, fmt.Errorf("listening on a loopback port: %w", err)
	}
	return serve(server, listener, l), nil
}

// Serve serves an emulator on a listener, which it closes at the end. The emulator
// protects nothing: let only those connect that may have its keys. The caller must
// call [Instance.Close].
func Serve(server *Server, listener net.Listener) *Instance {
	return serve(server, listener, usualLimits)
}

func serve(server *Server, listener net.Listener, l limits) *Instance {
	i := &Instance{
		URL:    "http://" + reachable(listener.Addr()),
		Server: server,
		lanes:  newLanes(server, l, listener.Addr()),
		http: &http.Server{
			Handler:           server,
			ReadHeaderTimeout: l.readHeader,
			ReadTimeout:       l.read,
			WriteTimeout:      l.write,
			IdleTimeout:       l.idle,
			MaxHeaderBytes:    maxHeaders,
			ErrorLog:          slog.NewLogLogger(server.log.Handler(), slog.LevelWarn),
		},
	}
	for _, l := range []net.Listener{&laneListener{listener, i.lanes}, &i.lanes.passed} {
		go func() {
			if err := i.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				server.log.Error("serving stopped", "error", err)
			}
		}()
	}
	return i
}

// reachable is an address by which this machine reaches a listener.
func reachable(at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return at.String()
}

// Close stops the emulator: it lets running calls finish, for five seconds at
// most, then cuts them, and keeps the last usage of keys, if it keeps anything (see
// [Server.Keep]). Other state is gone afterwards; closing twice is harmless.
func (i *Instance) Close() error {
	// Close has no context to inherit: like io.Closer it runs in clean-up code,
	// where the test's own context is already cancelled.
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	i.lanes.shutdown(ctx)
	err := i.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = i.http.Close()
	}
	return errors.Join(err, i.Server.Flush())
}
