package python

import (
	"context"
	_ "embed" // what ends a server with its parent
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

//go:embed serve.py
var launcher string

const (
	// startTimeout is how long a server may take until it answers; on an idle
	// machine the slowest needs 3 s.
	startTimeout = 2 * time.Minute
	// healthPoll is how often it is asked.
	healthPoll = 50 * time.Millisecond
)

// Program is a module that serves HTTP.
type Program struct {
	// Module is run as Python's -m does, with what Args returns for the port to
	// listen on; nil means no arguments.
	Module string
	Args   func(port string) []string
	// Env are variables for it, besides the environment's own; nil means none.
	Env func(port string) map[string]string
	// Health is the path that answers 200 once the server is ready.
	Health string
}

// Server is a running [Program]. It ends with this process, however that ends.
type Server struct {
	URL string // such as "http://127.0.0.1:41234"

	cmd    *exec.Cmd
	stdin  io.Closer
	output tailBuffer
	folder string // its current and temporary folder
	done   chan struct{}
	once   sync.Once
}

// Serve starts the program on a free loopback port, in a folder of its own, and
// waits until it is ready. The error shows what the program wrote last. The
// caller must close the server.
func (e Environment) Serve(ctx context.Context, p Program) (*Server, error) {
	s, err := e.start(p)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.Module, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.wait(ctx, s.URL+p.Health); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w\n%s", p.Module, err, s.output.String()), s.Close())
	}
	return s, nil
}

func (e Environment) start(p Program) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "keywright-*")
	if err != nil {
		return nil, fmt.Errorf("making its folder: %w", err)
	}
	s := &Server{URL: "http://127.0.0.1:" + port, folder: folder, done: make(chan struct{})}
	s.cmd = e.server(p, port)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = folder, &s.output, &s.output
	s.cmd.Env = append(s.cmd.Env, "TMPDIR="+folder)
	// Of its own process group: a terminal's interrupt must leave it to us, and
	// Close reaches what it starts.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.stdin, err = s.cmd.StdinPipe(); err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is told by what it wrote
		close(s.done)
	}()
	return s, nil
}

// server is the command of a program; it must outlive the context of its start.
func (e Environment) server(p Program, port string) *exec.Cmd {
	args := []string{"-c", launcher, p.Module}
	if p.Args != nil {
		args = append(args, p.Args(port)...)
	}
	env := maps.Clone(e.environ)
	if env == nil {
		env = map[string]string{}
	}
	if p.Env != nil {
		maps.Copy(env, p.Env(port))
	}
	cmd := exec.Command(e.Python, args...) //nolint:noctx // Close ends it
	cmd.Env = pairs(env)
	return cmd
}

// The ports to choose from lie below those that systems give to whoever asks for any:
// a program takes seconds until it listens, and in between such a port would be given
// to somebody else, who may even answer in its place.
const (
	firstPort = 20000
	ports     = 12000
	portTries = 100
)

// freePort finds a port that nobody listens at. Another process may take it before
// the program does, which then says so and ends.
func freePort() (string, error) {
	var errs []error
	for range portTries {
		port := strconv.Itoa(firstPort + rand.IntN(ports))
		l, err := net.Listen("tcp", "127.0.0.1:"+port) //nolint:noctx // listening on loopback does not block
		if err == nil {
			return port, l.Close()
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("finding a free port: %w", errors.Join(errs...))
}

// wait asks url until it answers 200.
func (s *Server) wait(ctx context.Context, url string) error {
	tick := time.NewTicker(healthPoll)
	defer tick.Stop()
	for {
		if healthy(ctx, url) {
			return nil
		}
		select {
		case <-s.done:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", url, ctx.Err())
		case <-tick.C:
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// Close kills the server, which keeps nothing, and whatever it started, and
// removes its folder. A second call does nothing.
func (s *Server) Close() error {
	var err error
	s.once.Do(func() {
		// The group is there until its leader is waited for; the one error is that
		// it has ended.
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.done
		s.stdin.Close()
		err = os.RemoveAll(s.folder)
	})
	return err
}

// tailBuffer keeps the end of what is written to it.
type tailBuffer struct {
	mu   sync.Mutex
	data []byte
}

// Write never fails.
func (b *tailBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = tail(append(b.data, data...))
	return len(data), nil
}

// String returns what is kept.
func (b *tailBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.data)
}
