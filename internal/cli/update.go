package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/cli/process"
)

// updating are the flags of update.
type updating struct {
	spec         string
	templates    string
	dryRun, diff bool
}

func (a *app) update() *cobra.Command {
	var u updating
	cmd := &cobra.Command{
		Use:   "update [DIR...]",
		Short: "Bring copied and edited modules to the present templates",
		Long: `Update brings a module's folder to the present templates, and keeps what you
edited: it merges the new rendering into your files, line by line, starting from
the originals that the folder's own ` + stampFile + ` holds. It needs neither git
nor network nor the spec.

Your own files stay as they are, and what you deleted stays deleted. Where you
and the templates changed the same lines, the file holds all versions between
<<<<<<< and >>>>>>>, and the command exits 2: decide, then run the module's tests.

The inputs are those the folder remembers. To change them too, name the spec: then
the module of the same name in it counts, and without DIR those of all its modules.`,
		Example: `  keywright update infra/keys/orders
  keywright update --diff                          # what would change, line by line
  keywright update --spec keywright.hcl            # with the inputs of the spec`,
		RunE: func(_ *cobra.Command, dirs []string) error { return a.runUpdate(dirs, u) },
	}
	cmd.Flags().StringVar(&u.spec, "spec", "", "take the inputs from the module of the same name in this spec `FILE`")
	cmd.Flags().BoolVar(&u.dryRun, "dry-run", false, "write nothing; say what would be done with each file")
	cmd.Flags().BoolVar(&u.diff, "diff", false, "as --dry-run, with a diff of each file")
	templatesFlag(cmd, &u.templates)
	return cmd
}

// stampFile is what a folder remembers its spec in.
const stampFile = ".keywright.json"

// policyFile is the file that says who may use the key.
const policyFile = "policy.tf"

// runUpdate plans every folder before it writes the first.
func (a *app) runUpdate(dirs []string, u updating) error {
	dirs, inputs, err := sources(dirs, u.spec)
	if err != nil {
		return err
	}
	renderer, err := newRenderer(u.templates)
	if err != nil {
		return err
	}
	rehearsal := u.dryRun || u.diff
	updates := make([]*generator.Update, len(dirs))
	for i, dir := range dirs {
		dir = filepath.Clean(dir)
		if !rehearsal {
			if err := generator.Recover(dir); err != nil {
				return err
			}
		}
		if updates[i], err = planUpdate(renderer, dir, inputs); err != nil {
			return err
		}
	}
	var found error
	for _, planned := range updates {
		if !rehearsal {
			if err := planned.Write(); err != nil {
				return err
			}
		}
		if err := a.tellUpdate(planned, u.diff); err != nil {
			return err
		}
		if len(planned.Conflicts()) > 0 {
			found = process.ErrFindings
		}
	}
	return found
}

// sources returns the folders to update, and a function that returns the module
// that a folder shall hold.
func sources(dirs []string, spec string) ([]string, func(dir string) (generator.Module, error), error) {
	if spec == "" {
		if len(dirs) == 0 {
			return nil, nil, errors.New("name the folders to update, or a spec with --spec")
		}
		return dirs, generator.Stamped, nil
	}
	parsed, err := readSpec(spec)
	if err != nil {
		return nil, nil, err
	}
	byName := make(map[string]generator.Module, len(parsed.Modules))
	all := len(dirs) == 0
	for _, m := range parsed.Modules {
		byName[m.Name] = m
		if !all {
			continue
		}
		dir, err := generator.OutputDir(filepath.Dir(spec), m)
		if err != nil {
			return nil, nil, err
		}
		dirs = append(dirs, dir)
	}
	return dirs, func(dir string) (generator.Module, error) {
		name, err := generator.StampedName(dir)
		if err != nil {
			return generator.Module{}, err
		}
		m, ok := byName[name]
		if !ok {
			return generator.Module{}, fmt.Errorf("folder %q holds module %q, and spec %q none of that name: add it there, or leave --spec out", dir, name, spec)
		}
		return m, nil
	}, nil
}

func planUpdate(renderer *generator.Renderer, dir string, inputs func(string) (generator.Module, error)) (*generator.Update, error) {
	m, err := inputs(dir)
	if err != nil {
		return nil, err
	}
	files, err := renderer.Render(m)
	if err != nil {
		return nil, err
	}
	return generator.PlanUpdate(dir, files)
}

// tellUpdate prints what an update does with each file.
func (a *app) tellUpdate(u *generator.Update, diff bool) error {
	for _, s := range u.Steps {
		line := filepath.Join(u.Dir, s.String())
		if diff {
			line += "\n" + strings.TrimSuffix(s.Diff(), "\n")
		}
		if _, err := fmt.Fprintln(a.Out, strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
		if s.Path == policyFile && s.Outcome == generator.Conflicting {
			if _, err := fmt.Fprintln(a.Err, "keywright: the key policy is in conflict: until you decide, nothing says who may use the key"); err != nil {
				return err
			}
		}
	}
	return nil
}
