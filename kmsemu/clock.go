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
// rotate, deletion windows and sessions end, quotas fill up. Clients correct their
// own clocks by the answers. The clock never goes back: a negative d is nothing.
func (s *Server) Advance(d time.Duration) time.Time {
	s.clock.advance(int64(max(d, 0)))
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
