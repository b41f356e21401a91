package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
)

//go:generate sh -c "go run github.com/keywright/keywright/cmd/keywright spec --reference > ../../docs/spec.md"
//go:generate sh -c "go run github.com/keywright/keywright/cmd/keywright spec --schema > ../../docs/schema/keywright.schema.json"

func (a *app) spec() *cobra.Command {
	var schema, reference bool
	cmd := &cobra.Command{
		Use:   "spec [SPEC]",
		Short: "Validate a spec and tell who can do what with each key",
		Long: `Spec reads a spec file, reports every problem in it, and tells for each module what
it will hold and who can do what. It writes nothing.`,
		Example: `  keywright spec                            # ./keywright.hcl
  keywright spec --schema > keywright.schema.json  # for editors, of keywright.hcl.json
  keywright spec --reference                # every argument, preset, verb and service`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case schema:
				_, err := a.Out.Write(generator.Schema())
				return err
			case reference:
				_, err := io.WriteString(a.Out, generator.Reference())
				return err
			}
			return a.explain(specOf(args))
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of specs in the JSON syntax")
	cmd.Flags().BoolVar(&reference, "reference", false, "print the description of every argument, in Markdown")
	cmd.MarkFlagsMutuallyExclusive("schema", "reference")
	return cmd
}

// explain prints what each module of a spec will hold.
func (a *app) explain(name string) error {
	parsed, err := readSpec(name)
	if err != nil {
		return err
	}
	for i, m := range parsed.Modules {
		e, err := generator.Explain(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Position, err)
		}
		if i > 0 {
			if _, err := fmt.Fprintln(a.Out); err != nil {
				return err
			}
		}
		if err := tellModule(a.Out, m, e); err != nil {
			return err
		}
	}
	return nil
}

// tellModule prints one module: its parts, then its key policy.
func tellModule(out io.Writer, m generator.Module, e generator.Explanation) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, text string) {
		if text != "" {
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", name, text) // Flush tells
		}
	}
	_, _ = fmt.Fprintf(w, "%s: %s\n", m.Name, e.Summary)
	line("folder", m.Output)
	line("preset", m.Preset)
	if m.Manages == generator.ManagesKey {
		line("key", fmt.Sprintf("%s, %s, origin %s, multi-Region: %s", m.KeySpec, m.KeyUsage, m.Origin, m.MultiRegion))
		line("aliases", strings.Join(m.Aliases, ", "))
	}
	line("services", strings.Join(m.Services, ", "))
	line("provider", ">= "+e.Provider+": "+e.Why)
	line("root", e.Root)
	for _, access := range e.Access {
		line(access.Sid, who(access))
		line("", "may "+strings.Join(access.Actions, ", "))
		if access.When != "always" {
			line("", "when "+access.When)
		}
	}
	return w.Flush()
}

// who names the principals that the spec has, after what they are.
func who(a generator.Access) string {
	if len(a.Principals) == 0 {
		return a.Who
	}
	return a.Who + ": " + strings.Join(a.Principals, ", ")
}
