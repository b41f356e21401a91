package harness

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/coverage"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/report"
)

// promise puts one promise to the test, fails or skips the test by what it finds,
// and notes it in the result file.
func (h *Harness) promise(name string, check func() (reason string, err error)) {
	h.t.Helper()
	start := time.Now()
	var reason string
	err := backend.Settle(h.t.Context(), h.session.backend, probe.Passes, func() (err error) {
		reason, err = check()
		return err
	})
	p := report.Promise{Name: name, Outcome: report.Held, Reason: reason, Seconds: time.Since(start).Seconds()}
	switch {
	case errors.Is(err, probe.ErrNotEnforced), errors.Is(err, probe.ErrNotAudited):
		p.Outcome, p.Reason = report.Skipped, err.Error()
		h.Record(p)
		h.t.Skipf("not proven: %v", err)
	case err != nil:
		p.Outcome, p.Reason = report.Broken, err.Error()
		h.t.Errorf("%s: %v", name, err)
	}
	h.Record(p)
}

// Record adds a promise to the result file, if there is one. The assertions do so
// by themselves: it is for what a test asks in its own way. Backend and Engine are
// filled in, and where they are empty Test and Module, with the test's name and the
// folders of its roots.
func (h *Harness) Record(p report.Promise) {
	h.t.Helper()
	p.Test, p.Module = cmp.Or(p.Test, h.t.Name()), cmp.Or(p.Module, h.modules())
	p.Backend, p.Engine = h.session.backend.Name(), h.session.engine
	if err := h.session.results.Add(report.Line{Promise: &p}); err != nil {
		h.t.Errorf("harness: %v", err)
	}
}

// modules names the roots of the test.
func (h *Harness) modules() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for _, r := range h.roots {
		names = append(names, moduleName(r.dir))
	}
	return strings.Join(names, ", ")
}

// moduleName is a folder as results call it: relative to the repository, so that
// the tests of all packages call a module the same.
func moduleName(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	for top := filepath.Dir(abs); top != filepath.Dir(top); top = filepath.Dir(top) {
		for _, mark := range []string{".git", "go.mod"} {
			if _, err := os.Stat(filepath.Join(top, mark)); err != nil {
				continue
			}
			if rel, err := filepath.Rel(top, abs); err == nil {
				return rel
			}
		}
	}
	return filepath.Base(abs)
}

// measure notes what of the root's module the test touched.
func (h *Harness) measure(r *root) error {
	if h.session.results == nil {
		return nil
	}
	names, all, err := r.workspace.OutputsRead()
	if err != nil {
		return err
	}
	if all {
		names = append(names, coverage.AllOutputs)
	}
	policies, err := r.policies()
	if err != nil {
		return err
	}
	look := coverage.Look{Dir: r.dir, Set: r.variables(), Read: names, Policies: policies, Events: h.events()}
	module, err := coverage.Measure(look)
	if err != nil {
		return fmt.Errorf("measuring coverage: %w", err)
	}
	module.Module = moduleName(r.dir)
	return h.session.results.Add(report.Line{Coverage: &module})
}
