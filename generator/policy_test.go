package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/generator/generatortest"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

// account and region are where rendered policies are worked out.
const (
	account = "111122223333"
	region  = "us-east-1"
)

// role is an ARN of the key's account.
func role(name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// evaluate works the policy of rendered files out as Terraform would: it reads
// variables.tf and policy.tf and nothing of the generator's tables.
func evaluate(t testing.TB, files []generator.File, inputs map[string]cty.Value) string {
	t.Helper()
	at := func(attributes ...string) cty.Value {
		values := map[string]cty.Value{}
		for i := 0; i < len(attributes); i += 2 {
			values[attributes[i]] = cty.StringVal(attributes[i+1])
		}
		return cty.ObjectVal(values)
	}
	variables := map[string]cty.Value{}
	for _, block := range blocks(t, files, "variables.tf") {
		name := block.Labels[0]
		value, given := inputs[name]
		if attr, ok := block.Body.Attributes["default"]; ok && !given {
			var diags hcl.Diagnostics
			value, diags = attr.Expr.Value(nil)
			require.False(t, diags.HasErrors(), diags)
		}
		if value != cty.NilVal {
			variables[name] = value
		}
	}
	context := &hcl.EvalContext{Functions: terraformFunctions, Variables: map[string]cty.Value{
		"var": cty.ObjectVal(variables),
		"data": cty.ObjectVal(map[string]cty.Value{
			"aws_partition":       cty.ObjectVal(map[string]cty.Value{"current": at("partition", "aws", "dns_suffix", "amazonaws.com")}),
			"aws_caller_identity": cty.ObjectVal(map[string]cty.Value{"current": at("account_id", account)}),
			"aws_region":          cty.ObjectVal(map[string]cty.Value{"current": at("id", region), "replica": at("id", "eu-west-1")}),
		}),
	}}
	return locals(t, files, context)["policy_json"].AsString()
}

func blocks(t testing.TB, files []generator.File, name string) []*hclsyntax.Block {
	t.Helper()
	parsed, diags := hclsyntax.ParseConfig([]byte(content(t, files, name)), name, hcl.InitialPos)
	require.False(t, diags.HasErrors(), diags)
	return parsed.Body.(*hclsyntax.Body).Blocks
}

// locals works out those of policy.tf, each as soon as what it needs is there.
func locals(t testing.TB, files []generator.File, context *hcl.EvalContext) map[string]cty.Value {
	t.Helper()
	values := map[string]cty.Value{}
	var waiting []*hclsyntax.Attribute
	for _, block := range blocks(t, files, "policy.tf") {
		if block.Type == "locals" {
			for _, attr := range block.Body.Attributes {
				waiting = append(waiting, attr)
			}
		}
	}
	for len(waiting) > 0 {
		before := len(waiting)
		waiting = slices.DeleteFunc(waiting, func(attr *hclsyntax.Attribute) bool {
			for _, traversal := range attr.Expr.Variables() {
				if traversal.RootName() == "local" {
					if _, known := values[traversal[1].(hcl.TraverseAttr).Name]; !known {
						return false
					}
				}
			}
			context.Variables["local"] = cty.ObjectVal(values)
			value, diags := attr.Expr.Value(context)
			require.False(t, diags.HasErrors(), "%s: %s", attr.Name, diags)
			values[attr.Name] = value
			return true
		})
		require.Less(t, len(waiting), before, "locals that need each other")
	}
	return values
}

var terraformFunctions = map[string]function.Function{
	"can": tryfunc.CanFunc, "try": tryfunc.TryFunc,
	"concat": stdlib.ConcatFunc, "distinct": stdlib.DistinctFunc, "flatten": stdlib.FlattenFunc, "join": stdlib.JoinFunc,
	"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc, "length": stdlib.LengthFunc,
	"setintersection": stdlib.SetIntersectionFunc, "sort": stdlib.SortFunc, "split": stdlib.SplitFunc,
	"tostring": stdlib.MakeToFunc(cty.String), "values": stdlib.ValuesFunc,
}

// arns is a list of strings.
func arns(items ...string) cty.Value {
	values := make([]cty.Value, len(items))
	for i, item := range items {
		values[i] = cty.StringVal(item)
	}
	if len(values) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	return cty.ListVal(values)
}

// everyList gives each list of principals a role of its own, named after it, and
// leaves other variables at their samples.
func everyList(t testing.TB, files []generator.File) map[string]cty.Value {
	t.Helper()
	inputs := map[string]cty.Value{
		"valid_to":        cty.StringVal("2030-01-31T00:00:00Z"),
		"primary_key_arn": cty.StringVal("arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"),
	}
	for _, block := range blocks(t, files, "variables.tf") {
		name := block.Labels[0]
		switch {
		case name == "sns_source_services":
			inputs[name] = arns("events.amazonaws.com")
		case name == "sqs_source_services":
			inputs[name] = arns("s3.amazonaws.com")
		case name == "administrators":
			inputs[name] = arns(role("administrators"), role("deputies"))
		case strings.Contains(describedAs(t, block), "ARNs of the IAM roles"):
			inputs[name] = arns(role(name))
		}
	}
	return inputs
}

func describedAs(t testing.TB, block *hclsyntax.Block) string {
	t.Helper()
	value, diags := block.Body.Attributes["description"].Expr.Value(nil)
	require.False(t, diags.HasErrors(), diags)
	return value.AsString()
}

// judged lints the policy of a rendered module.
func judged(t testing.TB, m generator.Module, document string) []lint.Finding {
	t.Helper()
	policy, err := keypolicy.Parse("key policy", []byte(document))
	require.NoError(t, err, document)
	applier, err := keypolicy.ParsePrincipal("arn:aws:sts::" + account + ":assumed-role/administrators/apply")
	require.NoError(t, err)
	rotation := lint.Unstated
	if m.RotationPeriodInDays > 0 {
		rotation = lint.On
	}
	return lint.Run(lint.Input{
		Policy: policy, Document: []byte(document), Account: account, Applier: &applier,
		Key: &lint.Settings{
			Spec: m.KeySpec, Usage: m.KeyUsage, Origin: string(m.Origin), Rotation: rotation, RotationPeriodInDays: m.RotationPeriodInDays,
			DeletionWindowInDays: m.DeletionWindowInDays, PolicyStated: lint.On,
			MultiRegion: lint.SwitchOf(m.MultiRegion != generator.SingleRegion), Replica: m.MultiRegion == generator.Replica, Replicated: lint.On,
		},
	}, time.Time{})
}

// meant are findings that a spec asks for, by rule.
func meant(m generator.Module, f lint.Finding) bool {
	switch f.Rule {
	case "KP201": // the account is left out, as "none" says
		return m.RootStatement == generator.NoRoot
	case "KP207", "KR503": // a floor of 7 days is none, and less than 30 is short
		return m.DeletionWindowInDays < 30
	case "KR506":
		return m.KeySpec == "RSA_2048"
	}
	return false
}

// TestEveryPresetLintsClean: with every list filled, no rule finds anything in the
// policy of any preset.
func TestEveryPresetLintsClean(t *testing.T) {
	t.Parallel()
	for _, name := range presetNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := module(t, `preset = "`+name+`"`)
			if m.Manages == generator.ManagesGrants {
				t.Skip("the preset has no key policy")
			}
			files := render(t, m)
			require.Empty(t, judged(t, m, evaluate(t, files, everyList(t, files))))
		})
	}
}

// presetNames are those of the catalogue's spec, which has each once.
func presetNames(t testing.TB) []string {
	t.Helper()
	_, err := generator.ParseSpec("keywright.hcl", []byte(`module "all" { preset = "-" }`))
	require.Error(t, err)
	_, list, found := strings.Cut(err.Error(), "write one of ")
	require.True(t, found, err)
	return strings.Split(list, ", ")
}

// module parses a spec of one module with the arguments.
func module(t testing.TB, arguments string) generator.Module {
	t.Helper()
	spec, err := generator.ParseSpec("keywright.hcl", []byte("module \"orders\" {\n"+arguments+"\n}\n"))
	require.NoError(t, err, arguments)
	return spec.Modules[0]
}

// TestAllPairsLintClean: whatever two options of a spec are combined, the module
// renders, and its policy has no finding but those that the spec asks for.
func TestAllPairsLintClean(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: thousands of combinations, one after the other")
	}
	t.Parallel()
	var refused, rendered int
	for _, text := range generatortest.Pairs() {
		spec, err := generator.ParseSpec("keywright.hcl", []byte("module \"orders\" {\n"+text+"\n}\n"))
		if err != nil {
			refused++
			continue
		}
		m := spec.Modules[0]
		files, err := renderer(t).Render(m)
		require.NoError(t, err, text)
		rendered++
		requireWired(t, files, text)
		requireCalled(t, files, text)
		if m.Manages == generator.ManagesGrants {
			continue
		}
		for _, f := range judged(t, m, evaluate(t, files, everyList(t, files))) {
			require.True(t, meant(m, f), "%s\n%s: %s", text, f.Rule, f.Message)
		}
	}
	t.Logf("%d combinations: %d rendered, %d refused as conflicts", refused+rendered, rendered, refused)
	require.Greater(t, rendered, refused)
}

// TestNothingOfTheCallerIsBakedIn: of who runs Terraform a module looks at the
// account alone.
func TestNothingOfTheCallerIsBakedIn(t *testing.T) {
	t.Parallel()
	for _, name := range presetNames(t) {
		for _, f := range render(t, module(t, `preset = "`+name+`"`)) {
			if strings.HasSuffix(f.Path, ".tf") {
				for line := range strings.Lines(string(f.Data)) {
					if strings.Contains(line, "aws_caller_identity.current.") {
						require.Contains(t, line, "aws_caller_identity.current.account_id", fmt.Sprintf("%s: %s", name, f.Path))
					}
				}
			}
		}
	}
}
