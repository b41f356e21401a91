package generator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// documented is what a module's documents tell of its rendered Terraform: nothing
// is typed twice, so nothing can differ.
type documented struct {
	Inputs    []input
	Outputs   []description
	Resources []address
	// Usage is the module block of examples/basic.
	Usage string
}

// input is a variable of a rendered module. Type and Default are as
// terraform-docs shows them.
type input struct {
	Name, Description, Type, Default string
	Required                         bool
}

// description is an output of a rendered module.
type description struct{ Name, Description string }

// address is a resource or data source of a rendered module.
type address struct {
	Type, Name string
	Data       bool
}

// Page is the path of its documentation below that of the provider.
func (a address) Page() string {
	kind := "resources"
	if a.Data {
		kind = "data-sources"
	}
	return kind + "/" + strings.TrimPrefix(a.Type, "aws_")
}

// add puts what another part tells to it.
func (d *documented) add(other documented) {
	d.Inputs = append(d.Inputs, other.Inputs...)
	d.Outputs = append(d.Outputs, other.Outputs...)
	d.Resources = append(d.Resources, other.Resources...)
	d.Usage += other.Usage
}

// read notes the blocks of a part of a file.
func (d *documented) read(name string, src []byte, blocks []*hclsyntax.Block) error {
	for _, block := range blocks {
		var err error
		switch {
		case block.Type == "module" && name == "examples/basic/main.tf":
			d.Usage = string(block.Range().SliceBytes(src))
		case path.Dir(name) != ".":
		case block.Type == "variable":
			err = d.addInput(src, block)
		case block.Type == "output":
			err = d.addOutput(block)
		case block.Type == "resource" || block.Type == "data":
			d.Resources = append(d.Resources, address{block.Labels[0], block.Labels[1], block.Type == "data"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Sorted orders everything as terraform-docs does: by name, resources before data
// sources.
func (d documented) Sorted() documented {
	d.Inputs, d.Outputs, d.Resources = slices.Clone(d.Inputs), slices.Clone(d.Outputs), slices.Clone(d.Resources)
	slices.SortFunc(d.Inputs, func(a, b input) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Outputs, func(a, b description) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Resources, func(a, b address) int {
		if a.Data != b.Data {
			if a.Data {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return d
}

func (d *documented) addInput(src []byte, block *hclsyntax.Block) error {
	description, err := described(block)
	if err != nil {
		return err
	}
	in := input{Name: block.Labels[0], Description: description, Type: "any", Required: true}
	if attr, ok := block.Body.Attributes["type"]; ok {
		in.Type = string(attr.Expr.Range().SliceBytes(src))
	}
	if attr, ok := block.Body.Attributes["default"]; ok {
		in.Required = false
		if in.Default, err = asJSON(attr.Expr); err != nil {
			return fmt.Errorf("default of variable %q: %w", in.Name, err)
		}
	}
	d.Inputs = append(d.Inputs, in)
	return nil
}

// asJSON is a default as terraform-docs shows it: JSON, a line for each element.
func asJSON(e hcl.Expression) (string, error) {
	value, diags := e.Value(nil)
	if diags.HasErrors() {
		return "", diags
	}
	data, err := ctyjson.Marshal(value, value.Type())
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return "", err
	}
	// What encoding/json writes for HTML's sake is not what the default says.
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(out.String()), nil
}

func (d *documented) addOutput(block *hclsyntax.Block) error {
	text, err := described(block)
	if err != nil {
		return err
	}
	d.Outputs = append(d.Outputs, description{block.Labels[0], text})
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

// Functions for the region of a README that terraform-docs keeps up to date.

// escaped keeps underscores from being read as emphasis.
func escaped(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], "_", `\_`)
	}
	return strings.ReplaceAll(strings.Join(parts, "`"), "|", `\|`)
}

// code is text of one or more lines as a cell shows it.
func code(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	if strings.Contains(text, "\n") {
		return "<pre>" + strings.ReplaceAll(text, "\n", "<br/>") + "</pre>"
	}
	return "`" + text + "`"
}
