package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/promise"
	"github.com/keywright/keywright/harness/report"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
)

// moduleTest is a run of the command test.
type moduleTest struct {
	app             *app
	vars, varFiles  []string
	noRoles         bool
	backend, engine string
	shard           shard
	files           reportFiles
	dir             string // the module that is proven
	printed         string // its resource that was printed last
}

func (a *app) test() *cobra.Command {
	t := &moduleTest{app: a}
	cmd := &cobra.Command{
		Use:   "test DIR...",
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
a role of their own. Several modules are proven one after the other, each on a backend
of its own; in CI, --shard 1/3 to 3/3 deal them to jobs, whose result files keywright
report puts together. The status is 2 if a promise is broken or a module is covered
less than --min-coverage.`,
		Example: `  keywright test modules/kms-key --var alias=orders
  keywright test modules/*/ --shard 1/3 --json results.jsonl
  keywright test . --engine opentofu --junit promises.xml --min-coverage 70`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.run(cmd.Context(), args)
		},
	}
	cmd.Flags().StringArrayVar(&t.vars, "var", nil, "give a variable, as `NAME=VALUE`")
	cmd.Flags().StringArrayVar(&t.varFiles, "var-file", nil, "give the variables of a `FILE`")
	cmd.Flags().BoolVar(&t.noRoles, "no-roles", false, "make no roles for lists of principals that nobody gives")
	cmd.Flags().StringVar(&t.backend, "backend", "", "a `BACKEND`: embedded, localstack or aws; default: KEYWRIGHT_BACKEND, else embedded")
	cmd.Flags().StringVar(&t.engine, "engine", "", "an `ENGINE`: terraform or opentofu; default: KEYWRIGHT_PRODUCT, else terraform")
	cmd.Flags().Var(&t.shard, "shard", "prove only this part of the modules, such as 2/3: the second of three")
	t.files.flags(cmd)
	return cmd
}

// run proves the modules in its shard, also behind one that could not be.
func (t *moduleTest) run(ctx context.Context, dirs []string) error {
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
	part := t.shard.pick(dirs)
	if len(part) == 0 {
		t.say(fmt.Sprintf("shard %s has none of %d modules", &t.shard, len(dirs)))
		return t.files.write(report.Report{})
	}
	var all report.Report
	var errs []error
	for _, dir := range part {
		dir = filepath.Clean(dir) // as a shell's modules/*/ gives it
		r, err := t.prove(ctx, dir, tools)
		if err != nil && len(part) > 1 {
			err = fmt.Errorf("%s: %w", dir, err)
		}
		errs = append(errs, err)
		all.Promises, all.Runs, all.Coverage = append(all.Promises, r.Promises...), append(all.Runs, r.Runs...), append(all.Coverage, r.Coverage...)
		if ctx.Err() != nil {
			break
		}
	}
	return t.finish(all, errors.Join(errs...))
}

// prove proves one module, on a backend of its own.
func (t *moduleTest) prove(ctx context.Context, dir string, tools toolchain.Toolchain) (report.Report, error) {
	t.dir, t.printed = dir, ""
	b, err := t.app.startBackend(ctx, t.backend, t.say)
	if err != nil {
		return report.Report{}, err
	}
	if err := backend.CheckProvider(b, tools.Provider.Version); err != nil {
		return report.Report{}, errors.Join(err, b.Close())
	}
	run, err := runner.Start(runner.Config{Tools: tools, Environ: t.app.environ, Backend: b.Env()})
	if err != nil {
		return report.Report{}, errors.Join(err, b.Close())
	}
	engine := fmt.Sprintf("%s %s", tools.Engine.Product, tools.Engine.Version)
	if _, err := fmt.Fprintf(t.app.Out, "%s on %s with %s, provider aws %s\n", dir, b.Name(), engine, tools.Provider.Version); err != nil {
		return report.Report{}, errors.Join(err, run.Close(), b.Close())
	}
	r, err := promise.Prove(ctx, promise.Config{
		Dir: dir, Vars: t.vars, VarFiles: t.varFiles, MakeRoles: !t.noRoles,
		Backend: b, Runner: run, Engine: engine, Step: t.say, Inputs: t.printInputs, Result: t.print,
	})
	return r, errors.Join(err, run.Close(), b.Close())
}

// finish writes and prints what was found, and judges it if nothing went wrong.
func (t *moduleTest) finish(r report.Report, err error) error {
	err = errors.Join(err, t.files.write(r))
	if len(r.Promises) == 0 {
		return err
	}
	if _, failed := fmt.Fprintln(t.app.Out); failed != nil {
		return errors.Join(err, failed)
	}
	if err := errors.Join(err, r.Text(t.app.Out)); err != nil {
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
