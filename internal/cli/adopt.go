package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/adopt"
)

func (a *app) adopt() *cobra.Command {
	var spec string
	cmd := &cobra.Command{
		Use:   "adopt JSON",
		Short: "Write a spec of KMS keys that are there already",
		Long: `Adopt writes a spec of the KMS keys in a state or a plan, as terraform show -json
prints them: kind of key, rotation, window, aliases, tags, and who has which verb by
the key policy. What a spec cannot say is listed in its comments; statements that no
verb stands for are kept in a policy document of their own, which the module takes
in source_policy_documents. At the end stand the moved blocks that take the keys
over without replacing them. "-" reads standard input.

It reads no .tf files: their values are known only to Terraform.`,
		Example: `  terraform show -json > state.json && keywright adopt state.json
  tofu show -json plan.bin | keywright adopt --spec keys/keywright.hcl -`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.runAdopt(args[0], spec) },
	}
	cmd.Flags().StringVar(&spec, "spec", specNames[0], "the spec `FILE` to write; it must not be there yet")
	return cmd
}

func (a *app) runAdopt(name, spec string) error {
	src, err := a.readInput(name)
	if err != nil {
		return err
	}
	keys, err := adopt.Read(name, src)
	if err != nil {
		return err
	}
	files, err := adopted(keys, spec)
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
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%q is a folder: run terraform show -json in it and name what that prints", name)
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
