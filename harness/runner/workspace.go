package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"

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
	// Log gets the engine's output; nil discards it. It must be safe for
	// concurrent use when methods are called concurrently.
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

	run      *Runner
	folder   string
	provider *warmProvider // of Mode Own; nil otherwise
	log      io.Writer
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
	w := &Workspace{Mode: root.mode, Why: root.why, run: r, log: cfg.Log}
	if w.log == nil {
		w.log = io.Discard
	}
	if w.Mode == Shared && len(forProvider(cfg.Environ)) > 0 {
		w.Mode, w.Why = Own, "it was given AWS_ variables"
	}
	if err := r.register(w); err != nil {
		return nil, err
	}
	if err := w.prepare(ctx, root.dirs, cfg.Environ); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r.log.Info("workspace made", "root", cfg.Dir, "provider", string(w.Mode), "because", w.Why)
	return w, nil
}

func (w *Workspace) prepare(ctx context.Context, dirs []string, added map[string]string) (err error) {
	if w.Dir, err = copyModules(dirs, filepath.Join(w.folder, "src")); err != nil {
		return err
	}
	env := maps.Clone(added)
	if env == nil {
		env = map[string]string{}
	}
	if w.Mode != Managed {
		reattach, err := w.attach(ctx, added)
		if err != nil {
			return err
		}
		env["TF_REATTACH_PROVIDERS"] = reattach
	}
	w.Engine, err = writeEngine(w.folder, w.run.cfg.Tools.Engine.Path, w.run.environment(env))
	return err
}

// attach finds the provider process of the workspace's mode.
func (w *Workspace) attach(ctx context.Context, added map[string]string) (string, error) {
	if w.Mode == Shared {
		p, err := w.run.sharedProvider(ctx)
		if err != nil {
			return "", err
		}
		return p.reattach, nil
	}
	p, err := w.run.startProvider(ctx, forProvider(added))
	if err != nil {
		return "", err
	}
	w.provider = p
	return p.reattach, nil
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
	if w.provider != nil {
		w.provider.stop()
	}
	return err
}

// engine returns a terraform-exec handle. Only cleaning up passes the gate
// that Stop closes.
func (w *Workspace) engine(cleanup bool) (*tfexec.Terraform, error) {
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
