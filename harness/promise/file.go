package promise

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// FileName is the file beside a module that says how it is tested.
const FileName = "keywright.test.hcl"

// file is a test's file as it was read; expressions are not evaluated yet, since
// they name roles that are to be made.
type file struct {
	path  string
	roles []roleBlock
	body  hcl.Body // of the block variables; nil for none
}

type roleBlock struct {
	name     string
	policies []string // IAM policies, JSON
}

var fileSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "role", LabelNames: []string{"name"}}, {Type: "variables"}}}

var functions = map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc}

// readFile reads a test's file; one that is not there is empty.
func readFile(path string) (*file, error) {
	f := &file{path: path}
	src, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", FileName, err)
	}
	parsed, diags := hclparse.NewParser().ParseHCL(src, path)
	if diags.HasErrors() {
		return nil, diags
	}
	content, diags := parsed.Body.Content(fileSchema)
	if diags.HasErrors() {
		return nil, diags
	}
	seen := map[string]bool{}
	for _, block := range content.Blocks {
		name := strings.Join(append([]string{block.Type}, block.Labels...), " ")
		if seen[name] {
			return nil, fmt.Errorf("%s: there is a second block %s: put both into one", block.DefRange, name)
		}
		seen[name] = true
		if block.Type == "variables" {
			f.body = block.Body
			continue
		}
		r, err := readRole(block)
		if err != nil {
			return nil, err
		}
		f.roles = append(f.roles, r)
	}
	return f, nil
}

func readRole(block *hcl.Block) (roleBlock, error) {
	r := roleBlock{name: block.Labels[0]}
	content, diags := block.Body.Content(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "policy"}}})
	if diags.HasErrors() {
		return r, diags
	}
	policy, ok := content.Attributes["policy"]
	if !ok {
		return r, nil
	}
	value, diags := policy.Expr.Value(&hcl.EvalContext{Functions: functions})
	if diags.HasErrors() {
		return r, diags
	}
	if value.IsNull() || value.Type() != cty.String {
		return r, fmt.Errorf("%s: the policy of a role is a string: write jsonencode({ … })", policy.Range)
	}
	r.policies = []string{value.AsString()}
	return r, nil
}

// variables evaluates the block variables.
func (f *file) variables(known map[string]cty.Value) (map[string]cty.Value, error) {
	values := map[string]cty.Value{}
	if f.body == nil {
		return values, nil
	}
	attributes, diags := f.body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	for name, a := range attributes {
		value, diags := a.Expr.Value(&hcl.EvalContext{Variables: known, Functions: functions})
		if diags.HasErrors() {
			return nil, diags
		}
		values[name] = value
	}
	return values, nil
}
