package harness

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	// interruptPatience is how long an interrupted test binary may take to
	// destroy. Most keys need a second or two.
	interruptPatience = 2 * time.Minute
	// leastShare and mostShare bound the time set aside for destroys before a
	// test binary's own timeout.
	leastShare = 15 * time.Second
	mostShare  = time.Minute
)

// share is the part of the time left that is set aside for destroys: a
// quarter, within bounds, and never more than half.
func share(left time.Duration) time.Duration {
	return min(max(left/4, leastShare), left/2, mostShare)
}

// watch waits for the two ends that skip a test's clean-up: signals and the
// test binary's own timeout.
type watch struct {
	signals chan os.Signal
	done    chan struct{} // closed by stop
	ended   chan struct{} // closed when nothing is left to do
	once    sync.Once
}

// startWatch watches for s; a zero deadline is none.
func startWatch(s *session, deadline time.Time) *watch {
	w := &watch{signals: make(chan os.Signal, 1), done: make(chan struct{}), ended: make(chan struct{})}
	signal.Notify(w.signals, syscall.SIGINT, syscall.SIGTERM)
	var alarm <-chan time.Time
	var reserve time.Duration
	if !deadline.IsZero() {
		left := time.Until(deadline)
		reserve = share(left)
		alarm = time.After(left - reserve)
	}
	go func() {
		defer close(w.ended)
		select {
		case sig := <-w.signals:
			signal.Stop(w.signals) // a second one ends the process at once
			s.tell(s.abort("interrupted", interruptPatience))
			// Now what the signal would have done; its one error is no process.
			_ = syscall.Kill(os.Getpid(), sig.(syscall.Signal))
			select {} // until it does: the test must not end otherwise before
		case <-alarm:
			s.tell(s.abort("the test binary's -timeout is near", reserve*3/4))
		case <-w.done:
		}
	}()
	return w
}

// stop ends the watch, once an abort that has begun is through. A signal does
// its default again.
func (w *watch) stop() {
	w.once.Do(func() {
		signal.Stop(w.signals)
		close(w.done)
	})
	<-w.ended
}

// tell writes to standard error: the logs of tests that are cut off are not
// shown.
func (s *session) tell(err error) {
	switch {
	case err != nil:
		note("stopped, not everything could be cleaned up: " + err.Error())
	case s.reuse != nil:
		note("stopped: what was applied is kept for the next run")
	default:
		note("stopped: everything applied was destroyed, nothing is left behind")
	}
}
