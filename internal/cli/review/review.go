// Package review holds the commands that review key policies: keywright policy
// and keywright rules.
//
// The two calls of package cli are [Policy] and [Rules], which make the commands
// from a [Config]. Each command reads policies from files, standard input or a
// plan, asks packages keypolicy and lint, and prints what they say as text or
// JSON.
//
// It decides nothing itself.
package review

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/keypolicy"
)

// Config is what the commands work with; all of it is required.
type Config struct {
	In       io.Reader
	Out, Err io.Writer
	// Now says what time it is: suppressions expire.
	Now func() time.Time
	// Findings is the error of a command that did its work, has printed what it
	// found, and has found something.
	Findings error
}

// Policy is the command keywright policy.
func Policy(cfg Config) *cobra.Command {
	c := &commands{cfg}
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Review key policies: lint, evaluate, who can, compare, assert",
		Long: `Policy reviews key policies offline: from files, from standard input (-), or
from a plan as terraform show -json prints it.

The status is 0 when all is well, 1 when something could not be done, and 2 when
it was done and found something: a finding, a denied request, new access, or an
assertion that does not hold.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), suggestion(args[0], names(cmd)))
		},
	}
	cmd.AddCommand(c.lint(), c.eval(), c.whoCan(), c.matrix(), c.compare(), c.assert())
	return cmd
}

func names(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return names
}

// Rules is the command keywright rules.
func Rules(cfg Config) *cobra.Command {
	c := &commands{cfg}
	return c.rules()
}

// commands is what the commands share.
type commands struct{ Config }

// say prints a line about the work, not its result, on stderr.
func (c *commands) say(format string, args ...any) {
	// Nothing can be done about a stderr that can't be written to.
	_, _ = fmt.Fprintf(c.Err, "keywright: "+format+"\n", args...)
}

// print prints a result.
func (c *commands) print(text string) error {
	_, err := io.WriteString(c.Out, text)
	return err
}

// printJSON prints a result as indented JSON.
func (c *commands) printJSON(v any) error {
	text, err := toJSON(v)
	if err != nil {
		return err
	}
	return c.print(text)
}

func toJSON(v any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // an ARN's or a condition's < is no markup
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return "", fmt.Errorf("writing JSON: %w", err)
	}
	return text.String(), nil
}

// aligned lays rows of cells out in columns.
func aligned(rows [][]string) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t")) // a tabwriter on a builder can't fail
	}
	_ = w.Flush()
	return text.String()
}

// accountFlag adds --account, which is for keys that nothing else tells the owner of.
func accountFlag(cmd *cobra.Command, account *string) {
	cmd.Flags().StringVar(account, "account", "", "the `ACCOUNT` that owns the key; by default what the plan or policy says")
}

// format is the value of --format.
type format string

// addFormat adds --format with the choices, of which the first is the default.
func addFormat(cmd *cobra.Command, choices ...string) *format {
	f := format(choices[0])
	cmd.Flags().Var(&choice{(*string)(&f), choices}, "format", "how to print the result")
	return &f
}

// choice is a flag that takes one of some words.
type choice struct {
	value   *string
	choices []string
}

func (c *choice) String() string { return *c.value }

// Type is what help calls the value.
func (c *choice) Type() string { return strings.Join(c.choices, "|") }

func (c *choice) Set(text string) error {
	if !slices.Contains(c.choices, text) {
		return fmt.Errorf("choose one of %s", strings.Join(c.choices, ", "))
	}
	*c.value = text
	return nil
}

// actionNamed finds a KMS action by its name, with or without "kms:".
func actionNamed(name string) (keypolicy.Action, error) {
	full := name
	if !strings.Contains(full, ":") {
		full = "kms:" + full
	}
	if action, ok := keypolicy.LookUpAction(full); ok {
		return action, nil
	}
	var names []string
	for _, action := range keypolicy.Actions() {
		names = append(names, action.Name)
	}
	return keypolicy.Action{}, fmt.Errorf("KMS has no action %q%s", name, suggestion(full, names))
}

// suggestion is "; did you mean …?", or "" if no name is near.
func suggestion(name string, names []string) string {
	nearest := keypolicy.Nearest(name, names)
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
}
