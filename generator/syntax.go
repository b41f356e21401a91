package generator

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
)

// moduleBlock is a module block, of either syntax.
type moduleBlock struct {
	*hcl.Block
	attributes hcl.Attributes
	// nested blocks, which none should have. JSON has none: there they look like
	// attributes that are objects.
	nested hcl.Blocks
}

// blocks returns the module blocks of a spec, and where it begins. What stands
// beside them is reported; the error is of the syntax.
func (d *decoder) blocks(filename string, src []byte) ([]*moduleBlock, hcl.Range, error) {
	if strings.HasSuffix(filename, ".json") {
		return jsonBlocks(filename, src)
	}
	file, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, hcl.Range{}, fromHCL(diags)
	}
	body := file.Body.(*hclsyntax.Body) // what ParseConfig documents
	for _, attr := range body.Attributes {
		d.report(attr.NameRange, "move it into a module block", "argument %q stands outside a module", attr.Name)
	}
	var blocks []*moduleBlock
	for _, block := range body.Blocks {
		if block.Type != "module" {
			d.report(block.TypeRange, "a spec holds blocks of the type module", "unknown block %q", block.Type)
			continue
		}
		b := &moduleBlock{Block: block.AsHCLBlock(), attributes: hcl.Attributes{}}
		for name, attr := range block.Body.Attributes {
			b.attributes[name] = attr.AsHCLAttribute()
		}
		for _, nested := range block.Body.Blocks {
			b.nested = append(b.nested, nested.AsHCLBlock())
		}
		blocks = append(blocks, b)
	}
	return blocks, body.SrcRange, nil
}

// jsonBlocks reads the JSON syntax: {"module": {"NAME": {"ARGUMENT": VALUE}}}.
func jsonBlocks(filename string, src []byte) ([]*moduleBlock, hcl.Range, error) {
	file, diags := json.Parse(src, filename)
	if diags.HasErrors() {
		return nil, hcl.Range{}, fromHCL(diags)
	}
	content, diags := file.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "module", LabelNames: []string{"name"}}}})
	if diags.HasErrors() {
		return nil, hcl.Range{}, fromHCL(diags)
	}
	var blocks []*moduleBlock
	for _, block := range content.Blocks {
		attributes, diags := block.Body.JustAttributes()
		if diags.HasErrors() {
			return nil, hcl.Range{}, fromHCL(diags)
		}
		blocks = append(blocks, &moduleBlock{Block: block, attributes: attributes})
	}
	return blocks, file.Body.MissingItemRange(), nil
}
