package adopt

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// functions of Terraform that configurations of keys call. What another would say is
// not known, and is told so.
var functions = map[string]function.Function{
	"alltrue":         ofBooleans(true),
	"anytrue":         ofBooleans(false),
	"can":             tryfunc.CanFunc,
	"coalesce":        stdlib.CoalesceFunc,
	"coalescelist":    stdlib.CoalesceListFunc,
	"compact":         stdlib.CompactFunc,
	"concat":          stdlib.ConcatFunc,
	"contains":        stdlib.ContainsFunc,
	"distinct":        stdlib.DistinctFunc,
	"element":         stdlib.ElementFunc,
	"endswith":        ofTexts(strings.HasSuffix),
	"flatten":         stdlib.FlattenFunc,
	"format":          stdlib.FormatFunc,
	"formatlist":      stdlib.FormatListFunc,
	"join":            stdlib.JoinFunc,
	"jsondecode":      stdlib.JSONDecodeFunc,
	"jsonencode":      stdlib.JSONEncodeFunc,
	"keys":            stdlib.KeysFunc,
	"length":          lengthFunc,
	"lookup":          stdlib.LookupFunc,
	"lower":           stdlib.LowerFunc,
	"max":             stdlib.MaxFunc,
	"merge":           stdlib.MergeFunc,
	"min":             stdlib.MinFunc,
	"one":             oneFunc,
	"range":           stdlib.RangeFunc,
	"regex":           stdlib.RegexFunc,
	"regexall":        stdlib.RegexAllFunc,
	"replace":         stdlib.ReplaceFunc,
	"reverse":         stdlib.ReverseListFunc,
	"setintersection": stdlib.SetIntersectionFunc,
	"setproduct":      stdlib.SetProductFunc,
	"setsubtract":     stdlib.SetSubtractFunc,
	"setunion":        stdlib.SetUnionFunc,
	"slice":           stdlib.SliceFunc,
	"sort":            stdlib.SortFunc,
	"split":           stdlib.SplitFunc,
	"startswith":      ofTexts(strings.HasPrefix),
	"strcontains":     ofTexts(strings.Contains),
	"substr":          stdlib.SubstrFunc,
	"title":           stdlib.TitleFunc,
	"tobool":          stdlib.MakeToFunc(cty.Bool),
	"tolist":          stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
	"tomap":           stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
	"tonumber":        stdlib.MakeToFunc(cty.Number),
	"toset":           stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
	"tostring":        stdlib.MakeToFunc(cty.String),
	"trim":            stdlib.TrimFunc,
	"trimprefix":      stdlib.TrimPrefixFunc,
	"trimspace":       stdlib.TrimSpaceFunc,
	"trimsuffix":      stdlib.TrimSuffixFunc,
	"try":             tryfunc.TryFunc,
	"upper":           stdlib.UpperFunc,
	"values":          stdlib.ValuesFunc,
	"zipmap":          stdlib.ZipmapFunc,
}

// made returns a function of these parameters.
func made(result cty.Type, impl func([]cty.Value) (cty.Value, error), parameters ...cty.Type) function.Function {
	spec := &function.Spec{Type: function.StaticReturnType(result), Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return impl(args) }}
	for _, p := range parameters {
		spec.Params = append(spec.Params, function.Parameter{Type: p})
	}
	return function.New(spec)
}

func ofTexts(holds func(a, b string) bool) function.Function {
	return made(cty.Bool, func(args []cty.Value) (cty.Value, error) {
		return cty.BoolVal(holds(args[0].AsString(), args[1].AsString())), nil
	}, cty.String, cty.String)
}

// ofBooleans tells whether all of a list are true, or any.
func ofBooleans(all bool) function.Function {
	return made(cty.Bool, func(args []cty.Value) (cty.Value, error) {
		for _, v := range args[0].AsValueSlice() {
			if !v.IsKnown() {
				return cty.UnknownVal(cty.Bool), nil
			}
			if !v.IsNull() && v.True() != all {
				return cty.BoolVal(!all), nil
			}
		}
		return cty.BoolVal(all), nil
	}, cty.List(cty.Bool))
}

// lengthFunc is that of strings too.
var lengthFunc = made(cty.Number, func(args []cty.Value) (cty.Value, error) {
	if args[0].Type() == cty.String {
		return stdlib.Strlen(args[0])
	}
	return stdlib.Length(args[0])
}, cty.DynamicPseudoType)

// oneFunc returns the only element of a list, or null.
var oneFunc = made(cty.DynamicPseudoType, func(args []cty.Value) (cty.Value, error) {
	items := args[0].AsValueSlice()
	switch len(items) {
	case 0:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case 1:
		return items[0], nil
	}
	return cty.NilVal, function.NewArgErrorf(0, "must be a list of one element at most")
}, cty.DynamicPseudoType)

// functionsIn are the functions, with those that read files, which they take
// relative to where the command runs.
func functionsIn() map[string]function.Function {
	all := map[string]function.Function{"file": made(cty.String, func(args []cty.Value) (cty.Value, error) {
		data, err := os.ReadFile(filepath.FromSlash(args[0].AsString()))
		return cty.StringVal(string(data)), err
	}, cty.String)}
	for name, f := range functions {
		all[name] = f
	}
	all["templatefile"] = made(cty.DynamicPseudoType, func(args []cty.Value) (cty.Value, error) {
		name := filepath.FromSlash(args[0].AsString())
		data, err := os.ReadFile(name)
		if err != nil {
			return cty.NilVal, err
		}
		template, diags := hclsyntax.ParseTemplate(data, name, hcl.InitialPos)
		if diags.HasErrors() {
			return cty.NilVal, diags
		}
		value, diags := template.Value(&hcl.EvalContext{Functions: functions, Variables: args[1].AsValueMap()})
		if diags.HasErrors() {
			return cty.NilVal, diags
		}
		return value, nil
	}, cty.String, cty.DynamicPseudoType)
	return all
}
