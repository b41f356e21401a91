// Package process runs a command line as a process: until it ends or is interrupted,
// with errors on stderr and an exit status that tells how it went.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	exitClean    = 0
	exitError    = 1
	exitFindings = 2
)

// ErrFindings is returned by a command that did its work, has said what it found,
// and has found something.
var ErrFindings = errors.New("findings")

// Main runs a command with the arguments after the program's name and returns the
// exit status. An interrupt cancels what runs, which then cleans up. The command's
// flag --version prints its name and [Version].
func Main(root *cobra.Command, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Version = Version()
	root.CompletionOptions.HiddenDefaultCmd = true
	sayArguments(root)
	root.SetArgs(args)
	return status(root, root.ExecuteContext(ctx))
}

// sayArguments has each command that takes arguments say which, when it is given too
// many or too few.
func sayArguments(c *cobra.Command) {
	for _, sub := range c.Commands() {
		sayArguments(sub)
	}
	check := c.Args
	if check == nil {
		return
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return fmt.Errorf("%w: write %s", err, c.UseLine())
		}
		return nil
	}
}

func status(root *cobra.Command, err error) int {
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, ErrFindings):
		return exitFindings
	case errors.Is(err, context.Canceled):
		tell(root, "interrupted")
		for _, other := range besides(err) {
			tell(root, other.Error())
		}
	default:
		tell(root, err.Error())
	}
	return exitError
}

// tell writes each line of a text to stderr.
func tell(root *cobra.Command, text string) {
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		_, _ = fmt.Fprint(root.ErrOrStderr(), root.Name()+": ", line)
	}
}

// besides are those of joined errors that an interrupt is no reason of, such as a
// clean-up that failed: what it left must not go unsaid.
func besides(err error) []error {
	if !errors.Is(err, context.Canceled) {
		return []error{err}
	}
	if inner := errors.Unwrap(err); errors.Is(inner, context.Canceled) {
		return besides(inner) // else err says itself that inner came of the interrupt, as an engine's exit status
	}
	var others []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			others = append(others, besides(e)...)
		}
	}
	return others
}

// Version is the module's version, as the build recorded it.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
