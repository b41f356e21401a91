package harness

import (
	"context"
	"path/filepath"

	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/terraform"

	"github.com/keywright/keywright/harness/runner"
)

// Options returns a copy of opts that runs a copy of its root module on the
// harness's backend, and registers the destroy of whatever is applied with it.
// Every function of terratest's terraform package takes it.
//
// What it sets: TerraformDir and TerraformBinary; NoColor; Lock, since a
// destroy must wait for an apply that is being interrupted; Logger, unless
// given, to one that shows the engine's output of a failed test only, or with
// -v. EnvVars and VarFiles must be complete when it is called. A command that fails
// by one of a few errors is tried again, three times unless MaxRetries says
// otherwise: docs/harness.md lists them. Those in RetryableTerraformErrors are tried
// again too, but for terratest's defaults, which would hide real ones.
func (h *Harness) Options(opts *terraform.Options) *terraform.Options {
	h.t.Helper()
	wired, err := opts.Clone()
	if err != nil {
		h.t.Fatalf("copying options: %v", err)
	}
	w, err := h.session.run.NewWorkspace(h.t.Context(), runner.WorkspaceConfig{
		Dir: opts.TerraformDir, Environ: opts.EnvVars, Log: h.log,
		Keep: h.session.reuse.root(h.t.Name(), opts.TerraformDir),
	})
	if err != nil {
		h.t.Fatalf("options: %v", err)
	}
	wired.VarFiles = absolute(opts.TerraformDir, opts.VarFiles)
	wired.TerraformDir, wired.TerraformBinary = w.Dir, w.Engine
	wired.NoColor, wired.Lock = true, true
	setRetries(wired)
	if wired.Logger == nil {
		wired.Logger = logger.New(h.log)
	}
	h.log.printf("provider: %s, %s", w.Mode, w.Why)
	h.adopt(&root{dir: opts.TerraformDir, workspace: w, options: wired, inputs: inputsOf(wired)})
	return wired
}

// adopt registers the root's destroy.
func (h *Harness) adopt(r *root) {
	h.mu.Lock()
	h.roots = append(h.roots, r)
	h.mu.Unlock()
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(h.t.Context()), destroyPatience)
		defer cancel()
		if h.reason() == "" {
			if err := h.measure(r); err != nil {
				h.t.Errorf("harness: %v", err)
			}
			h.explain()
		}
		// The test is over, so its options may be read as they are now.
		if err := h.end(ctx, r, "the test is over", inputsOf(r.options)); err != nil && h.reason() == "" {
			h.t.Errorf("destroying %s: %v", r.options.TerraformDir, err)
		}
	})
}

// absolute resolves variable files as the engine would have in dir.
func absolute(dir string, files []string) []string {
	list := make([]string, len(files))
	for i, file := range files {
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		if abs, err := filepath.Abs(file); err == nil {
			file = abs
		}
		list[i] = file
	}
	return list
}
