package harness

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
)

// destroyPatience bounds one test's clean-up.
const destroyPatience = 10 * time.Minute

// Harness is one test's access to engine and backend. Its methods report
// failures to the test it was made for, and are called from its goroutine.
type Harness struct {
	t       testing.TB
	session *session
	log     *testLog

	// For what is told of a failure: the session ARNs of the test's identities, its
	// keys, and the ids of the denials that assertions asked for.
	identities, keys, asked map[string]bool
	explained               bool

	mu      sync.Mutex
	roots   []*root
	roles   []func() error // each removes one, once
	aborted string         // the reason, once aborted
	lost    bool           // the backend no longer answers
}

// New makes a harness that lives as long as the test. It starts the engine's
// environment and the backend, or joins those that other tests of the process
// use; on a machine without engine or provider it installs them and says so on
// standard error. It fails the test if that can't be done.
func New(t testing.TB) *Harness {
	t.Helper()
	h := &Harness{t: t, identities: map[string]bool{}, keys: map[string]bool{}, asked: map[string]bool{}}
	s, err := join(t.Context(), h)
	if err != nil {
		t.Fatalf("harness: %v", err)
	}
	h.session = s
	h.log = newLog(t, filepath.Join(s.logs, notInName.Compiled().ReplaceAllString(t.Name(), "_")+".log"))
	t.Cleanup(h.close)
	return h
}

// Backend returns what keys are made on.
func (h *Harness) Backend() backend.Backend { return h.session.backend }

// DeployerARN returns the ARN of the role that Terraform runs as. A module whose
// key policy does not delegate to the account must have it among its
// administrators.
func (h *Harness) DeployerARN() string { return h.session.backend.DeployerARN() }

// KMS returns a client that acts as the role that Terraform runs as.
func (h *Harness) KMS() *kms.Client { return kms.NewFromConfig(h.session.backend.Config()) }

// Role makes a role with the given inline policies (JSON), assumes it, and
// removes it after the test. The role's name is the given one with a suffix, so
// that tests side by side don't meet: policies take Identity.RoleARN. With
// KEYWRIGHT_REUSE it stays, and the test's next run has the same.
func (h *Harness) Role(name string, policies ...string) *probe.Identity {
	h.t.Helper()
	id, err := h.makeRole(name, policies)
	if err != nil {
		h.t.Fatalf("role %s: %v", name, err)
	}
	h.identities[id.ARN] = true
	remove := sync.OnceValue(func() error { return id.Remove(context.WithoutCancel(h.t.Context())) })
	h.mu.Lock()
	h.roles = append(h.roles, remove)
	h.mu.Unlock()
	h.t.Cleanup(func() {
		if h.reason() != "" {
			return // the role is removed by then
		}
		h.explain()
		if h.keepsAll() {
			return
		}
		if err := remove(); err != nil {
			h.t.Errorf("role %s: %v", name, err)
		}
	})
	return id
}

func (h *Harness) makeRole(name string, policies []string) (*probe.Identity, error) {
	if h.session.reuse == nil {
		unique := name + "-" + strings.ToLower(rand.Text()[:8])
		return probe.CreateRole(h.t.Context(), h.session.backend, unique, policies...)
	}
	unique := name + "-" + h.session.reuse.next(h.t.Name(), name)
	return probe.RenewRole(h.t.Context(), h.session.backend, unique, policies...)
}

// Assume assumes a role that exists, such as one that the module made, whose trust
// policy must let the deployer do so. It fails the test if it can't, and leaves the
// role to whoever made it.
func (h *Harness) Assume(roleARN string) *probe.Identity {
	h.t.Helper()
	id, err := probe.AssumeRole(h.t.Context(), h.session.backend, roleARN)
	if err != nil {
		h.t.Fatalf("%v", err)
	}
	h.identities[id.ARN] = true
	return id
}

// close is the last of the test's clean-ups; the roots' came before.
func (h *Harness) close() {
	if reason := h.reason(); reason != "" {
		h.t.Errorf("harness: stopped: %s", reason)
	}
	if h.t.Failed() && h.reason() == "" {
		h.tellFailure()
	}
	if err := h.session.leave(h); err != nil {
		h.t.Errorf("harness: %v", err)
	}
	h.log.flush()
}

func (h *Harness) reason() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.aborted
}

// keepsAll reports whether nothing is to be removed: the next run goes on with it, or
// the backend is gone.
func (h *Harness) keepsAll() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost || h.session.reuse != nil
}

// abort destroys every root and removes every role, or leaves them, while the test may
// still be running.
func (h *Harness) abort(ctx context.Context, reason string) error {
	h.mu.Lock()
	h.aborted = reason
	roots, roles := h.roots, h.roles
	h.mu.Unlock()
	var errs []error
	for _, r := range roots {
		if err := h.end(ctx, r, reason, r.inputs); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", h.t.Name(), err))
		}
	}
	if h.keepsAll() {
		return errors.Join(errs...)
	}
	for _, remove := range roles {
		if err := remove(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", h.t.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// end destroys a root, or leaves it: to the next run, or where nothing can be
// destroyed any more.
func (h *Harness) end(ctx context.Context, r *root, reason string, in inputs) error {
	if h.keepsAll() {
		return r.leave(ctx, reason)
	}
	return r.destroy(ctx, reason, in)
}

// deadline is when the test binary will be killed; zero for never.
func (h *Harness) deadline() time.Time {
	if t, ok := h.t.(interface{ Deadline() (time.Time, bool) }); ok {
		deadline, _ := t.Deadline()
		return deadline
	}
	return time.Time{}
}
