package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// WorkspaceConfig says what a workspace runs.
type WorkspaceConfig struct {
	// Dir is the root module. It is copied, with the modules it calls by a
	// local path; nothing is ever written to it.
	Dir string
	// Environ is set on top of the run's environment: TF_VAR_x, TF_LOG and the
	// like. AWS_ variables reach the provider too. What the run owns is refused:
	// AWS_CA_BUNDLE, TF_CLI_CONFIG_FILE, TF_DATA_DIR, TF_PLUGIN_CACHE_DIR,
	// TF_REATTACH_PROVIDERS and TMPDIR.
	Environ map[string]string
	// Keep is a folder for the copy, in place of the run's; "" means the run's. Close
	// leaves it, and a later workspace with the same one goes on with its state and
	// the modules as they then are. One workspace at a time may have it.
	Keep string
	// Log gets the engine's output, one write at a time; nil discards it.
	Log io.Writer
}

// Workspace is a copy of a root module with an engine to run on it.
type Workspace struct {
	// Dir is the root module's copy.
	Dir string
	// Engine is the program that starts the engine in the workspace's
	// environment: a script that takes the engine's arguments.
	Engine string
	// Mode tells which provider process serves the workspace, Why the reason.
	Mode Mode
	Why  string

	run    *Runner
	folder string
	tree   string            // the copies of the root and of the modules it calls
	added  map[string]string // environment
	log    io.Writer

	mu       sync.Mutex
	provider *warmProvider // nil in mode Managed
	failures []error       // of earlier providers
}

// NewWorkspace copies a root module and prepares to run it, starting a provider
// process where its mode needs one. Close it, or the run, to free it.
func (r *Runner) NewWorkspace(ctx context.Context, cfg WorkspaceConfig) (*Workspace, error) {
	if err := checkAdded(cfg.Environ); err != nil {
		return nil, err
	}
	root, err := inspect(cfg.Dir)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Mode: root.mode, Why: root.why, run: r, added: cfg.Environ, log: io.Discard}
	if cfg.Log != nil {
		w.log = &turns{to: cfg.Log}
	}
	if w.Mode == Shared && len(forProvider(cfg.Environ)) > 0 {
		w.Mode, w.Why = Own, "it was given AWS_ variables"
	}
	if err := r.register(w); err != nil {
		return nil, err
	}
	if err := w.prepare(ctx, root.dirs, cfg.Keep); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r.log.Info("workspace made", "root", cfg.Dir, "provider", string(w.Mode), "because", w.Why)
	return w, nil
}

func (w *Workspace) prepare(ctx context.Context, dirs []string, keep string) (err error) {
	w.tree = filepath.Join(cmp.Or(keep, w.folder), keptTree)
	if keep == "" {
		w.Dir, err = copyModules(dirs, w.tree)
	} else {
		w.Dir, err = copyKept(dirs, keep)
	}
	if err != nil {
		return err
	}
	if w.Engine, err = writeEngine(w.folder, w.run.cfg.Tools.Engine.Path); err != nil {
		return err
	}
	return w.attach(ctx)
}

// attach puts the workspace on a provider process that runs, according to its
// mode, and writes the engine's environment. It does nothing while the one it is on
// runs.
func (w *Workspace) attach(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	env := maps.Clone(w.added)
	if env == nil {
		env = map[string]string{}
	}
	if w.Mode != Managed {
		if w.provider != nil && !w.provider.exited() {
			return nil
		}
		if err := w.replaceProvider(ctx); err != nil {
			return err
		}
		env["TF_REATTACH_PROVIDERS"] = w.provider.reattach
	}
	return writeEnvironment(w.folder, w.run.environment(env))
}

func (w *Workspace) replaceProvider(ctx context.Context) (err error) {
	if w.provider != nil {
		w.failures = append(w.failures, w.provider.failure())
	}
	if w.Mode == Shared {
		w.provider, err = w.run.sharedProvider(ctx)
	} else {
		w.provider, err = w.run.startProvider(ctx, forProvider(w.added))
	}
	return err
}

// ProviderFailures tells how each provider process ended that died while the
// workspace was on it; commands that ran then failed by that. The methods of the
// workspace start a new one first. In mode Managed the engine tells it.
func (w *Workspace) ProviderFailures() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	errs := w.failures
	if w.provider != nil {
		errs = append(slices.Clip(errs), w.provider.failure())
	}
	return errors.Join(errs...)
}

// Close stops what runs in the workspace and removes its folder. It destroys
// nothing.
func (w *Workspace) Close() error {
	w.run.forget(w)
	return errors.Join(w.shutDown(), os.RemoveAll(w.folder))
}

// shutDown stops engine and provider.
func (w *Workspace) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	err := w.Stop(ctx, "its run is closed")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Mode == Own && w.provider != nil {
		w.provider.stop()
	}
	return err
}

// engine returns a terraform-exec handle. Only cleaning up passes the gate
// that Stop closes.
func (w *Workspace) engine(ctx context.Context, cleanup bool) (*tfexec.Terraform, error) {
	if err := w.attach(ctx); err != nil {
		return nil, err
	}
	tf, err := tfexec.NewTerraform(w.Dir, w.Engine)
	if err != nil {
		return nil, fmt.Errorf("preparing engine: %w", err)
	}
	env := map[string]string{}
	if cleanup {
		env[cleanupVariable] = "1"
	}
	if err := tf.SetEnv(env); err != nil {
		return nil, fmt.Errorf("preparing engine: %w", err)
	}
	tf.SetStdout(w.log)
	tf.SetStderr(w.log)
	return tf, nil
}

// turns lets the two outputs of a command, and commands side by side, write one after
// the other.
type turns struct {
	mu sync.Mutex
	to io.Writer
}

func (t *turns) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.to.Write(data)
}
