package kmsemu

import (
	"math"
	"sync/atomic"
	"time"
)

// clock is the server's clock: another clock, and how far ahead of it this one is.
type clock struct {
	source func() time.Time
	ahead  atomic.Int64 // nanoseconds
}

// Now is the time by the server's clock: that of [Config.Clock], and what
// [Server.Advance] added.
func (s *Server) Now() time.Time { return s.clock.source().Add(time.Duration(s.clock.ahead.Load())) }

// Advance turns the server's clock forward and returns what it shows then: keys
// rotate, deletion windows and sessions end, quotas fill up. Clients need not follow:
// a request may be signed by either clock, and only a presigned URL has to be by this
// one. The clock never goes back: a negative d is nothing.
func (s *Server) Advance(d time.Duration) time.Time {
	s.clock.advance(int64(max(d, 0)))
	err := s.whileLocked(func() error {
		s.state.changes.note(s.clock)
		return nil
	})
	if err != nil {
		s.log.Error("keeping the clock's advance; it is tried again with the next change", "error", err)
	}
	return s.Now()
}

// advance stops at the largest number instead of going round to the smallest.
func (c *clock) advance(by int64) {
	for {
		old := c.ahead.Load()
		if c.ahead.CompareAndSwap(old, old+min(by, math.MaxInt64-old)) {
			return
		}
	}
}

// clockRecord is what is kept of the clock.
type clockRecord struct{ Ahead time.Duration }

func (c *clock) recordName() string { return "clock/" }

func (c *clock) record(*state) any {
	if ahead := c.ahead.Load(); ahead != 0 {
		return clockRecord{time.Duration(ahead)}
	}
	return nil
}

func eachClock(s *state, yield func(durable)) { yield(s.clock) }

func restoreClock(to *restoration, r *clockRecord) error {
	to.clock.advance(int64(max(r.Ahead, 0)))
	return nil
}
