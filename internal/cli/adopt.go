package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/adopt"
)

func (a *app) adopt() *cobra.Command {
	var from adopting
	cmd := &cobra.Command{
		Use:   "adopt JSON|DIR",
		Short: "Write a spec of KMS keys that are there already",
		Long: `Adopt writes a spec of the KMS keys in a state or a plan, as terraform show -json
prints them, or in a folder of .tf files: kind of key, rotation, window, aliases,
tags, and which role has which verb, and which service its part, by the key policy.
What a spec cannot say is listed in its comments: what the module's caller passes,
what changes, and what is not known. Statements that neither a verb nor a service
stands for are kept in a policy document of their own, which the module takes in
source_policy_documents. At the end stand the moved blocks that take the keys over
without replacing them. "-" reads standard input.

A folder is read and not run: local modules are followed, and where it asks for its
account, its Region or a variable without a default, the flags say them. A state
knows more.`,
		Example: `  terraform show -json > state.json && keywright adopt state.json
  tofu show -json plan.bin | keywright adopt --spec keys/keywright.hcl -
  keywright adopt --account 111122223333 --var team=orders infra/keys`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.runAdopt(args[0], from) },
	}
	cmd.Flags().StringVar(&from.spec, "spec", specNames[0], "the spec `FILE` to write; it must not be there yet")
	cmd.Flags().StringVar(&from.Account, "account", "", "the account `ID` that a folder is for")
	cmd.Flags().StringVar(&from.Region, "region", "", "the `REGION` that a folder is for, if its provider block does not say")
	cmd.Flags().StringArrayVar(&from.variables, "var", nil, "a variable of a folder, as `NAME=VALUE`; once for each")
	return cmd
}

// adopting are the flags of adopt.
type adopting struct {
	adopt.Settings
	variables []string
	spec      string
}

// assign reads NAME=VALUE.
func (f *adopting) assign() error {
	f.Variables = map[string]string{}
	for _, text := range f.variables {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("--var %q has no value: write NAME=VALUE", text)
		}
		f.Variables[name] = value
	}
	return nil
}

// keys reads what was named.
func (a *app) keys(name string, from adopting) ([]adopt.Key, error) {
	if err := from.assign(); err != nil {
		return nil, err
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		keys, notes, err := adopt.ReadFolder(name, from.Settings)
		for _, note := range notes {
			_, _ = fmt.Fprintf(a.Err, "keywright: %s\n", note)
		}
		return keys, err
	}
	if filepath.Ext(name) == ".tf" {
		return nil, fmt.Errorf("%q is a file of a configuration: name its folder, %q", name, filepath.Dir(name))
	}
	src, err := a.readInput(name)
	if err != nil {
		return nil, err
	}
	return adopt.Read(name, src)
}

func (a *app) runAdopt(name string, from adopting) error {
	keys, err := a.keys(name, from)
	if err != nil {
		return err
	}
	files, err := adopted(keys, from.spec)
	if err != nil {
		return err
	}
	if err := a.writeNew(files); err != nil {
		return err
	}
	return a.tellMoves(keys)
}

func (a *app) readInput(name string) ([]byte, error) {
	if name == "-" {
		src, err := io.ReadAll(a.In)
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		return src, nil
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the state or plan: %w", err)
	}
	return src, nil
}

// adopted returns the spec of the keys, and the documents of what remains.
func adopted(keys []adopt.Key, spec string) ([]generator.File, error) {
	var text bytes.Buffer
	files := make([]generator.File, 1)
	for i, k := range keys {
		notes := append([]string{"Adopted from " + k.Address + "."}, k.Notes...)
		for _, name := range slices.Sorted(maps.Keys(k.Arguments)) {
			notes = append(notes, fmt.Sprintf("Pass %s = %s to the module.", name, k.Arguments[name]))
		}
		if k.Remaining != nil {
			remaining := k.Module.Name + ".remaining.json"
			notes = append(notes, fmt.Sprintf("Pass source_policy_documents = [file(%q)] to the module.", remaining))
			files = append(files, generator.File{Path: filepath.Join(filepath.Dir(spec), remaining), Data: k.Remaining})
		}
		block, err := generator.FormatSpec(k.Module, notes)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text.WriteByte('\n')
		}
		text.Write(block)
	}
	if _, err := generator.ParseSpec(spec, text.Bytes()); err != nil {
		return nil, errors.Join(fmt.Errorf("no spec can say what the keys are:\n%s", text.String()), err)
	}
	files[0] = generator.File{Path: spec, Data: text.Bytes()}
	return files, nil
}

// tellMoves prints what takes the keys over into the modules.
func (a *app) tellMoves(keys []adopt.Key) error {
	var out bytes.Buffer
	out.WriteString("\nPut these beside your module blocks. If the keys are in another state, remove them\nthere and write import blocks here instead.\n")
	for _, k := range keys {
		for _, m := range k.Moves {
			if to := fmt.Sprintf("module.%s.%s", k.Module.Name, m.To); to != m.From {
				fmt.Fprintf(&out, "\nmoved {\n  from = %s\n  to   = %s\n}\n", m.From, to)
			}
		}
		if k.ID != "" {
			fmt.Fprintf(&out, "\n# import {\n#   to = module.%s.%s\n#   id = %q\n# }\n", k.Module.Name, k.Moves[0].To, k.ID)
		}
	}
	_, err := a.Out.Write(out.Bytes())
	return err
}
