package cli

import (
	"context"
	_ "embed" // the demo's spec
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/internal/cli/process"
)

//go:embed demo.hcl
var demoSpec []byte

func (a *app) demo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the whole story: spec, module, applied key, proven access",
		Long: `Demo generates a module from a spec, applies it with Terraform and the official
AWS provider on the embedded emulator, uses its key as the roles that its policy
names and as a stranger, shows who could do what, and destroys it. It needs no
AWS account and leaves nothing behind. The status is 0 only if every promise
held, 2 if one did not.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &demo{app: a, steps: a.steps()}
			err := d.run(cmd.Context())
			return errors.Join(err, d.close())
		},
	}
}

// demo is one showing: what it has made so far, and how the promises fared.
type demo struct {
	app   *app
	steps *steps

	tools     toolchain.Toolchain
	backend   *backend.Embedded
	folder    string // holds the spec and the module
	module    rendered
	admin     *probe.Identity
	user      *probe.Identity
	stranger  *probe.Identity
	runner    *runner.Runner
	workspace *runner.Workspace
	key       appliedKey
	access    []probe.Result
	promises  int
	broken    []string
}

// acts are the steps of the story, in order.
var acts = []struct {
	title string
	play  func(*demo, context.Context) (result string, err error)
}{
	{"find engine and provider", (*demo).findTools},
	{"generate the module from its spec", (*demo).generateModule},
	{"start the emulator, make roles", (*demo).startBackend},
	{"start the warm provider, init", (*demo).openWorkspace},
	{"apply", (*demo).apply},
	{"encrypt and decrypt as the user", (*demo).roundTrip},
	{"ask for rotation and alias", (*demo).rotationAndAlias},
	{"plan again", (*demo).planAgain},
	{"try every action as every role", (*demo).tryAccess},
	{"destroy", (*demo).destroy},
}

func (d *demo) run(ctx context.Context) error {
	for _, act := range acts {
		if err := d.steps.step(act.title, func() (string, error) { return act.play(d, ctx) }); err != nil {
			return err
		}
	}
	if err := d.printAccess(); err != nil {
		return err
	}
	return d.verdict()
}

// promise counts a promise and notes one that did not hold. The story goes on:
// all that is wrong is to be seen at once.
func (d *demo) promise(what string, err error) {
	d.promises++
	if err != nil {
		d.broken = append(d.broken, what+": "+err.Error())
	}
}

func (d *demo) findTools(ctx context.Context) (string, error) {
	say := func(line string) { d.steps.say(d.app.Err, line) }
	var err error
	d.tools, err = d.app.tools(ctx, say)
	if err != nil {
		return "", err
	}
	engine, provider := d.tools.Engine, d.tools.Provider
	return fmt.Sprintf("%s %s (%s), provider aws %s (%s)", engine.Product, engine.Version, engine.Origin, provider.Version, provider.Origin), nil
}

func (d *demo) generateModule(context.Context) (string, error) {
	var err error
	if d.folder, err = os.MkdirTemp("", "keywright-demo-"); err != nil {
		return "", fmt.Errorf("making a folder for the module: %w", err)
	}
	spec := filepath.Join(d.folder, specNames[0])
	if err := os.WriteFile(spec, demoSpec, 0o600); err != nil {
		return "", fmt.Errorf("writing the demo's spec: %w", err)
	}
	modules, err := renderSpec(spec, "")
	if err != nil {
		return "", err
	}
	d.module = modules[0]
	if _, err := generator.Write(d.module.dir, d.module.files); err != nil {
		return "", err
	}
	again, err := generator.Check(d.module.dir, d.module.files)
	if err == nil && len(again) > 0 {
		err = fmt.Errorf("%v", again)
	}
	d.promise("a second generate changes nothing", err)
	return fmt.Sprintf("%d files", len(d.module.files)), nil
}

// everything is the stranger's IAM policy: the key policy must hold even
// against it.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`

func (d *demo) startBackend(ctx context.Context) (string, error) {
	var err error
	if d.backend, err = backend.StartEmbedded(ctx, backend.EmbeddedConfig{}); err != nil {
		return "", err
	}
	for _, role := range []struct {
		into     **probe.Identity
		name     string
		policies []string
	}{
		{&d.admin, "admin", nil},
		{&d.user, "user", nil},
		{&d.stranger, "stranger", []string{everything}},
	} {
		if *role.into, err = probe.CreateRole(ctx, d.backend, role.name, role.policies...); err != nil {
			return "", err
		}
	}
	return "admin, user, and a stranger with kms:* in IAM", nil
}

// verdict says how the promises fared.
func (d *demo) verdict() error {
	if len(d.broken) > 0 {
		if _, err := fmt.Fprintf(d.app.Out, "\n%d of %d promises did not hold:\n  %s\n", len(d.broken), d.promises, strings.Join(d.broken, "\n  ")); err != nil {
			return err
		}
		return process.ErrFindings
	}
	_, err := fmt.Fprintf(d.app.Out, "\nall %d promises held\n", d.promises)
	return err
}

// printAccess prints who could do what: a row an action, a column a role.
func (d *demo) printAccess() error {
	w := tabwriter.NewWriter(d.app.Out, 0, 0, 3, ' ', 0)
	roles := []*probe.Identity{d.admin, d.user, d.stranger}
	_, _ = fmt.Fprint(w, "\naction") // a tabwriter's errors come with Flush
	for _, role := range roles {
		_, _ = fmt.Fprint(w, "\t", role.Name)
	}
	_, _ = fmt.Fprintln(w)
	for _, action := range probe.Actions() {
		_, _ = fmt.Fprint(w, action)
		for _, r := range d.access {
			if r.Action == action {
				_, _ = fmt.Fprint(w, "\t", cell(r))
			}
		}
		_, _ = fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return d.printReasons()
}

// printReasons prints why the calls that a reader will wonder about were
// decided as they were.
func (d *demo) printReasons() error {
	_, err := fmt.Fprint(d.app.Out, "\nwhy\n")
	for _, asked := range []struct {
		role   *probe.Identity
		action probe.Action
	}{{d.user, probe.Decrypt}, {d.admin, probe.Decrypt}, {d.user, probe.ScheduleKeyDeletion}, {d.stranger, probe.Decrypt}} {
		for _, r := range d.access {
			if r.Role == asked.role.Name && r.Action == asked.action && err == nil {
				_, err = fmt.Fprintf(d.app.Out, "  %s %s %s: %s\n", r.Role, cell(r), r.Action, r.Reason)
			}
		}
	}
	return err
}

func cell(r probe.Result) string {
	text := "denied"
	if r.Got {
		text = "allowed"
	}
	if !r.OK() {
		text += " (wrong)"
	}
	return text
}

// close frees what the showing holds, whatever happened. The emulator's keys go
// with it, so an interrupted showing needs no destroy.
func (d *demo) close() error {
	var errs []error
	if d.runner != nil {
		errs = append(errs, d.runner.Close())
	}
	if d.backend != nil {
		errs = append(errs, d.backend.Close())
	}
	if d.folder != "" {
		errs = append(errs, os.RemoveAll(d.folder))
	}
	return errors.Join(errs...)
}
