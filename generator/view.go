package generator

import (
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// view is what templates see. Its strings are HCL expressions where it says so,
// already quoted, so that a template inserts and decides nothing.
type view struct {
	Module   Module
	Defaults defaults
	Root     root
	// Statements of the key policy; StatementsWithoutUsers are those that stay
	// when users and service_users are empty.
	Statements, StatementsWithoutUsers []statement
	// PrincipalPattern is an HCL string.
	PrincipalPattern string
	// What follows is read from the rendered Terraform and is there for
	// documents (.md) only.
	Inputs  []input
	Outputs []output
	// Usage is the module block of examples/basic.
	Usage string
}

// defaults are HCL expressions; "" makes the variable a required one.
type defaults struct {
	Alias, Description, Administrators, Users, ServiceUsers, Tags string
}

// presets maps a preset to the function that computes its view. Its templates
// are the folder of the same name.
var presets = map[string]func(Module) view{"encryption": encryptionView}

// newView checks what a Module that no spec was parsed for may get wrong.
func newView(m Module) (view, error) {
	compute, ok := presets[m.Preset]
	if !ok {
		return view{}, fmt.Errorf("unknown preset %q; %s", m.Preset, suggest(m.Preset, words(presets)))
	}
	if _, ok := rootStatements[m.RootStatement]; !ok {
		return view{}, fmt.Errorf("unknown root_statement %q; %s", m.RootStatement, suggest(string(m.RootStatement), words(rootStatements)))
	}
	return compute(m), nil
}

const encryptionDescription = "Encrypts and decrypts data"

func encryptionView(m Module) view {
	r := rootStatements[m.RootStatement]
	statements := slices.Concat(r.Statements, encryptionStatements)
	v := view{
		Module:                 m,
		Root:                   r,
		Statements:             statements,
		StatementsWithoutUsers: withoutUsers(statements),
		PrincipalPattern:       quote(principalPattern),
		Defaults: defaults{
			Description:    quote(m.Description),
			Administrators: list(m.Administrators),
			Users:          list(m.Users),
			ServiceUsers:   list(m.ServiceUsers),
			Tags:           dictionary(m.Tags),
		},
	}
	if m.Alias != "" {
		v.Defaults.Alias = quote(m.Alias)
	}
	if m.Description == "" {
		v.Defaults.Description = quote(encryptionDescription)
	}
	if r.NeedsAdministrators && len(m.Administrators) == 0 {
		v.Defaults.Administrators = ""
	}
	return v
}

// functions that templates may call.
var functions = template.FuncMap{"quote": quote, "codes": codes, "cell": cell}

// quote returns s as an HCL string, interpolation marks escaped.
func quote(s string) string { return expression(cty.StringVal(s)) }

func list(items []string) string {
	values := make([]cty.Value, len(items))
	for i, item := range items {
		values[i] = cty.StringVal(item)
	}
	return expression(cty.TupleVal(values))
}

func dictionary(entries map[string]string) string {
	values := make(map[string]cty.Value, len(entries))
	for name, value := range entries {
		values[name] = cty.StringVal(value)
	}
	return expression(cty.ObjectVal(values))
}

func expression(v cty.Value) string {
	return string(hclwrite.TokensForValue(v).Bytes())
}

// codes lists items for a cell of a Markdown table.
func codes(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = fmt.Sprintf("`%s`", item)
	}
	return strings.Join(quoted, ", ")
}

// cell fits text into a cell of a Markdown table: one line, no column marks.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
