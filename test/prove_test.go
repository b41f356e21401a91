package test

import (
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/harness/report"
)

// prove asks for a promise, unless the backend is known not to hold it, and records
// what became of it. One that skips itself, without a row in gaps, counts as
// broken.
func (k *key) prove(t *testing.T, p promise) {
	t.Helper()
	result := report.Promise{Name: p.name, Test: t.Name(), Module: strings.TrimPrefix(k.preset.folder(), "../")}
	start := time.Now()
	defer func() {
		result.Seconds = time.Since(start).Seconds()
		k.Record(result)
	}()
	if reason := gapOf(k.Backend().Name(), k.preset, p.name); reason != "" {
		result.Outcome, result.Reason = report.Skipped, reason
		t.Skip(reason)
	}
	result.Outcome, result.Reason = report.Broken, "see the log of the test"
	p.check(t, k)
	if !t.Failed() {
		result.Outcome, result.Reason = report.Held, ""
	}
}
