package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/smithy-go"
)

// Eventual is a [Backend] where changes count only after a while, as in AWS. Of
// backends that are not, nobody waits for anything.
type Eventual interface {
	// Patience is how long a change may take at most until it counts.
	Patience() time.Duration
}

// The pauses of [Settle]: each is twice the last.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// Settle tries until the error is nil or none that passes by itself, on a backend
// that is [Eventual] for as long as its patience lasts, on others once. The error
// is that of the last try.
func Settle(ctx context.Context, b Backend, passes func(error) bool, try func() error) error {
	start := time.Now()
	err := try()
	eventual, ok := b.(Eventual)
	if err == nil || !ok || !passes(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, eventual.Patience())
	defer cancel()
	for pause := firstPause; err != nil && passes(err); pause = min(2*pause, longestPause) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: it has not passed in %v", err, time.Since(start).Round(time.Second/10))
		case <-time.After(pause):
			err = try()
		}
	}
	return err
}

// Codes returns a function that takes the API errors with one of the codes, for
// [Settle].
func Codes(codes ...string) func(error) bool {
	return func(err error) bool {
		var api smithy.APIError
		return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
	}
}
