// Package kmsemutest runs a [kmsemu] emulator inside a test. [New] starts one
// that stops with the test; [NewClock] makes a clock the test can turn. It is
// for tests only.
package kmsemutest

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/kmsemu"
)

// New starts an emulator that is closed when t ends. A nil cfg is the zero
// Config; a nil Logger writes to t. It fails t if the emulator cannot start.
func New(t testing.TB, cfg *kmsemu.Config) *kmsemu.Instance {
	t.Helper()
	var c kmsemu.Config
	if cfg != nil {
		c = *cfg
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	i, err := kmsemu.Start(c)
	if err != nil {
		t.Fatalf("starting the emulator: %v", err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
	})
	return i
}

// Clock is a clock that moves only when told. Its Now is a [kmsemu.Config]
// Clock. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at now.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now is the time the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance turns the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
