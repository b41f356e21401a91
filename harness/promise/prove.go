package promise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/coverage"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/report"
	"github.com/keywright/keywright/harness/runner"
)

// Config says what to prove and on what.
type Config struct {
	// Dir is the root module.
	Dir string
	// Vars are variables as NAME=VALUE, VarFiles paths of variable files: both are
	// the engine's own flags.
	Vars, VarFiles []string
	// MakeRoles makes roles for lists of principals that nobody gives.
	MakeRoles bool
	// Backend to apply on, and a run of an engine that is wired to it.
	Backend backend.Backend
	Runner  *runner.Runner
	// Engine is what results call the engine, with its version.
	Engine string
	// Step, if not nil, is told what is done next.
	Step func(string)
	// Inputs, if not nil, is told what variables were given roles.
	Inputs func([]string)
	// Result, if not nil, is told of each promise once it is decided.
	Result func(report.Promise)
}

// prover is one run of the promises over a root.
type prover struct {
	Config
	suffix    string
	inputs    inputs
	workspace *runner.Workspace
	deployer  *probe.Identity
	others    others
	made      []*probe.Identity // all roles, to be removed
	keys      []*key
	report    report.Report
}

// cleanupPatience bounds the destroy after a run that was cut short.
const cleanupPatience = 5 * time.Minute

// Prove applies the root, asks for every promise and destroys what it applied.
// The report has the promises and what of the module was touched. The error says
// why they could not be asked for, with what the engine said; the report then has
// those that were.
func Prove(ctx context.Context, cfg Config) (report.Report, error) {
	p := &prover{Config: cfg}
	err := p.run(ctx)
	if p.workspace != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupPatience)
		defer cancel()
		if err != nil { // else it is destroyed
			_, freed := p.workspace.AllowDestroy()
			err = errors.Join(err, freed, p.workspace.Destroy(ctx, given(p.Config, destroyFlag)...))
		}
		err = errors.Join(err, p.workspace.Close())
	}
	for _, role := range p.made {
		err = errors.Join(err, role.Remove(context.WithoutCancel(ctx)))
	}
	return p.report, err
}

// given are the variables as flags of an engine's command.
func given[O any](cfg Config, flag func(name, value string) O) []O {
	var list []O
	for _, path := range cfg.VarFiles {
		list = append(list, flag("-var-file", path))
	}
	for _, v := range cfg.Vars {
		list = append(list, flag("-var", v))
	}
	return list
}

// variable is a flag with a variable, which every command of the engine takes.
type variable interface {
	tfexec.PlanOption
	tfexec.ApplyOption
	tfexec.DestroyOption
}

func flag(name, value string) variable {
	if name == "-var-file" {
		return tfexec.VarFile(value)
	}
	return tfexec.Var(value)
}

func planFlag(name, value string) tfexec.PlanOption       { return flag(name, value) }
func applyFlag(name, value string) tfexec.ApplyOption     { return flag(name, value) }
func destroyFlag(name, value string) tfexec.DestroyOption { return flag(name, value) }

func (p *prover) run(ctx context.Context) error {
	if err := p.prepare(ctx); err != nil {
		return err
	}
	if p.Inputs != nil {
		p.Inputs(p.inputs.told)
	}
	if err := p.apply(ctx); err != nil {
		return err
	}
	if err := p.find(ctx); err != nil {
		return err
	}
	for _, k := range p.keys {
		p.proveKey(ctx, k)
	}
	p.step("planning again")
	p.promise(ctx, "a second plan is empty", "", func() (string, error) {
		changes, err := p.workspace.Drift(ctx, given(p.Config, planFlag)...)
		if err == nil && len(changes) > 0 {
			err = fmt.Errorf("%d changes, the first: %s", len(changes), changes[0])
		}
		return "", err
	})
	if err := p.measure(ctx); err != nil {
		return err
	}
	p.destroy(ctx)
	return ctx.Err()
}

// apply makes the workspace and applies it.
func (p *prover) apply(ctx context.Context) (err error) {
	p.workspace, err = p.Runner.NewWorkspace(ctx, runner.WorkspaceConfig{Dir: p.Dir})
	if err != nil {
		return err
	}
	if err := p.inputs.write(p.workspace.Dir); err != nil {
		return err
	}
	p.step("init")
	if err := p.workspace.Init(ctx); err != nil {
		return err
	}
	p.step("apply")
	return p.workspace.Apply(ctx, given(p.Config, applyFlag)...)
}

func (p *prover) step(what string) {
	if p.Step != nil {
		p.Step(what)
	}
}

// skipError carries the reason why a promise could not be asked for.
type skipError string

func (e skipError) Error() string { return string(e) }

// promise asks for one promise and notes what became of it.
func (p *prover) promise(ctx context.Context, name, resource string, ask func() (reason string, err error)) {
	start := time.Now()
	var reason string
	err := backend.Settle(ctx, p.Backend, probe.Passes, func() (err error) {
		reason, err = ask()
		return err
	})
	r := report.Promise{
		Name: name, Module: p.Dir, Resource: resource, Backend: p.Backend.Name(), Engine: p.Engine,
		Outcome: report.Held, Reason: reason, Seconds: time.Since(start).Seconds(),
	}
	var skip skipError
	switch {
	case errors.As(err, &skip), errors.Is(err, probe.ErrNotEnforced):
		r.Outcome, r.Reason = report.Skipped, err.Error()
	case err != nil:
		r.Outcome, r.Reason = report.Broken, err.Error()
	}
	p.report.Promises = append(p.report.Promises, r)
	if p.Result != nil {
		p.Result(r)
	}
}

// destroy destroys the root, which is a promise itself, and looks what is left.
func (p *prover) destroy(ctx context.Context) {
	p.step("destroy")
	p.promise(ctx, "a destroy succeeds", "", func() (string, error) {
		run := func() error { return p.workspace.Destroy(ctx, given(p.Config, destroyFlag)...) }
		refusal := run()
		if refusal == nil {
			return "", nil
		}
		kept, err := p.workspace.AllowDestroy()
		if err != nil || len(kept) == 0 {
			return "", errors.Join(refusal, err)
		}
		p.step("destroy without prevent_destroy, in the copy under test")
		return "once prevent_destroy of " + strings.Join(kept, ", ") + " is lifted, which prevents it", run()
	})
	if ledger, ok := p.Backend.(backend.Ledger); ok {
		p.promise(ctx, "a destroy leaves no other key", "", func() (string, error) {
			live, err := ledger.LiveKeys(ctx)
			if err == nil && len(live) > 0 {
				err = fmt.Errorf("left: %s", strings.Join(live, ", "))
			}
			return "", err
		})
	}
	for _, k := range p.keys {
		p.promise(ctx, "a destroy leaves it pending deletion", k.address, func() (string, error) {
			return "", probe.PendingDeletion(ctx, k.client(p.deployer), k.arn)
		})
	}
}

// measure notes what of the module was touched. An output counts if it names a
// key or an alias that promises were asked of.
func (p *prover) measure(ctx context.Context) error {
	outputs, err := p.workspace.Output(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	look := coverage.Look{Dir: p.Dir, Set: p.inputs.given, Policies: map[string]string{}}
	for _, k := range p.keys {
		look.Policies[k.arn] = k.policy
		for _, name := range k.names() {
			known[name] = true
		}
	}
	for name, output := range outputs {
		var value any
		if err := json.Unmarshal(output.Value, &value); err != nil {
			return fmt.Errorf("reading output %s: %w", name, err)
		}
		if mentions(value, known) {
			look.Read = append(look.Read, name)
		}
	}
	if auditor, ok := p.Backend.(backend.Auditor); ok {
		look.Events = auditor.Events()
	}
	m, err := coverage.Measure(look)
	p.report.Coverage = []coverage.Module{m}
	return err
}

// mentions reports whether a value is, or holds, one that is known.
func mentions(value any, known map[string]bool) bool {
	switch v := value.(type) {
	case string:
		return known[v]
	case []any:
		for _, item := range v {
			if mentions(item, known) {
				return true
			}
		}
	case map[string]any:
		for _, item := range v {
			if mentions(item, known) {
				return true
			}
		}
	}
	return false
}
