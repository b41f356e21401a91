// Package cli is the keywright command: it parses arguments, calls the packages
// that do the work, and turns what they say into output and an exit status.
//
// Results go to stdout, everything else to stderr. The status is 0 when all is
// well, 1 when something could not be done, and 2 when it was done and found
// something: drift, or a promise that did not hold.
//
// It is the only package besides harness that is handed the environment.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/internal/cli/process"
	"github.com/keywright/keywright/internal/cli/review"
	"github.com/keywright/keywright/internal/cli/server"
)

// Streams are the standard streams of the process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main runs the command with the arguments after the program's name and the
// environment as NAME=VALUE lines, and returns the exit status. An interrupt
// cancels what runs, which then cleans up.
func Main(args, environ []string, streams Streams) int {
	a := &app{Streams: streams, environ: toMap(environ)}
	return process.Main(a.root(args), args)
}

// app is one run of the command.
type app struct {
	Streams
	environ map[string]string
}

// root is the command with those of its subcommands that the arguments may mean: the
// one they name, for a server should start at once, or else all.
func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "keywright",
		Short: "Generate Terraform modules for AWS KMS keys and prove what they promise",
		Long: `Keywright generates Terraform modules for AWS KMS keys (key, alias, rotation,
least-privilege policy) from a spec, and proves what they promise against an
embedded AWS that enforces key policies.`,
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	reviewing := review.Config{In: a.In, Out: a.Out, Err: a.Err, Now: time.Now, Findings: process.ErrFindings}
	commands := map[string]func() *cobra.Command{
		"init": a.initialize, "adopt": a.adopt, "spec": a.spec, "generate": a.generate, "update": a.update, "test": a.test,
		"sweep": a.sweep, "report": a.report, "demo": a.demo,
		"serve": func() *cobra.Command {
			return server.Command(server.Config{Program: "keywright", Called: "keywright serve", Out: a.Out, Err: a.Err})
		},
		"policy": func() *cobra.Command { return review.Policy(reviewing) },
		"rules":  func() *cobra.Command { return review.Rules(reviewing) },
	}
	if len(args) > 0 && commands[args[0]] != nil {
		root.AddCommand(commands[args[0]]())
		return root
	}
	for _, command := range commands {
		root.AddCommand(command())
	}
	return root
}

func toMap(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			m[name] = value
		}
	}
	return m
}

// tools finds or installs engine and provider, as the environment asks.
func (a *app) tools(ctx context.Context, say func(string)) (toolchain.Toolchain, error) {
	cache, err := a.cacheDir()
	if err != nil {
		return toolchain.Toolchain{}, err
	}
	return toolchain.Ensure(ctx, toolchain.Config{
		Product:      toolchain.Product(a.environ["KEYWRIGHT_PRODUCT"]),
		EnginePath:   a.environ["KEYWRIGHT_ENGINE"],
		ProviderPath: a.environ["KEYWRIGHT_PROVIDER"],
		CacheDir:     cache,
		Environ:      a.environ,
		Progress:     say,
	})
}

// cacheDir is where installed engines and providers are kept.
func (a *app) cacheDir() (string, error) {
	if dir := a.environ["KEYWRIGHT_CACHE"]; dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache folder: %w; set KEYWRIGHT_CACHE to a folder", err)
	}
	return filepath.Join(dir, "keywright"), nil
}
