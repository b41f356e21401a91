package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// steps tells a story of timed steps: each finished step is a line on out, and
// on a terminal the running one shows how long it has been at it.
type steps struct {
	out  io.Writer
	live io.Writer // the terminal; nil elsewhere
}

func (a *app) steps() *steps {
	s := &steps{out: a.Out}
	if a.isTerminal(a.Err) {
		s.live = a.Err
	}
	return s
}

// isTerminal reports whether stream is a screen that can be drawn on, or its
// keyboard.
func (a *app) isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && a.environ["TERM"] != "dumb" && term.IsTerminal(int(f.Fd()))
}

// step does the work and prints the title with its time and what work says of
// the result. A failed step is printed as such and its error returned.
func (s *steps) step(title string, work func() (result string, err error)) error {
	start := time.Now()
	stop := s.show(title, start)
	result, err := work()
	stop()
	mark := "ok"
	if err != nil {
		mark, result = "FAILED", ""
	}
	_, printErr := fmt.Fprintf(s.out, "%-6s %6.1f s  %-34s %s\n", mark, time.Since(start).Seconds(), title, result)
	if err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	return printErr
}

// redraw is how often the running step's time is drawn.
const redraw = 100 * time.Millisecond

const clearLine = "\r\x1b[K"

// show draws the running step until the function it returns is called.
func (s *steps) show(title string, start time.Time) (stop func()) {
	if s.live == nil {
		return func() {}
	}
	done := make(chan struct{})
	var drawing sync.WaitGroup
	drawing.Go(func() {
		ticker := time.NewTicker(redraw)
		defer ticker.Stop()
		for {
			// A terminal that can't be written to is no reason to stop the work.
			_, _ = fmt.Fprintf(s.live, "%s...    %6.1f s  %s", clearLine, time.Since(start).Seconds(), title)
			select {
			case <-done:
				_, _ = io.WriteString(s.live, clearLine)
				return
			case <-ticker.C:
			}
		}
	})
	return func() { close(done); drawing.Wait() }
}

// say prints a line of progress above the running step.
func (s *steps) say(w io.Writer, line string) {
	if s.live != nil {
		line = clearLine + line
	}
	_, _ = fmt.Fprintln(w, line)
}
