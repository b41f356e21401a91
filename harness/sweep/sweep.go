// Package sweep finds what test runs left in an account, by the tag that their
// backend put on it, and removes it:
//
//	found, err := sweep.Keys(ctx, cfg, sweep.Filter{OlderThan: 2 * time.Hour, Now: time.Now()})
//	for _, l := range found.Leftovers {
//		err := sweep.Remove(ctx, cfg, l)
//	}
//
// It lists KMS keys, their aliases and IAM roles. What lacks the tag is never
// touched, and nothing is lost at once: keys are scheduled for deletion with the
// shortest waiting period, 7 days, in which it can be cancelled.
//
// It decides nothing about accounts: see package backend for what keeps a run out
// of an account that nobody named.
package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// Tag is the key of the tag that what a run makes carries. Its value is the run's
// id. It is a name that shells can export, since the provider takes its default
// tags from variables.
const Tag = "keywright"

// Kind is what a leftover is.
type Kind string

// The kinds of leftovers.
const (
	Key   Kind = "key"
	Alias Kind = "alias"
	Role  Kind = "role"
)

// Leftover is one thing that a run made.
type Leftover struct {
	Kind Kind
	// ARN is its own; Name what calls that remove it take: key id, alias name or
	// role name.
	ARN, Name string
	// Made is when it was created.
	Made time.Time
	// Run is the id of the run; of an alias, that of its key.
	Run string
}

// Filter says which of what carries the tag is left over.
type Filter struct {
	// Run is the run's id; "" means all runs.
	Run string
	// OlderThan is the least age at Now of what counts, since tests may still be
	// using what is younger; 0 means any, whatever the clocks say.
	OlderThan time.Duration
	Now       time.Time
}

// note counts a thing among the leftovers, unless it is of another run, of none or
// too young.
func (f *Found) note(l Leftover, filter Filter) {
	switch {
	case l.Run == "", filter.Run != "" && filter.Run != l.Run:
	case filter.OlderThan > 0 && filter.Now.Sub(l.Made) < filter.OlderThan:
		f.Younger++
	default:
		f.Leftovers = append(f.Leftovers, l)
	}
}

// Found is what was seen of a Region's keys or an account's roles.
type Found struct {
	// Leftovers are in the order in which they are to be removed, of a kind the
	// oldest first.
	Leftovers []Leftover
	// Hidden are the ARNs of what could not be looked at, since the caller may not:
	// whether it carries the tag is not known.
	Hidden []string
	// Younger is how many carry the tag and are younger than the filter takes.
	Younger int
}

// removal is the order of kinds: an alias before its key.
var removal = []Kind{Alias, Key, Role}

func (f *Found) sort() {
	slices.SortFunc(f.Leftovers, func(a, b Leftover) int {
		return cmp.Or(cmp.Compare(slices.Index(removal, a.Kind), slices.Index(removal, b.Kind)), a.Made.Compare(b.Made), cmp.Compare(a.ARN, b.ARN))
	})
}

// Remove removes a leftover: it schedules a key's deletion in 7 days, deletes an
// alias, deletes a role with its policies. What is gone already is no error.
func Remove(ctx context.Context, cfg aws.Config, l Leftover) error {
	var err error
	switch l.Kind {
	case Key:
		err = removeKey(ctx, cfg, l.Name)
	case Alias:
		err = removeAlias(ctx, cfg, l.Name)
	case Role:
		err = removeRole(ctx, cfg, l.Name)
	default:
		err = errors.New("it is of no known kind")
	}
	if err != nil {
		return fmt.Errorf("removing %s %s: %w", l.Kind, l.ARN, err)
	}
	return nil
}

// The codes with which the services say that something is not there, and that the
// caller may not. Sources: KMS and IAM API References.
var (
	gone   = []string{"NotFoundException", "NoSuchEntity"}
	denied = []string{"AccessDeniedException", "AccessDenied"}
)

func hasCode(err error, codes []string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}
