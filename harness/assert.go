package harness

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"

	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/report"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/kmsemu"
)

// AssertRoundTrip fails the test unless the role can encrypt and decrypt with
// the key, under the encryption context and under no other: see
// [probe.RoundTrip] for all it asks.
func (h *Harness) AssertRoundTrip(role *probe.Identity, keyARN string, encryptionContext map[string]string) {
	h.t.Helper()
	h.promise("round trip as "+role.Name, func() (string, error) {
		return "", probe.RoundTrip(h.t.Context(), role.KMS, keyARN, encryptionContext)
	})
}

// AssertRefused fails the test unless the call, made as the role, is denied:
// any other error fails it too. It returns what decided, as [probe.Refused]
// does. On a backend that does not enforce policies the test is skipped.
func (h *Harness) AssertRefused(role *probe.Identity, call probe.Call) (reason string) {
	h.t.Helper()
	h.promise("refusal of "+role.Name, func() (_ string, err error) {
		reason, err = probe.Refused(h.t.Context(), role, call)
		h.expected(role)
		return reason, err
	})
	return reason
}

// AssertAccess probes the access matrix of a key, each row's actions as its
// identity, in one subtest for each cell: whatever a row does not allow must be
// denied. On a backend that does not enforce policies the test is skipped.
func (h *Harness) AssertAccess(m probe.Matrix) {
	h.t.Helper()
	var results []probe.Result
	h.promise("access", func() (_ string, err error) {
		results, err = probe.Access(h.t.Context(), h.session.backend, m)
		return fmt.Sprintf("%d calls", len(results)), err
	})
	for _, row := range m.Rows {
		h.expected(row.Identity)
	}
	for _, r := range results {
		p := report.Promise{Name: "access: " + r.Role + " " + string(r.Action) + " " + verdict(r.Want), Outcome: report.Held, Reason: r.Reason}
		h.claim("access/"+r.Role+"/"+string(r.Action)+"="+verdict(r.Want), func(t testing.TB) {
			t.Helper()
			if !r.OK() {
				p.Outcome, p.Reason = report.Broken, r.String()
				t.Errorf("%s: %v", m.Key, r)
			}
		})
		h.Record(p)
	}
}

func verdict(allowed bool) string {
	if allowed {
		return "allow"
	}
	return "deny"
}

// claim checks in a subtest where the test can have some.
func (h *Harness) claim(name string, check func(testing.TB)) {
	h.t.Helper()
	if t, ok := h.t.(*testing.T); ok {
		t.Run(name, func(t *testing.T) { check(t) })
		return
	}
	check(h.t)
}

// AssertNoDrift fails the test if a plan with the options would change
// anything, and names each address and attribute with its values before and
// after.
func (h *Harness) AssertNoDrift(opts *terraform.Options) {
	h.t.Helper()
	h.promise("no drift", func() (string, error) {
		root := h.rootOf(opts)
		if root == nil {
			return "", errNotOurs
		}
		changes, err := root.workspace.Drift(h.t.Context(), inputsOf(opts).planOptions()...)
		if err == nil && len(changes) > 0 {
			err = fmt.Errorf("a second plan is not empty:\n%s", listed(changes))
		}
		return "", err
	})
}

// errNotOurs says that a harness was given options it does not know.
var errNotOurs = errors.New("these options are not from this harness's Options")

func listed(changes []runner.Change) string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = c.String()
	}
	return strings.Join(lines, "\n")
}

// AssertPlan fails the test unless a plan with the options does what is wanted
// with resources, and nothing else; without wants, nothing at all.
func (h *Harness) AssertPlan(opts *terraform.Options, want ...runner.Planned) {
	h.t.Helper()
	h.promise("plan", func() (string, error) {
		root := h.rootOf(opts)
		if root == nil {
			return "", errNotOurs
		}
		plan, err := root.workspace.Plan(h.t.Context(), inputsOf(opts).planOptions()...)
		if err != nil {
			return "", err
		}
		return "", runner.Expect(plan, want...)
	})
}

// AssertAudit fails the test unless the audit trail tells of the deed, and returns
// what it tells. On a backend that keeps none the test is skipped.
func (h *Harness) AssertAudit(deed probe.Deed) (records []kmsemu.Event) {
	h.t.Helper()
	h.promise("audit: "+deed.String(), func() (_ string, err error) {
		records, err = probe.Deeds(h.session.backend, deed)
		return "", err
	})
	return records
}

func (h *Harness) rootOf(opts *terraform.Options) *root {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.roots {
		if r.workspace.Dir == opts.TerraformDir {
			return r
		}
	}
	return nil
}

// AssertRotation fails the test unless the key's material rotates by itself
// every periodDays.
func (h *Harness) AssertRotation(keyARN string, periodDays int32) {
	h.t.Helper()
	h.promise("rotation", func() (string, error) {
		return "", probe.Rotates(h.t.Context(), h.KMS(), keyARN, periodDays)
	})
}

// AssertPendingDeletion fails the test unless the key is pending deletion, as
// it must be after a destroy.
func (h *Harness) AssertPendingDeletion(keyARN string) {
	h.t.Helper()
	h.promise("pending deletion", func() (string, error) {
		return "", probe.PendingDeletion(h.t.Context(), h.KMS(), keyARN)
	})
}
