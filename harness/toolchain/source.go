package toolchain

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// errAbsent says that a place holds nothing of what is looked for. It is the
// one failure that is not worth telling while the search goes on.
var errAbsent = errors.New("not there")

// source is one place a program can come from.
type source[T any] struct {
	origin string
	get    func(ctx context.Context) (T, error)
}

// Attempt is a place that did not serve.
type Attempt struct {
	Origin string // the place, such as "PATH"
	Err    error  // what was wrong there
}

// NotFoundError says that no place served.
type NotFoundError struct {
	What     string    // what was looked for
	Attempts []Attempt // in the order of the search
	Remedy   string    // what the user can do
}

// Error lists the places, one a line, then the remedy.
func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no usable %s:", e.What)
	for _, a := range e.Attempts {
		fmt.Fprintf(&b, "\n  %s: %v", a.Origin, a.Err)
	}
	return b.String() + "\n" + e.Remedy
}

// Unwrap gives errors.Is and errors.As the reason of each attempt.
func (e *NotFoundError) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a.Err
	}
	return errs
}

// firstOf asks the sources in order and returns the first result. A source
// that fails, for want of a network or because what it holds is broken, is
// told to progress, and the next one is asked; only the end of ctx stops the
// search.
func firstOf[T any](ctx context.Context, sources []source[T], progress func(string, ...any)) (T, []Attempt, error) {
	var attempts []Attempt
	for _, s := range sources {
		found, err := s.get(ctx)
		if err == nil {
			return found, attempts, nil
		}
		if ctx.Err() != nil {
			return found, attempts, fmt.Errorf("looking at %s: %w", s.origin, errors.Join(ctx.Err(), err))
		}
		if !errors.Is(err, errAbsent) {
			progress("%s: %v", s.origin, err)
		}
		attempts = append(attempts, Attempt{Origin: s.origin, Err: err})
	}
	var none T
	return none, attempts, errAbsent
}
