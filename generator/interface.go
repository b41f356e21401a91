package generator

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// input is a variable of a rendered module; Type and Default are HCL.
type input struct {
	Name, Description, Type, Default string
	Required                         bool
}

// output is an output of a rendered module.
type output struct{ Name, Description string }

// document reads, from a module's rendered Terraform, what its documents tell
// about it: nothing is typed twice, so nothing can differ.
func (v *view) document(files []File) error {
	readers := map[string]func([]byte, *hclsyntax.Block) error{
		"variables.tf":           v.addInput,
		"outputs.tf":             v.addOutput,
		"examples/basic/main.tf": v.addUsage,
	}
	for _, f := range files {
		read, ok := readers[f.Path]
		if !ok {
			continue
		}
		parsed, diags := hclsyntax.ParseConfig(f.Data, f.Path, hcl.InitialPos)
		if diags.HasErrors() {
			return diags
		}
		for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
			if err := read(f.Data, block); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *view) addInput(src []byte, block *hclsyntax.Block) error {
	description, err := described(block)
	if err != nil {
		return err
	}
	fallback, optional := source(src, block, "default")
	kind, _ := source(src, block, "type")
	v.Inputs = append(v.Inputs, input{Name: block.Labels[0], Description: description, Type: kind, Default: fallback, Required: !optional})
	return nil
}

func (v *view) addOutput(_ []byte, block *hclsyntax.Block) error {
	description, err := described(block)
	if err != nil {
		return err
	}
	v.Outputs = append(v.Outputs, output{Name: block.Labels[0], Description: description})
	return nil
}

func (v *view) addUsage(src []byte, block *hclsyntax.Block) error {
	if block.Type == "module" {
		v.Usage = string(block.Range().SliceBytes(src))
	}
	return nil
}

// described returns the description that every variable and output must have.
func described(block *hclsyntax.Block) (string, error) {
	attr, ok := block.Body.Attributes["description"]
	if !ok {
		return "", fmt.Errorf("%s: %s %q has no description", block.TypeRange, block.Type, block.Labels[0])
	}
	value, diags := attr.Expr.Value(nil)
	if diags.HasErrors() {
		return "", diags
	}
	return value.AsString(), nil
}

// source returns the text of an argument's expression, and whether it is there.
func source(src []byte, block *hclsyntax.Block, name string) (string, bool) {
	attr, ok := block.Body.Attributes[name]
	if !ok {
		return "", false
	}
	return string(attr.Expr.Range().SliceBytes(src)), true
}
