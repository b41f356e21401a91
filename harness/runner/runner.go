package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/keywright/keywright/harness/toolchain"
)

// closeGrace is how long Close waits for an interrupted engine before it kills
// it: an engine that hangs must not outlive the run.
const closeGrace = 10 * time.Second

// Config says what a run works with.
type Config struct {
	// Tools are the engine and the provider.
	Tools toolchain.Toolchain
	// Environ is the caller's environment; the package documentation names the
	// variables that are passed on. Nil means none.
	Environ map[string]string
	// Backend holds the variables that lead engine and provider to the backend:
	// endpoint, Region, credentials.
	Backend map[string]string
	// TempDir is where the run's folder is made; "" means [os.TempDir]. The
	// provider's socket lies in it, and a socket's path may have about 100 bytes, so
	// it may have about 55.
	TempDir string
	// Logger gets what the run does; nil discards it.
	Logger *slog.Logger
}

// Runner is one run. Its methods may be called from several goroutines.
type Runner struct {
	cfg     Config
	folder  *folder
	janitor *janitor
	log     *slog.Logger
	mu      sync.Mutex
	shared  *warmProvider // nil until a root can use it
	made    int           // workspaces made so far, for their folders' names
	open    map[*Workspace]bool
	stopped bool
}

// Start makes the run's folder, after it has removed those that runs of dead
// processes left. The caller must Close the run.
func Start(cfg Config) (*Runner, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.TempDir == "" {
		cfg.TempDir = os.TempDir()
	}
	folder, err := newFolder(cfg.TempDir)
	if err != nil {
		return nil, err
	}
	r := &Runner{cfg: cfg, folder: folder, log: cfg.Logger, open: map[*Workspace]bool{}}
	if r.janitor, err = startJanitor(folder, cfg.Environ["PATH"]); err != nil {
		return nil, errors.Join(err, folder.remove())
	}
	if err := r.writeCLIConfig(); err != nil {
		return nil, errors.Join(err, r.janitor.finish(), folder.remove())
	}
	return r, nil
}

// Close stops the engines and providers of the run and removes its folder. It
// destroys nothing: see [Workspace.Destroy]. A second call does nothing.
func (r *Runner) Close() error {
	r.mu.Lock()
	if r.stopped {
		r.mu.Unlock()
		return nil
	}
	r.stopped = true
	open := r.open
	r.open = map[*Workspace]bool{}
	shared := r.shared
	r.shared = nil
	r.mu.Unlock()

	var errs []error
	for w := range open {
		errs = append(errs, w.shutDown())
	}
	if shared != nil {
		shared.stop()
	}
	return errors.Join(append(errs, r.janitor.finish(), r.folder.remove())...)
}

// register counts w among the open ones and names its folder.
func (r *Runner) register(w *Workspace) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return errors.New("the run is closed: start a new one")
	}
	r.made++
	w.folder = filepath.Join(r.folder.path, fmt.Sprintf("w%d", r.made))
	r.open[w] = true
	return nil
}

func (r *Runner) forget(w *Workspace) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, w)
}

// sharedProvider returns the warm provider of the run, starting it if there is
// none or the last one died.
func (r *Runner) sharedProvider(ctx context.Context) (*warmProvider, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return nil, errors.New("the run is closed: start a new one")
	}
	if r.shared != nil && !r.shared.exited() {
		return r.shared, nil
	}
	p, err := r.startProvider(ctx, nil)
	if err != nil {
		return nil, err
	}
	r.shared = p
	return p, nil
}

func (r *Runner) startProvider(ctx context.Context, added map[string]string) (*warmProvider, error) {
	p, err := startWarm(ctx, r.cfg.Tools.Provider.Path, r.environment(added))
	if err != nil {
		return nil, err
	}
	r.log.Info("provider started", "version", r.cfg.Tools.Provider.Version, "pid", p.cmd.Process.Pid)
	return p, nil
}
