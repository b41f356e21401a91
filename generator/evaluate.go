package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Where the modules' own tests take place.
const (
	sampleAccount = "111122223333"
	sampleRegion  = "us-east-1"
)

// dataSource is a data source of the module, with what the tests have it return.
type dataSource struct {
	Type, Name, Provider string
	Values               []assignment
}

// sampleData are the data sources that a module may have.
var sampleData = []dataSource{
	{"aws_partition", "current", "", []assignment{{"partition", `"aws"`}, {"dns_suffix", `"amazonaws.com"`}}},
	{"aws_caller_identity", "current", "", []assignment{{"account_id", quote(sampleAccount)}}},
	{"aws_region", "current", "", []assignment{{"id", quote(sampleRegion)}, {"name", quote(sampleRegion)}}},
	{"aws_region", "replica", "aws.replica", []assignment{{"id", `"eu-west-1"`}, {"name", `"eu-west-1"`}}},
}

// evaluator works expressions out as Terraform does when the module's own tests
// run, so that these can hold what has to come out.
type evaluator struct {
	memo    *memo
	context *hcl.EvalContext
}

// functionsOfTerraform that the expressions of policies call.
var functionsOfTerraform = map[string]function.Function{
	"concat":          stdlib.ConcatFunc,
	"distinct":        stdlib.DistinctFunc,
	"length":          stdlib.LengthFunc,
	"setintersection": stdlib.SetIntersectionFunc,
	"sort":            stdlib.SortFunc,
	"split":           stdlib.SplitFunc,
	"tostring":        stdlib.MakeToFunc(cty.String),
}

// newEvaluator works the locals out with the samples of the variables.
func newEvaluator(memo *memo, v *view) (*evaluator, error) {
	e := &evaluator{memo, &hcl.EvalContext{Functions: functionsOfTerraform, Variables: map[string]cty.Value{"local": cty.EmptyObjectVal}}}
	data := map[string]map[string]cty.Value{}
	for _, d := range v.Data {
		values, err := e.object(d.Values)
		if err != nil {
			return nil, err
		}
		if data[d.Type] == nil {
			data[d.Type] = map[string]cty.Value{}
		}
		data[d.Type][d.Name] = values
	}
	types := map[string]cty.Value{}
	for name, instances := range data {
		types[name] = cty.ObjectVal(instances)
	}
	e.context.Variables["data"] = cty.ObjectVal(types)
	var samples []assignment
	for _, variable := range v.Variables {
		if value := variable.sample(); value != "" {
			samples = append(samples, assignment{variable.Name, value})
		}
	}
	values, err := e.object(samples)
	if err != nil {
		return nil, err
	}
	e.context.Variables["var"] = values
	return e, e.addLocals(v.Locals)
}

// sample is what the tests pass for the variable, or its default.
func (v variable) sample() string {
	if v.Sample != "" {
		return v.Sample
	}
	return v.Default
}

func (e *evaluator) addLocals(locals []local) error {
	values := map[string]cty.Value{}
	for _, l := range locals {
		value, err := e.value(l.Value)
		if err != nil {
			return fmt.Errorf("local %s: %w", l.Name, err)
		}
		values[l.Name] = value
		e.context.Variables["local"] = cty.ObjectVal(values)
	}
	return nil
}

func (e *evaluator) object(attributes []assignment) (cty.Value, error) {
	values := make(map[string]cty.Value, len(attributes))
	for _, a := range attributes {
		value, err := e.value(a.Value)
		if err != nil {
			return cty.NilVal, fmt.Errorf("%s: %w", a.Name, err)
		}
		values[a.Name] = value
	}
	return cty.ObjectVal(values), nil
}

func (e *evaluator) value(expression string) (cty.Value, error) {
	parsed, err := e.memo.expression(expression)
	if err != nil {
		return cty.NilVal, err
	}
	value, diags := parsed.Value(e.context)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return value, nil
}

// statement is what the policy holds for the statement, as an HCL literal.
func (e *evaluator) statement(s statement) (string, error) {
	principals, err := e.value(s.Principals)
	if err != nil {
		return "", fmt.Errorf("principals of statement %s: %w", s.Sid, err)
	}
	attributes := []string{
		"Sid = " + quote(s.Sid), `Effect = "Allow"`, "Principal = { " + s.Kind + " = " + literal(principals) + " }",
		"Action = [" + quotedLines(s.Actions) + "]", `Resource = "*"`,
	}
	var conditions []string
	for _, o := range s.Operators() {
		value, err := e.value(o.Expression())
		if err != nil {
			return "", fmt.Errorf("condition %s of statement %s: %w", o.Name, s.Sid, err)
		}
		conditions = append(conditions, o.Name+" = "+literal(value))
	}
	if len(conditions) > 0 {
		attributes = append(attributes, "Condition = "+block(conditions))
	}
	return block(attributes), nil
}

// literal writes a value of strings, lists and objects.
func literal(v cty.Value) string {
	switch {
	case v.Type() == cty.String:
		return quote(v.AsString())
	case v.Type().IsObjectType() || v.Type().IsMapType():
		var pairs []string
		for name, value := range v.AsValueMap() {
			pairs = append(pairs, quote(name)+" = "+literal(value))
		}
		slices.Sort(pairs)
		return block(pairs)
	}
	var items []string
	for _, item := range v.AsValueSlice() {
		items = append(items, literal(item))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// parseExpression reads an HCL expression of the tables.
func parseExpression(text string) (hcl.Expression, error) {
	parsed, diags := hclsyntax.ParseExpression([]byte(text), "expression", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("%s: %w", text, diags)
	}
	return parsed, nil
}
