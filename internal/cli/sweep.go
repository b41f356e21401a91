package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/keywright/keywright/harness/sweep"
	"github.com/keywright/keywright/internal/cli/process"
)

// sweeping are the flags of sweep.
type sweeping struct {
	app       *app
	backend   string
	regions   []string
	olderThan time.Duration
	yes       bool
}

func (a *app) sweep() *cobra.Command {
	s := &sweeping{app: a}
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Find and remove what interrupted test runs left in AWS or LocalStack",
		Long: `Sweep lists the KMS keys, their aliases and the IAM roles that carry the tag of
Keywright's test runs, "` + sweep.Tag + `", and tells what it would remove. With --yes it
schedules the keys for deletion in 7 days, in which that can be cancelled, and deletes
aliases and roles. What lacks the tag is never touched.

In AWS it works in the accounts that KEYWRIGHT_AWS_ACCOUNTS lists, with the
credentials and the Region that the backend takes: see keywright test. A LocalStack is
the one that runs at KEYWRIGHT_LOCALSTACK.

The status is 2 if something is left over and nothing was removed.`,
		Example: `  keywright sweep --backend aws
  keywright sweep --backend aws --region eu-west-1 --region us-east-1 --older-than 24h --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.backend, "backend", "", "a `BACKEND`: aws or localstack; default: KEYWRIGHT_BACKEND")
	flags.StringArrayVar(&s.regions, "region", nil, "look for keys in this `REGION`, may be repeated; default: AWS_REGION")
	flags.DurationVar(&s.olderThan, "older-than", 2*time.Hour, "leave alone what is younger than this `AGE`: tests may be using it")
	flags.BoolVar(&s.yes, "yes", false, "remove what is left over")
	return cmd
}

func (s *sweeping) run(ctx context.Context) error {
	cfg, err := s.connect(ctx)
	if err != nil {
		return err
	}
	filter := sweep.Filter{OlderThan: s.olderThan, Now: time.Now()}
	roles, err := sweep.Roles(ctx, cfg, filter)
	if err != nil {
		return err
	}
	left, younger, hidden := 0, roles.Younger, roles.Hidden
	var errs []error
	for _, region := range s.regions {
		cfg.Region = region
		keys, err := sweep.Keys(ctx, cfg, filter)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, s.each(ctx, cfg, keys.Leftovers))
		left, younger, hidden = left+len(keys.Leftovers), younger+keys.Younger, append(hidden, keys.Hidden...)
	}
	// Roles come last: key policies that name them would read as broken before.
	errs = append(errs, s.each(ctx, cfg, roles.Leftovers))
	left += len(roles.Leftovers)
	s.tell(left, younger, hidden)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if left > 0 && !s.yes {
		return process.ErrFindings
	}
	return nil
}

// connect starts the backend, which refuses accounts that are not listed.
func (s *sweeping) connect(ctx context.Context) (aws.Config, error) {
	switch name := cmp.Or(s.backend, s.app.environ["KEYWRIGHT_BACKEND"]); {
	case name != "aws" && name != "localstack":
		return aws.Config{}, fmt.Errorf("sweep: backend %q leaves nothing behind; name --backend aws or --backend localstack", cmp.Or(name, "embedded"))
	case name == "localstack" && !strings.HasPrefix(s.app.environ["KEYWRIGHT_LOCALSTACK"], "http"):
		return aws.Config{}, errors.New("sweep: only a LocalStack that runs has something left: set KEYWRIGHT_LOCALSTACK to its endpoint, such as http://127.0.0.1:4566")
	}
	b, err := s.app.startBackend(ctx, s.backend, func(string) {}) // nothing is made, so nothing costs
	if err != nil {
		return aws.Config{}, err
	}
	if len(s.regions) == 0 {
		s.regions = []string{cmp.Or(s.app.environ["AWS_REGION"], b.Config().Region)}
	}
	return b.Config(), b.Close()
}

// each tells of leftovers, and removes them if that was asked for.
func (s *sweeping) each(ctx context.Context, cfg aws.Config, leftovers []sweep.Leftover) error {
	var errs []error
	for _, l := range leftovers {
		verb := "left over"
		if s.yes {
			if err := sweep.Remove(ctx, cfg, l); err != nil {
				errs = append(errs, err)
				continue
			}
			verb = "removed"
			if l.Kind == sweep.Key {
				verb = "pending deletion"
			}
		}
		if _, err := fmt.Fprintf(s.app.Out, "%-16s  %-5s  %s  made %s by %s\n", verb, l.Kind, l.ARN, l.Made.UTC().Format(time.RFC3339), l.Run); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

func (s *sweeping) tell(left, younger int, hidden []string) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(s.app.Err, "keywright: "+format+"\n", args...) }
	switch {
	case left == 0:
		say("nothing is left over")
	case !s.yes:
		say("%d left over: --yes schedules keys for deletion in 7 days and deletes aliases and roles", left)
	}
	if younger > 0 {
		say("%d younger than %v left alone", younger, s.olderThan)
	}
	if len(hidden) > 0 {
		say("%d could not be looked at, so whether they carry the tag is not known: %s", len(hidden), strings.Join(hidden, ", "))
	}
}
