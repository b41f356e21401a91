package harness

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/kmsemu"
)

// planPatience bounds the plan that a failed test is told with.
const planPatience = time.Minute

// events is the audit trail; nil on a backend that keeps none.
func (h *Harness) events() []kmsemu.Event {
	auditor, ok := h.session.backend.(backend.Auditor)
	if !ok {
		return nil
	}
	return auditor.Events()
}

// expected notes the identity's denials so far as those that an assertion asked
// for: no failure comes from them.
func (h *Harness) expected(id *probe.Identity) {
	for _, e := range h.events() {
		if e.UserIdentity.ARN == id.ARN && probe.IsDenied(e) {
			h.asked[e.EventID] = true
		}
	}
}

// explain notes of a failed test which keys are its own and tells what a plan of
// each root says, or that the backend is gone. The first clean-up calls it, before
// anything is taken away: a policy that names a role that is gone would read as drift.
func (h *Harness) explain() {
	h.t.Helper()
	if !h.t.Failed() || h.explained {
		return
	}
	h.explained = true
	lost := backend.Answers(context.WithoutCancel(h.t.Context()), h.session.backend)
	if lost != nil {
		h.t.Errorf("harness: %v", lost)
		h.mu.Lock()
		h.lost = true
		h.mu.Unlock()
	}
	for _, r := range h.roots {
		policies, err := r.policies()
		if err != nil {
			h.t.Logf("state of %s: %v", r.dir, err)
		}
		for key := range policies {
			h.keys[key] = true
		}
		if err := r.workspace.ProviderFailures(); err != nil {
			h.t.Logf("%s: %v", r.dir, err)
		}
		if lost == nil {
			h.tellPlan(r)
		}
	}
}

func (h *Harness) tellPlan(r *root) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.t.Context()), planPatience)
	defer cancel()
	changes, err := r.workspace.Drift(ctx, inputsOf(r.options).planOptions()...)
	switch {
	case err != nil:
		why, _, _ := strings.Cut(err.Error(), "\n") // what follows is the engine's last error
		h.t.Logf("plan of %s: none could be made: %s", r.dir, why)
	case len(changes) == 0:
		h.t.Logf("plan of %s: what is applied is as configured", r.dir)
	default:
		h.t.Logf("plan of %s, after the failure:\n%s", r.dir, listed(changes))
	}
}

// denials are the calls of this test's identities, and of Terraform with this
// test's keys, that were denied although no assertion asked for it.
func (h *Harness) denials() []kmsemu.Event {
	var list []kmsemu.Event
	for _, e := range h.events() {
		if !probe.IsDenied(e) || h.asked[e.EventID] {
			continue
		}
		ours := h.identities[e.UserIdentity.ARN]
		for _, r := range e.Resources {
			ours = ours || h.keys[r.ARN]
		}
		if ours {
			list = append(list, e)
		}
	}
	return list
}

// mostDenials bounds the denied calls that are told: a test that makes its calls
// itself, without assertions, may have made thousands that it wanted denied.
const mostDenials = 10

// mostReasons bounds what is said of one denial: the deciding reason and the
// statements that came nearest.
const mostReasons = 4

// tellFailure writes what a failed test's reader asks next: which calls were
// denied and why, and how to run it again.
func (h *Harness) tellFailure() {
	h.t.Helper()
	var b strings.Builder
	denials := h.denials()
	if earlier := len(denials) - mostDenials; earlier > 0 {
		fmt.Fprintf(&b, "\n  the last %d, of %d", mostDenials, len(denials))
		denials = denials[earlier:]
	}
	for _, e := range denials {
		fmt.Fprintf(&b, "\n  %s", probe.Tell(e))
		if e.Decision == nil {
			continue
		}
		for _, reason := range e.Decision.Reasons[min(1, len(e.Decision.Reasons)):min(mostReasons, len(e.Decision.Reasons))] {
			fmt.Fprintf(&b, "\n    nearest: %s", reason)
		}
	}
	if b.Len() > 0 {
		h.t.Logf("denied calls:%s", b.String())
	}
	h.t.Logf("to repeat: %s", h.command())
}

// command runs this test alone, with the settings of this run.
func (h *Harness) command() string {
	parts := append([]string{}, h.session.settings...)
	parts = append(parts, "go test -count=1 -v -run", quoted(pattern(h.t.Name())), packageName())
	return strings.Join(parts, " ")
}

// pattern matches a test, and of its subtests the one named.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// quoted is one word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
