package cli

import (
	"errors"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
)

// initializing are the flags of init.
type initializing struct {
	presets, accessible bool
	goPackage           string
	roles               []string
	module              generator.Module
}

func (a *app) initialize() *cobra.Command {
	var n initializing
	cmd := &cobra.Command{
		Use:   "init [SPEC]",
		Short: "Begin a spec: answer a few questions, or give flags",
		Long: `Init writes a spec file with one module. On a terminal it asks what the key is for
and who may use it; with --preset or --service it takes flags instead. It never
overwrites a file.`,
		Example: `  keywright init
  keywright init --presets                  # what there is to begin with
  keywright init --preset encryption --name orders --alias orders/data \
    --role administer=arn:aws:iam::111122223333:role/key-admin \
    --role use=arn:aws:iam::111122223333:role/orders
  keywright init --service s3 --service logs --name logs`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if n.presets {
				return a.listPresets()
			}
			spec := specNames[0]
			if len(args) == 1 {
				spec = args[0]
			}
			return a.runInit(spec, n)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&n.module.Preset, "preset", "", "begin with the parts of this `PRESET`")
	flags.StringVar(&n.module.Name, "name", "", "`NAME` of the module; by default that of the preset or the first service")
	flags.StringArrayVar(&n.module.Services, "service", nil, "an AWS `SERVICE` that uses the key; may be repeated")
	flags.StringArrayVar(&n.module.Aliases, "alias", nil, "an `ALIAS` without the prefix alias/; may be repeated")
	flags.StringArrayVar(&n.roles, "role", nil, "a verb and the ARN of a role or user, `VERB=ARN`; may be repeated")
	flags.StringVar(&n.goPackage, "go-package", "", "also write generate.go of this Go `PACKAGE`, for go generate")
	flags.BoolVar(&n.accessible, "accessible", false, "ask in plain lines, for screen readers")
	flags.BoolVar(&n.presets, "presets", false, "list the presets and exit")
	return cmd
}

func (a *app) listPresets() error {
	for _, p := range generator.Presets() {
		if _, err := fmt.Fprintf(a.Out, "%-22s %s\n", p.Name, p.Purpose); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) runInit(spec string, n initializing) error {
	switch {
	case strings.HasSuffix(spec, ".json"):
		return fmt.Errorf("init writes a spec in the native syntax: name a file such as %q, not %q", specNames[0], spec)
	case n.goPackage != "" && !token.IsIdentifier(n.goPackage):
		return fmt.Errorf("--go-package %q is not the name of a Go package: use letters, digits and _", n.goPackage)
	}
	if err := n.readRoles(); err != nil {
		return err
	}
	m := n.module
	asked := m.Preset == "" && len(m.Services) == 0
	switch {
	case asked && !a.canAsk(n.accessible):
		return errors.New("there is no terminal to ask on: give --preset or --service, and see --presets")
	case asked:
		if err := a.ask(&m, n.accessible); err != nil {
			return err
		}
	case m.Name == "" && m.Preset != "":
		m.Name = m.Preset
	case m.Name == "":
		m.Name = m.Services[0]
	}
	text, err := generator.FormatSpec(m, nil)
	if err != nil {
		return err
	}
	if _, err := generator.ParseSpec(spec, text); err != nil {
		return err
	}
	files := []generator.File{{Path: spec, Data: text}}
	if n.goPackage != "" {
		files = append(files, n.goFile(spec))
	}
	return a.writeNew(files)
}

// canAsk reports whether there is somebody to answer; questions in plain lines need
// no screen.
func (a *app) canAsk(accessible bool) bool {
	return a.isTerminal(a.In) && (accessible || a.isTerminal(a.Err))
}

// readRoles sorts the flags --role by their verbs.
func (n *initializing) readRoles() error {
	for _, text := range n.roles {
		verb, arn, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("--role %q is not VERB=ARN, such as use=arn:aws:iam::111122223333:role/app", text)
		}
		if n.module.Roles == nil {
			n.module.Roles = map[generator.Verb][]string{}
		}
		n.module.Roles[generator.Verb(verb)] = append(n.module.Roles[generator.Verb(verb)], arn)
	}
	return nil
}

// goFile is what has go generate write the modules.
func (n *initializing) goFile(spec string) generator.File {
	text := fmt.Sprintf("package %s\n\n//go:generate go run github.com/keywright/keywright/cmd/keywright generate %s\n", n.goPackage, filepath.Base(spec))
	return generator.File{Path: filepath.Join(filepath.Dir(spec), "generate.go"), Data: []byte(text)}
}

// writeNew writes files that must not be there yet, all or none.
func (a *app) writeNew(files []generator.File) error {
	for _, f := range files {
		if _, err := os.Lstat(f.Path); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%q is there already: name another file, or edit it", f.Path)
		}
	}
	for i, f := range files {
		if err := create(f); err != nil {
			for _, made := range files[:i] {
				err = errors.Join(err, os.Remove(made.Path))
			}
			return err
		}
	}
	for _, f := range files {
		if _, err := fmt.Fprintf(a.Out, "wrote %s\n", f.Path); err != nil {
			return err
		}
	}
	return nil
}

// create writes one file, and takes back what it could not finish.
func create(f generator.File) error {
	out, err := os.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing a new file: %w", err)
	}
	_, err = out.Write(f.Data)
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("writing a new file: %w", errors.Join(err, os.Remove(f.Path)))
	}
	return nil
}
