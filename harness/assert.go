package harness

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/keywright/keywright/harness/probe"
)

// AssertRoundTrip fails the test unless the role can encrypt and decrypt with
// the key, under the encryption context and under no other: see
// [probe.RoundTrip] for all it asks.
func (h *Harness) AssertRoundTrip(role *probe.Identity, keyARN string, encryptionContext map[string]string) {
	h.t.Helper()
	if err := probe.RoundTrip(h.t.Context(), role.KMS, keyARN, encryptionContext); err != nil {
		h.t.Errorf("round trip as %s: %v", role.Name, err)
	}
}

// AssertRefused fails the test unless the call, made as the role, is denied:
// any other error fails it too. It returns what decided, as [probe.Refused]
// does. On a backend that does not enforce policies the test is skipped.
func (h *Harness) AssertRefused(role *probe.Identity, call probe.Call) (reason string) {
	h.t.Helper()
	reason, err := probe.Refused(h.t.Context(), role, call)
	h.skipUnlessEnforced(err)
	if err != nil {
		h.t.Errorf("refusal: %v", err)
	}
	return reason
}

// AssertAccess probes the access matrix of a key, each row's actions as its
// identity, in one subtest for each cell: whatever a row does not allow must be
// denied. On a backend that does not enforce policies the test is skipped.
func (h *Harness) AssertAccess(m probe.Matrix) {
	h.t.Helper()
	results, err := probe.Access(h.t.Context(), h.session.backend, m)
	h.skipUnlessEnforced(err)
	if err != nil {
		h.t.Errorf("%v", err)
		return
	}
	for _, r := range results {
		h.claim("access/"+r.Role+"/"+string(r.Action)+"="+verdict(r.Want), func(t testing.TB) {
			t.Helper()
			if !r.OK() {
				t.Errorf("%s: %v", m.Key, r)
			}
		})
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

func (h *Harness) skipUnlessEnforced(err error) {
	h.t.Helper()
	if errors.Is(err, probe.ErrNotEnforced) {
		h.t.Skipf("not proven: %v", err)
	}
}

// AssertNoDrift fails the test if a plan with the options would change
// anything, and names each address and attribute with its values before and
// after.
func (h *Harness) AssertNoDrift(opts *terraform.Options) {
	h.t.Helper()
	root := h.rootOf(opts)
	if root == nil {
		h.t.Errorf("no drift: these options are not from this harness's Options")
		return
	}
	var planned []tfexec.PlanOption
	in := inputsOf(opts)
	for _, file := range in.files {
		planned = append(planned, tfexec.VarFile(file))
	}
	for _, v := range in.vars {
		planned = append(planned, tfexec.Var(v))
	}
	changes, err := root.workspace.Drift(h.t.Context(), planned...)
	if err != nil {
		h.t.Errorf("no drift: %v", err)
		return
	}
	if len(changes) > 0 {
		lines := make([]string, len(changes))
		for i, c := range changes {
			lines[i] = c.String()
		}
		h.t.Errorf("a second plan is not empty:\n%s", strings.Join(lines, "\n"))
	}
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
	out, err := h.KMS().GetKeyRotationStatus(h.t.Context(), &kms.GetKeyRotationStatusInput{KeyId: &keyARN})
	switch {
	case err != nil:
		h.t.Errorf("rotation of %s: %v", keyARN, err)
	case !out.KeyRotationEnabled:
		h.t.Errorf("rotation of %s is off, want every %d days", keyARN, periodDays)
	case aws.ToInt32(out.RotationPeriodInDays) != periodDays:
		h.t.Errorf("%s rotates every %d days, want %d", keyARN, aws.ToInt32(out.RotationPeriodInDays), periodDays)
	}
}

// AssertPendingDeletion fails the test unless the key is pending deletion, as
// it must be after a destroy.
func (h *Harness) AssertPendingDeletion(keyARN string) {
	h.t.Helper()
	out, err := h.KMS().DescribeKey(h.t.Context(), &kms.DescribeKeyInput{KeyId: &keyARN})
	if err != nil {
		h.t.Errorf("state of %s: %v", keyARN, err)
		return
	}
	if out.KeyMetadata.KeyState != types.KeyStatePendingDeletion {
		h.t.Errorf("%s is %s, want %s", keyARN, out.KeyMetadata.KeyState, types.KeyStatePendingDeletion)
	}
}
