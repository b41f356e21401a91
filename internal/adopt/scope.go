package adopt

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/keywright/keywright/generator"
)

// fact is a value, as far as the configuration tells it. Why says what an unknown one
// depends on; "" if it is known.
type fact struct {
	value cty.Value
	why   string
}

func unknown(format string, args ...any) fact {
	return fact{cty.DynamicVal, fmt.Sprintf(format, args...)}
}

// scope is a module of a configuration that is being worked out: what is mentioned
// is worked out when it is needed, once.
type scope struct {
	*folder
	place generator.Place
	// prefix of its addresses, such as "module.keys."; "" for the root.
	prefix string
	// inputs are the arguments of the call, or what --var says.
	inputs map[string]fact
	// providers are the root module's names of those that the module has, by its own;
	// what is missing has the same name.
	providers map[string]string
	// regions are those of the root module's providers, by their names.
	regions map[string]string
	facts   map[string]fact
}

func newScope(f *folder, place generator.Place, inputs map[string]fact) *scope {
	return &scope{folder: f, place: place, inputs: inputs, facts: map[string]fact{}}
}

// child is the scope of a module that the block calls.
func (s *scope) child(f *folder, call *hclsyntax.Block, one instance) *scope {
	inputs := map[string]fact{}
	for _, attr := range call.Body.Attributes {
		if !slices.Contains(callArguments, attr.Name) {
			inputs[attr.Name] = s.eval(attr.Expr, one.local)
		}
	}
	child := newScope(f, s.place, inputs)
	child.prefix = s.prefix + "module." + call.Labels[0] + one.suffix + "."
	child.providers, child.regions = s.passed(call), s.regions
	return child
}

// eval works an expression out; local are count, each and what else stands for
// something else in each instance of a block.
func (s *scope) eval(e hcl.Expression, local map[string]cty.Value) fact {
	context, why := s.context(e.Variables(), local)
	value, diags := e.Value(context)
	switch {
	case diags.HasErrors() && why == "":
		return unknown("%s", strings.TrimSuffix(cmp.Or(diags[0].Detail, diags[0].Summary), "."))
	case diags.HasErrors():
		return fact{cty.DynamicVal, why}
	case value.IsWhollyKnown():
		return fact{value, ""}
	}
	return fact{value, cmp.Or(why, "it is known only when it is applied")}
}

// context holds what the traversals mention, and says why some of it is unknown.
func (s *scope) context(traversals []hcl.Traversal, local map[string]cty.Value) (*hcl.EvalContext, string) {
	tree, why := map[string]any{}, ""
	for _, t := range traversals {
		path := address(t)
		if _, ok := local[path[0]]; ok {
			continue
		}
		f := s.fact(path)
		why = cmp.Or(why, f.why)
		branch := tree
		for _, name := range path[:len(path)-1] {
			if next, ok := branch[name].(map[string]any); ok {
				branch = next
				continue
			}
			next := map[string]any{}
			branch[name], branch = next, next
		}
		branch[path[len(path)-1]] = f.value
	}
	c := &hcl.EvalContext{Functions: functionsIn(), Variables: map[string]cty.Value{}}
	for name, branch := range tree {
		c.Variables[name] = grown(branch)
	}
	for name, value := range local {
		c.Variables[name] = value
	}
	return c, why
}

// grown makes a value of a branch of the tree.
func grown(branch any) cty.Value {
	if value, ok := branch.(cty.Value); ok {
		return value
	}
	values := map[string]cty.Value{}
	for name, next := range branch.(map[string]any) {
		values[name] = grown(next)
	}
	return cty.ObjectVal(values)
}

// address is what a traversal begins with: "var.x", "TYPE.NAME", "data.TYPE.NAME".
func address(t hcl.Traversal) []string {
	path, length := []string{t.RootName()}, 2
	if path[0] == "data" {
		length = 3
	}
	for _, step := range t[1:] {
		if attr, ok := step.(hcl.TraverseAttr); ok && len(path) < length {
			path = append(path, attr.Name)
		}
	}
	return path
}

// fact works out what stands at an address.
func (s *scope) fact(path []string) fact {
	name := strings.Join(path, ".")
	if known, ok := s.facts[name]; ok {
		return known
	}
	s.facts[name] = unknown("%s%s depends on itself", s.prefix, name)
	s.facts[name] = s.find(path, name)
	return s.facts[name]
}

func (s *scope) find(path []string, name string) fact {
	if local, ok := s.locals[path[len(path)-1]]; ok && path[0] == "local" {
		return s.eval(local, nil)
	}
	block := s.blocks[name]
	switch {
	case path[0] == "path":
		return fact{value: cty.StringVal(filepath.ToSlash(s.dir))}
	case block == nil:
		return unknown("%s%s is not in the configuration", s.prefix, name)
	case path[0] == "var":
		return s.variable(block)
	case path[0] == "data":
		return s.data(block)
	case path[0] == "module":
		return s.outputs(block)
	}
	return s.object(block)
}

// variable is what was passed for it, or its default, as its type has it.
func (s *scope) variable(block *hclsyntax.Block) fact {
	f, passed := s.inputs[block.Labels[0]]
	attr, optional := block.Body.Attributes["default"]
	if optional && (!passed || f.value.IsNull()) {
		f, passed = s.eval(attr.Expr, nil), true
	}
	if !passed {
		return unknown("%s%s has no value: give it one with --var", s.prefix, "var."+block.Labels[0])
	}
	constraint, ok := block.Body.Attributes["type"]
	if !ok || f.why != "" {
		return f
	}
	kind, defaults, diags := typeexpr.TypeConstraintWithDefaults(constraint.Expr)
	if diags.HasErrors() {
		return unknown("%s", diags[0].Summary)
	}
	if defaults != nil && !f.value.IsNull() {
		f.value = defaults.Apply(f.value)
	}
	value, err := convert.Convert(f.value, kind)
	if err != nil {
		return unknown("%s%s is no %s", s.prefix, "var."+block.Labels[0], kind.FriendlyName())
	}
	return fact{value: value}
}

// instance is one of those that count or for_each make of a block.
type instance struct {
	suffix string
	local  map[string]cty.Value
}

// maxInstances keeps a count that is a typing error from filling the memory.
const maxInstances = 1000

// instances of a block, and why they are unknown: then it has one, of whose key
// nothing is known.
func (s *scope) instances(block *hclsyntax.Block) ([]instance, string) {
	count, forEach := block.Body.Attributes["count"], block.Body.Attributes["for_each"]
	switch {
	case count != nil:
		f := s.eval(count.Expr, nil)
		n, err := convert.Convert(f.value, cty.Number)
		if f.why != "" || err != nil || n.IsNull() {
			return []instance{{"", map[string]cty.Value{"count": cty.ObjectVal(map[string]cty.Value{"index": cty.UnknownVal(cty.Number)})}}}, cmp.Or(f.why, "count is no number")
		}
		var all []instance
		size, _ := n.AsBigFloat().Int64()
		if size > maxInstances {
			return nil, fmt.Sprintf("%d instances are more than anybody has", size)
		}
		for i := range size {
			all = append(all, instance{fmt.Sprintf("[%d]", i), map[string]cty.Value{"count": cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(i)})}})
		}
		return all, ""
	case forEach != nil:
		f := s.eval(forEach.Expr, nil)
		if f.why != "" || f.value.IsNull() || !f.value.CanIterateElements() {
			return []instance{{"", map[string]cty.Value{"each": cty.DynamicVal}}}, cmp.Or(f.why, "for_each is no map or set")
		}
		var all []instance
		for key, value := range f.value.Elements() {
			if f.value.Type().IsSetType() {
				key = value
			}
			all = append(all, instance{fmt.Sprintf("[%q]", key.AsString()), map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}})
		}
		return all, ""
	}
	return []instance{{}}, ""
}

// gather makes one value of those of the instances of a block: what an expression
// that mentions the block sees.
func gather(block *hclsyntax.Block, instances []instance, values []cty.Value) cty.Value {
	switch {
	case block.Body.Attributes["count"] != nil:
		return cty.TupleVal(values)
	case block.Body.Attributes["for_each"] != nil:
		all := map[string]cty.Value{}
		for i, one := range instances {
			all[one.local["each"].GetAttr("key").AsString()] = values[i]
		}
		return cty.ObjectVal(all)
	}
	return values[0]
}
