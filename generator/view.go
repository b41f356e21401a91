package generator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// view is what templates see: a module worked out. Its strings are HCL
// expressions where it says so, already quoted, so that a template inserts and
// decides little.
type view struct {
	Module Module
	// Purpose says what the module is for; "" for one made from parts.
	Purpose string
	Engine  engine
	// Floor is the lowest provider, FloorWhy the comment at it.
	Floor, FloorWhy string
	Root            root

	Data          []dataSource
	Locals        []local
	Statements    []statement
	Variables     []variable
	Outputs       []output
	Resources     []resource
	Preconditions []precondition
	Parties       []party
	// Checked is the address of what holds the preconditions.
	Checked string
	// Refusals are the runs of the tests that must fail.
	Refusals []refusal
	// Literals are the statements as the tests expect them, by Sid.
	Literals map[string]string
	// Emptied are the Sids that stay when nobody but administrators is named.
	Emptied []string

	// Interface is read from the rendered Terraform and is there for documents
	// (.md) only.
	Interface documented
}

// newView works m out. It checks what a Module that no spec was parsed for may
// get wrong.
func newView(m Module, memo *memo) (*view, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	v := &view{Module: m, Engine: engines[m.Target.Engine], Root: rootStatements[m.RootStatement], Variables: m.variables()}
	if p, ok := lookUpPreset(m.Preset); ok {
		v.Purpose = p.purpose
	}
	v.Floor, v.FloorWhy = m.floor()
	if m.Manages != ManagesGrants {
		v.Parties = m.parties()
		v.Statements = m.statements()
		v.Preconditions = m.preconditions()
		v.Locals = m.locals(v.Statements, v.Preconditions)
		v.Data = dataFor(v)
	}
	v.Resources = m.resources(v.Preconditions)
	v.Outputs = m.outputs(v.Preconditions)
	v.Checked = "output.policy"
	if m.Manages == ManagesKey {
		v.Checked = m.key()
	}
	v.Refusals = slices.Concat(refusals(v.Variables), v.checkedRefusals())
	return v, v.literals(memo)
}

// checkedRefusals are the runs that break preconditions.
func (v *view) checkedRefusals() []refusal {
	var runs []refusal
	for _, p := range v.Preconditions {
		for _, run := range p.Breaks {
			run.Failing = []string{v.Checked}
			runs = append(runs, run)
		}
	}
	return runs
}

// dataFor are the data sources that the module mentions.
func dataFor(v *view) []dataSource {
	var text strings.Builder
	for _, l := range v.Locals {
		text.WriteString(l.Value)
	}
	for _, s := range v.Statements {
		text.WriteString(s.Principals)
	}
	return slices.DeleteFunc(slices.Clone(sampleData), func(d dataSource) bool {
		return !strings.Contains(text.String(), "data."+d.Type+"."+d.Name+".")
	})
}

// literals works the statements out as they are in the module's tests.
func (v *view) literals(memo *memo) error {
	e, err := newEvaluator(memo, v)
	if err != nil {
		return err
	}
	v.Literals = make(map[string]string, len(v.Statements))
	for _, s := range v.Statements {
		if v.Literals[s.Sid], err = e.statement(s); err != nil {
			return err
		}
		if v.alwaysThere(s) {
			v.Emptied = append(v.Emptied, s.Sid)
		}
	}
	return nil
}

// alwaysThere reports whether the statement has principals when all lists that
// may be empty are.
func (v *view) alwaysThere(s statement) bool {
	return strings.HasPrefix(s.Principals, "[") || s.Principals == "local.administrators" || s.Principals == "local.administrators_accounts"
}

// functions that templates may call.
var functions = template.FuncMap{"quote": quote, "codes": codes, "cell": cell, "list": list, "quoted": quotedLines, "escaped": escaped, "code": code, "trim": strings.TrimSpace}

// quote returns s as an HCL string, interpolation marks escaped.
func quote(s string) string {
	if strings.ContainsFunc(s, needsEscape) {
		return string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes())
	}
	return `"` + s + `"`
}

// needsEscape is true of characters that HCL might not read as themselves.
func needsEscape(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\$%`, r) }

func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = quote(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func dictionary(entries map[string]string) string {
	pairs := make([]string, 0, len(entries))
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		pairs = append(pairs, quote(name)+" = "+quote(entries[name]))
	}
	return block(pairs)
}

// block writes the attributes of an object, a line each if there are several.
func block(pairs []string) string {
	switch len(pairs) {
	case 0:
		return "{}"
	case 1:
		return "{ " + pairs[0] + " }"
	}
	return "{\n" + strings.Join(pairs, "\n") + "\n}"
}

// quotedLines writes items as the elements of a list, a line each.
func quotedLines(items []string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString("\n" + quote(item) + ",")
	}
	return b.String() + "\n"
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
