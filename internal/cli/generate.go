package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/templates"
)

// specNames are the spec files that commands read when none is named: the first
// that is there.
var specNames = []string{"keywright.hcl", "keywright.hcl.json"}

// specOf returns the spec that the arguments name, or the usual one.
func specOf(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	for _, name := range specNames {
		if _, err := os.Lstat(name); err == nil {
			return name
		}
	}
	return specNames[0]
}

// generating are the flags of generate.
type generating struct {
	check, dryRun, diff, asJSON bool
	templates                   string
}

func (a *app) generate() *cobra.Command {
	var g generating
	cmd := &cobra.Command{
		Use:   "generate [SPEC]",
		Short: "Write the modules of a spec",
		Long: `Generate writes the modules of a spec file, each into a folder beside it.
A folder that is up to date is not touched; files of your own, and generated
files you have edited, are never overwritten: the command says which they are
and writes nothing. To bring new templates into edited files, use update. The
folder of a module that the spec no longer has stays: it may hold state.

--check tells how each folder differs from its spec, and why: edited or deleted
by hand, a spec that changed, templates that did.`,
		Example: `  keywright generate                        # the modules of ./keywright.hcl
  keywright generate infra/keywright.hcl
  keywright generate --check                # for CI: exit 2 if a file differs
  keywright generate --diff                 # what would change, line by line`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.runGenerate(specOf(args), g)
		},
	}
	cmd.Flags().BoolVar(&g.check, "check", false, "write nothing; name each edited, missing, stale, orphaned or extra file, with cause and diff, and exit 2")
	cmd.Flags().BoolVar(&g.dryRun, "dry-run", false, "write nothing; say what would be done with each file")
	cmd.Flags().BoolVar(&g.diff, "diff", false, "as --dry-run, with a diff of each file")
	cmd.Flags().BoolVar(&g.asJSON, "json", false, "with --check: print the findings as JSON")
	templatesFlag(cmd, &g.templates)
	cmd.MarkFlagsMutuallyExclusive("check", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("check", "diff")
	return cmd
}

func (a *app) runGenerate(spec string, g generating) error {
	if g.asJSON && !g.check {
		return errors.New("--json goes with --check")
	}
	modules, err := renderSpec(spec, g.templates)
	switch {
	case err != nil:
		return err
	case g.asJSON:
		return a.reportJSON(modules)
	case g.check:
		return a.reportDrift(modules)
	case g.dryRun || g.diff:
		return a.rehearse(modules, g.diff)
	}
	return a.writeModules(modules)
}

// rendered is a module of a spec: its place in the spec, its folder, what belongs
// into that, and how it differs.
type rendered struct {
	position generator.Position
	dir      string
	files    []generator.File
	changes  []generator.Change
}

// renderSpec renders every module of a spec and compares it with its folder. It
// writes nothing.
func renderSpec(name, own string) ([]rendered, error) {
	spec, err := readSpec(name)
	if err != nil {
		return nil, err
	}
	renderer, err := newRenderer(own)
	if err != nil {
		return nil, err
	}
	modules := make([]rendered, len(spec.Modules))
	return modules, each(spec.Modules, func(i int, m generator.Module) (err error) {
		modules[i], err = renderModule(renderer, filepath.Dir(name), m)
		return err
	})
}

// each calls do with every item, on all processors, and returns what went wrong in
// the order of the items.
func each[T any](items []T, do func(int, T) error) error {
	problems := make([]error, len(items))
	var next atomic.Int64
	var working sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(items)) {
		working.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(items)); i = next.Add(1) - 1 {
				problems[i] = do(int(i), items[i])
			}
		})
	}
	working.Wait()
	return errors.Join(problems...)
}

func templatesFlag(cmd *cobra.Command, own *string) {
	cmd.Flags().StringVar(own, "templates", "", "a `DIR` of your own templates, each in the place of ours of the same name")
}

// newRenderer takes the templates in the folder own, if it is named, in the place
// of ours.
func newRenderer(own string) (*generator.Renderer, error) {
	if own == "" {
		return generator.NewRenderer(templates.FS)
	}
	set, err := generator.Overlay(templates.FS, os.DirFS(own))
	if err != nil {
		return nil, fmt.Errorf("reading the templates in %q: %w", own, err)
	}
	return generator.NewRenderer(set)
}

// readSpec parses a spec file.
func readSpec(name string) (*generator.Spec, error) {
	src, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no spec file %q: write one, or name it as the argument", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the spec: %w", err)
	}
	return generator.ParseSpec(name, src)
}

func renderModule(renderer *generator.Renderer, root string, m generator.Module) (rendered, error) {
	dir, err := generator.OutputDir(root, m)
	if err != nil {
		return rendered{}, err
	}
	files, err := renderer.Render(m)
	if err != nil {
		return rendered{}, err
	}
	changes, err := generator.Check(dir, files)
	return rendered{m.Position, dir, files, changes}, err
}

// writeModules writes all modules, or none if a file of any is in the way. It tells
// of those that were written also when another could not be.
func (a *app) writeModules(modules []rendered) error {
	if err := conflict(modules); err != nil {
		return err
	}
	made := make([][]generator.Change, len(modules))
	problem := each(modules, func(i int, m rendered) (err error) {
		made[i], err = generator.Write(m.dir, m.files)
		return err
	})
	out := bufio.NewWriter(a.Out)
	for i, m := range modules {
		for _, c := range made[i] {
			_, _ = fmt.Fprintf(out, "%s: was %s\n", m.name(c), c.Kind) // Flush tells
		}
	}
	return errors.Join(problem, out.Flush())
}

// conflict names every file of every module that is in the way.
func conflict(modules []rendered) error {
	var conflicts []error
	for _, m := range modules {
		if err := generator.Conflict(m.dir, m.changes); err != nil {
			conflicts = append(conflicts, fmt.Errorf("%s: %w", m.position, err))
		}
	}
	return errors.Join(conflicts...)
}
