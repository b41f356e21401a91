package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/promise"
	"github.com/keywright/keywright/harness/report"
	"github.com/keywright/keywright/harness/runner"
)

// moduleTest is a run of the command test.
type moduleTest struct {
	app             *app
	dir             string
	vars, varFiles  []string
	noRoles         bool
	backend, engine string
	printed         string // the resource that was printed last
	files           reportFiles
}

func (a *app) test() *cobra.Command {
	t := &moduleTest{app: a}
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "Prove the standard promises of any Terraform module or root with KMS keys",
		Long: `Test applies a module on a backend, finds its KMS keys and proves with real calls
what their spec, usage and policy promise: round trips by every role that may use
the key, refusal of strangers and of other accounts, every call of every role as
its policies predict, public keys outside of KMS, rotation by itself and on demand,
aliases, an empty second plan, and a destroy that leaves nothing but keys pending
deletion. It needs no test code and no AWS account, and never writes into the module:
prevent_destroy is lifted in the copy under test alone.

Variables come from --var, --var-file and a file keywright.test.hcl beside the
module, which can make roles:

  role "app" {}
  variables {
    alias          = "orders"
    users          = [role.app]
    administrators = [deployer]
  }

Lists that nobody gives and whose name speaks of principals, such as key_users, get
a role of their own. The status is 2 if a promise is broken or the module is covered
less than --min-coverage.`,
		Example: `  keywright test modules/kms-key --var alias=orders
  keywright test . --engine opentofu --junit promises.xml --min-coverage 70`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.dir = args[0]
			return t.run(cmd.Context())
		},
	}
	cmd.Flags().StringArrayVar(&t.vars, "var", nil, "give a variable, as NAME=VALUE")
	cmd.Flags().StringArrayVar(&t.varFiles, "var-file", nil, "give the variables of a file")
	cmd.Flags().BoolVar(&t.noRoles, "no-roles", false, "make no roles for lists of principals that nobody gives")
	cmd.Flags().StringVar(&t.backend, "backend", "", "embedded, localstack or aws; default: KEYWRIGHT_BACKEND, else embedded")
	cmd.Flags().StringVar(&t.engine, "engine", "", "terraform or opentofu; default: KEYWRIGHT_PRODUCT, else terraform")
	t.files.flags(cmd)
	return cmd
}

func (t *moduleTest) run(ctx context.Context) error {
	for _, v := range t.vars {
		if !strings.Contains(v, "=") {
			return fmt.Errorf("--var %s: write NAME=VALUE", v)
		}
	}
	if err := t.files.check(); err != nil {
		return err
	}
	if t.engine != "" {
		t.app.environ["KEYWRIGHT_PRODUCT"] = t.engine
	}
	tools, err := t.app.tools(ctx, t.say)
	if err != nil {
		return err
	}
	b, err := t.app.startBackend(ctx, t.backend, t.say)
	if err != nil {
		return err
	}
	if err := backend.CheckProvider(b, tools.Provider.Version); err != nil {
		return errors.Join(err, b.Close())
	}
	run, err := runner.Start(runner.Config{Tools: tools, Environ: t.app.environ, Backend: b.Env()})
	if err != nil {
		return errors.Join(err, b.Close())
	}
	engine := fmt.Sprintf("%s %s", tools.Engine.Product, tools.Engine.Version)
	if _, err := fmt.Fprintf(t.app.Out, "%s on %s with %s, provider aws %s\n", t.dir, b.Name(), engine, tools.Provider.Version); err != nil {
		return errors.Join(err, run.Close(), b.Close())
	}
	r, err := promise.Prove(ctx, promise.Config{
		Dir: t.dir, Vars: t.vars, VarFiles: t.varFiles, MakeRoles: !t.noRoles,
		Backend: b, Runner: run, Engine: engine, Step: t.say, Inputs: t.printInputs, Result: t.print,
	})
	err = errors.Join(err, run.Close(), b.Close())
	if err := errors.Join(err, t.files.write(r)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(t.app.Out); err != nil {
		return err
	}
	if err := r.Text(t.app.Out); err != nil {
		return err
	}
	return t.files.judge(r)
}

func (t *moduleTest) say(line string) { _, _ = fmt.Fprintln(t.app.Err, "keywright:", line) }

// A line that can't be printed is no reason to leave applied what is applied: that
// the output is broken shows at the end.
func (t *moduleTest) printInputs(told []string) {
	for _, line := range told {
		_, _ = fmt.Fprintf(t.app.Out, "  given: %s\n", line)
	}
}

// marks are how the outcomes are printed.
var marks = map[report.Outcome]string{report.Held: "ok", report.Broken: "BROKEN", report.Skipped: "skip"}

// print prints a promise, below its resource, whose name stands above the first of
// them.
func (t *moduleTest) print(p report.Promise) {
	if p.Resource != t.printed {
		_, _ = fmt.Fprintln(t.app.Out, cmp.Or(p.Resource, t.dir))
		t.printed = p.Resource
	}
	line := fmt.Sprintf("  %-6s %6.2f s  %s", marks[p.Outcome], p.Seconds, p.Name)
	if p.Reason != "" && p.Outcome != report.Broken { // the summary tells what is broken
		line += ": " + strings.ReplaceAll(p.Reason, "\n", "\n                   ")
	}
	_, _ = fmt.Fprintln(t.app.Out, line)
}
