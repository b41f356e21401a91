package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/templates"
)

// specName is the spec file that commands read when none is named.
const specName = "keywright.hcl"

func (a *app) generate() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "generate [SPEC]",
		Short: "Write the modules of a spec",
		Long: `Generate writes the modules of a spec file, each into a folder beside it.
A folder that is up to date is not touched; files of your own, and generated
files you have edited, are never overwritten: the command says which they are
and writes nothing.`,
		Example: `  keywright generate                        # the modules of ./keywright.hcl
  keywright generate infra/keywright.hcl
  keywright generate --check                # for CI: exit 2 if a file differs`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			spec := specName
			if len(args) == 1 {
				spec = args[0]
			}
			modules, err := renderSpec(spec)
			if err != nil {
				return err
			}
			if check {
				return a.reportDrift(modules)
			}
			return a.writeModules(modules)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; name each edited, missing, stale or extra file and exit 2")
	return cmd
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
func renderSpec(name string) ([]rendered, error) {
	src, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no spec file %q: write one, or name it as the argument", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the spec: %w", err)
	}
	spec, err := generator.ParseSpec(name, src)
	if err != nil {
		return nil, err
	}
	renderer, err := generator.NewRenderer(templates.FS)
	if err != nil {
		return nil, err
	}
	modules := make([]rendered, len(spec.Modules))
	for i, m := range spec.Modules {
		if modules[i], err = renderModule(renderer, filepath.Dir(name), m); err != nil {
			return nil, err
		}
	}
	return modules, nil
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

// reportDrift prints how the folders differ from their spec.
func (a *app) reportDrift(modules []rendered) error {
	found := false
	for _, m := range modules {
		for _, c := range m.changes {
			found = true
			if _, err := fmt.Fprintf(a.Out, "%s: %s\n", filepath.Join(m.dir, filepath.FromSlash(c.Path)), c.Kind); err != nil {
				return err
			}
		}
	}
	if found {
		return errFindings
	}
	return nil
}

// writeModules writes all modules, or none if a file of any is in the way.
func (a *app) writeModules(modules []rendered) error {
	var conflicts []error
	for _, m := range modules {
		if err := generator.Conflict(m.dir, m.changes); err != nil {
			conflicts = append(conflicts, fmt.Errorf("%s: %w", m.position, err))
		}
	}
	if err := errors.Join(conflicts...); err != nil {
		return err
	}
	for _, m := range modules {
		changes, err := generator.Write(m.dir, m.files)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if _, err := fmt.Fprintf(a.Out, "%s: was %s\n", filepath.Join(m.dir, filepath.FromSlash(c.Path)), c.Kind); err != nil {
				return err
			}
		}
	}
	return nil
}
