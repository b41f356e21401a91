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
// exit status. An interrupt cancels what runs, which then cleans up.
func Main(root *cobra.Command, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetArgs(args)
	return status(root, root.ExecuteContext(ctx))
}

func status(root *cobra.Command, err error) int {
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, ErrFindings):
		return exitFindings
	case errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(root.ErrOrStderr(), root.Name()+": interrupted")
	default:
		for line := range strings.Lines(strings.TrimSpace(err.Error()) + "\n") {
			_, _ = fmt.Fprint(root.ErrOrStderr(), root.Name()+": ", line)
		}
	}
	return exitError
}

// Version is the module's version, as the build recorded it.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
