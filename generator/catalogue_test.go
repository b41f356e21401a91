package generator_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

// forEachPreset runs a test on the files of each preset.
func forEachPreset(t *testing.T, check func(*testing.T, generator.Module, []generator.File)) {
	for _, name := range presetNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := module(t, `preset = "`+name+`"`)
			check(t, m, render(t, m))
		})
	}
}

func has(files []generator.File, name string) bool {
	return slices.ContainsFunc(files, func(f generator.File) bool { return f.Path == name })
}

// TestReadmeTellsThePolicy: the table "who can do what" has a row for each
// statement of the policy as it comes out, with its actions, and no other.
func TestReadmeTellsThePolicy(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `([A-Za-z0-9]+)` \\| [^|]+ \\| ([^|]+) \\| [^|]+ \\| \\[[^|]+\\]\\(https://docs\\.aws\\.amazon\\.com/[^|]+\\) \\|$")
	forEachPreset(t, func(t *testing.T, _ generator.Module, files []generator.File) {
		var told, rendered []string
		for _, cells := range row.FindAllStringSubmatch(content(t, files, "README.md"), -1) {
			told = append(told, cells[1]+": "+strings.ReplaceAll(cells[2], "`", ""))
		}
		if has(files, "policy.tf") {
			var policy struct {
				Statement []struct {
					Sid    string
					Action []string
				}
			}
			require.NoError(t, json.Unmarshal([]byte(evaluate(t, files, everyList(t, files))), &policy))
			for _, s := range policy.Statement {
				rendered = append(rendered, s.Sid+": "+strings.Join(s.Action, ", "))
			}
		}
		require.Equal(t, rendered, told)
	})
}

// TestEveryRuleHasItsRun: for each validation of a variable there is a run of the
// module's tests that must fail by it, and for each precondition one as well.
func TestEveryRuleHasItsRun(t *testing.T) {
	t.Parallel()
	forEachPreset(t, func(t *testing.T, _ generator.Module, files []generator.File) {
		failing := map[string]int{}
		for _, block := range blocks(t, files, "tests/validation.tftest.hcl") {
			if attr, ok := block.Body.Attributes["expect_failures"]; ok {
				for _, e := range attr.Expr.(*hclsyntax.TupleConsExpr).Exprs {
					failing[string(e.Range().SliceBytes([]byte(content(t, files, "tests/validation.tftest.hcl"))))]++
				}
			}
		}
		for _, block := range blocks(t, files, "variables.tf") {
			require.GreaterOrEqual(t, failing["var."+block.Labels[0]], len(block.Body.Blocks), block.Labels[0])
		}
		preconditions := 0
		for _, name := range []string{"main.tf", "outputs.tf"} {
			preconditions += strings.Count(content(t, files, name), "precondition {")
		}
		for object, runs := range failing {
			if !strings.HasPrefix(object, "var.") {
				require.GreaterOrEqual(t, runs, preconditions, object)
				preconditions = 0
			}
		}
		require.Zero(t, preconditions)
	})
}

// TestEveryStatementHasItsAssertion: the module's tests name each statement of the
// policy, whole.
func TestEveryStatementHasItsAssertion(t *testing.T) {
	t.Parallel()
	asserted := regexp.MustCompile(`statement if statement\.Sid == "([A-Za-z0-9]+)"\]\) == jsonencode\(\[\{`)
	forEachPreset(t, func(t *testing.T, _ generator.Module, files []generator.File) {
		if !has(files, "policy.tf") {
			return
		}
		var found []string
		for _, match := range asserted.FindAllStringSubmatch(content(t, files, "tests/policy.tftest.hcl"), -1) {
			found = append(found, match[1])
		}
		require.Equal(t, sids(t, content(t, files, "policy.tf")), found)
	})
}

// TestNothingDangles: what a module mentions is declared, and what it declares is
// mentioned.
func TestNothingDangles(t *testing.T) {
	t.Parallel()
	forEachPreset(t, func(t *testing.T, m generator.Module, files []generator.File) {
		requireWired(t, files, m.Name)
		requireCalled(t, files, m.Name)
	})
}

// requireCalled asserts that each example passes what the module requires, and
// nothing that it does not take.
func requireCalled(t testing.TB, files []generator.File, what string) {
	t.Helper()
	takes, requires := map[string]bool{"source": true, "providers": true}, map[string]bool{}
	for _, block := range blocks(t, files, "variables.tf") {
		takes[block.Labels[0]] = true
		if _, optional := block.Body.Attributes["default"]; !optional {
			requires[block.Labels[0]] = true
		}
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Path, "examples/") {
			continue
		}
		for _, block := range blocks(t, files, f.Path) {
			if block.Type != "module" {
				continue
			}
			for name := range block.Body.Attributes {
				require.True(t, takes[name], "%s: %s passes %s", what, f.Path, name)
			}
			for name := range requires {
				require.Contains(t, block.Body.Attributes, name, "%s: %s", what, f.Path)
			}
		}
	}
}

// requireWired asserts that the module's variables, locals, data sources and
// resources are those that it mentions; resources need not be mentioned.
func requireWired(t testing.TB, files []generator.File, what string) {
	t.Helper()
	declared, mentioned := map[string]bool{}, map[string]bool{}
	var look func(*hclsyntax.Body)
	look = func(body *hclsyntax.Body) {
		for _, attr := range body.Attributes {
			for _, traversal := range attr.Expr.Variables() {
				mentioned[reference(traversal)] = true
			}
		}
		for _, nested := range body.Blocks {
			look(nested.Body)
		}
	}
	for _, name := range []string{"main.tf", "policy.tf", "variables.tf", "outputs.tf"} {
		if !has(files, name) {
			continue
		}
		for _, block := range blocks(t, files, name) {
			look(block.Body)
			switch block.Type {
			case "variable":
				declared["var."+block.Labels[0]] = true
			case "locals":
				for local := range block.Body.Attributes {
					declared["local."+local] = true
				}
			case "data":
				declared["data."+strings.Join(block.Labels, ".")] = true
			case "resource":
				declared[strings.Join(block.Labels, ".")] = true
			}
		}
	}
	for name := range mentioned {
		require.True(t, declared[name] || !strings.Contains(name, ".") || strings.HasPrefix(name, "each.") || strings.HasPrefix(name, "constraints.") || name == "aws.replica",
			"%s mentions %s, which is not there", what, name)
	}
	for name := range declared {
		require.True(t, mentioned[name] || strings.HasPrefix(name, "aws_"), "%s declares %s and does not use it", what, name)
	}
}

// reference is the address that a traversal begins with.
func reference(traversal hcl.Traversal) string {
	parts := []string{traversal.RootName()}
	length := 2
	if parts[0] == "data" {
		length = 3
	}
	for _, step := range traversal[1:] {
		if attr, ok := step.(hcl.TraverseAttr); ok && len(parts) < length {
			parts = append(parts, attr.Name)
		}
	}
	return strings.Join(parts, ".")
}

// TestEveryVariableIsStrict: typed, described, never null, and validated unless any
// value of the type will do.
func TestEveryVariableIsStrict(t *testing.T) {
	t.Parallel()
	forEachPreset(t, func(t *testing.T, _ generator.Module, files []generator.File) {
		for _, block := range blocks(t, files, "variables.tf") {
			for _, attribute := range []string{"description", "type", "nullable"} {
				require.Contains(t, block.Body.Attributes, attribute, block.Labels[0])
			}
			require.NotEmpty(t, block.Body.Blocks, "variable %s has no validation", block.Labels[0])
		}
		outputs := blocks(t, files, "outputs.tf")
		if has(files, "tests/policy.tftest.hcl") && outputs[0].Labels[0] != "policy" {
			require.Equal(t, "key_arn", outputs[0].Labels[0])
		}
		require.NotContains(t, content(t, files, "outputs.tf"), "grant_token")
	})
}

// TestRenderSettles: laying a file out once more changes nothing.
func TestRenderSettles(t *testing.T) {
	t.Parallel()
	forEachPreset(t, func(t *testing.T, _ generator.Module, files []generator.File) {
		for _, f := range files {
			if strings.HasSuffix(f.Path, ".tf") || strings.HasSuffix(f.Path, ".hcl") {
				require.Equal(t, string(f.Data), string(hclwrite.Format(f.Data)), f.Path)
				require.NotContains(t, string(f.Data), "\n\n\n", f.Path)
			}
		}
	})
}

// TestRenderSettlesWithValues: the same for modules that differ in their values, one
// after the other, each of which its variables and its README tell.
func TestRenderSettlesWithValues(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	for _, values := range []struct{ arguments, variable, table string }{
		{`tags = { a = "1" }`, `default     = { "a" = "1" }`, `<pre>{<br/>  "a": "1"<br/>}</pre>`},
		{`tags = { b = "2" }`, `default     = { "b" = "2" }`, `<pre>{<br/>  "b": "2"<br/>}</pre>`},
		{`tags = { a = "1", b = "2" }`, "default = {\n    \"a\" = \"1\"", `<pre>{<br/>  "a": "1",<br/>  "b": "2"<br/>}</pre>`},
		{`aliases = ["x/y"]`, `default     = ["x/y"]`, `<pre>[<br/>  "x/y"<br/>]</pre>`},
		{`description = "A = ${b}"`, "default     = \"A = $${b}\"", "`\"A = ${b}\"`"},
	} {
		files, err := r.Render(parse(t, strings.ReplaceAll(values.arguments, "${", "$${")))
		require.NoError(t, err)
		variables := content(t, files, "variables.tf")
		require.Equal(t, variables, string(hclwrite.Format([]byte(variables))))
		require.Contains(t, variables, values.variable)
		require.Contains(t, content(t, files, "README.md"), values.table)
	}
}

// TestSkipsAreTold: the README has a row for each finding that a file skips, with the
// reason that stands there, and claims no other skip.
func TestSkipsAreTold(t *testing.T) {
	t.Parallel()
	skip := regexp.MustCompile(`(?m)^ +# (checkov|tflint):skip=([A-Z0-9_]+):(.+)$`)
	row := regexp.MustCompile(`(?m)^\| (checkov|tflint) \| ([A-Z0-9_]+) \| skipped in ([^|]+) \| ([^|]+) \|$`)
	forEachPreset(t, func(t *testing.T, _ generator.Module, files []generator.File) {
		var told, made []string
		for _, cells := range row.FindAllStringSubmatch(content(t, files, "README.md"), -1) {
			told = append(told, strings.Join(cells[1:], ", "))
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Path, ".tf") {
				continue
			}
			for _, found := range skip.FindAllStringSubmatch(string(f.Data), -1) {
				made = append(made, strings.Join([]string{found[1], found[2], strings.TrimSuffix(f.Path, "/main.tf"), found[3]}, ", "))
			}
		}
		require.ElementsMatch(t, made, told)
	})
	require.Contains(t, content(t, render(t, module(t, `preset = "s3"`)), "examples/basic/main.tf"), "checkov:skip=CKV_AWS_18:")
}

// TestRenderKeepsMaterialOutOfTerraform: no module takes or passes key material.
func TestRenderKeepsMaterialOutOfTerraform(t *testing.T) {
	t.Parallel()
	for _, preset := range []string{"external", "external-expiring"} {
		files := render(t, module(t, `preset = "`+preset+`"`))
		main := content(t, files, "main.tf")
		require.Contains(t, main, "ignore_changes = [key_material_base64, valid_to]")
		require.NotRegexp(t, `key_material_base64\s+=`, main)
		require.NotContains(t, content(t, files, "variables.tf"), "material_base64")
		require.Contains(t, content(t, files, "README.md"), "aws kms import-key-material")
	}
}

// TestTargets: the versions that a module states are those that it needs, or what
// the spec asks for beyond.
func TestTargets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, arguments  string
		engine, provider string
		unproven         bool
	}{
		{"nothing special", `preset = "encryption"`, "1.7", "5.49", false},
		{"nothing rotates", `preset = "signing"`, "1.7", "5.49", false},
		{"a newer usage", `preset = "key-agreement"`, "1.7", "5.60", false},
		{"a newer spec", `preset = "post-quantum-signing"`, "1.7", "6.1", true},
		{"a newer curve", "preset = \"signing\"\nkey_spec = \"ECC_NIST_EDWARDS25519\"", "1.7", "6.21", true},
		{"the policy of a newer spec", "preset = \"policy\"\nkey_spec = \"ML_DSA_65\"\nroles = { use = [] }", "1.7", "5.49", false},
		{"a provider on request", "preset = \"encryption\"\ntarget = { provider = \"5.100.0\" }", "1.7", "5.100.0", false},
		{"OpenTofu", "preset = \"encryption\"\ntarget = { engine = \"opentofu\" }", "1.8", "5.49", false},
		{"Terraform", "preset = \"encryption\"\ntarget = { engine = \"terraform\" }", "1.7", "5.49", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := module(t, strings.ReplaceAll(test.arguments, `preset = "policy"`, `manages = "policy"`))
			files := render(t, m)
			for _, name := range []string{"versions.tf", "examples/basic/main.tf"} {
				text := content(t, files, name)
				require.Regexp(t, `required_version = ">= `+regexp.QuoteMeta(test.engine)+`"`, text)
				require.Regexp(t, `\n +version += ">= `+regexp.QuoteMeta(test.provider)+`"`, text)
			}
			readme := content(t, files, "README.md")
			require.Equal(t, test.unproven, strings.Contains(readme, "**Not proven yet.**"))
			require.Equal(t, m.Target.Engine == "opentofu", strings.Contains(readme, "tofu init"))
		})
	}
}

// TestSelectableSpecs: callers choose among specs that do the same and that the
// module's lowest provider makes.
func TestSelectableSpecs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, arguments string
		want            string
	}{
		{"signing", `preset = "signing"`, `["RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"]`},
		{"signing with a newer provider", "preset = \"signing\"\ntarget = { provider = \"6.21\" }", `["RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"]`},
		{"post-quantum", `preset = "post-quantum-signing"`, `["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"]`},
		{"encryption leaves short moduli out", `preset = "asymmetric-encryption"`, `["RSA_3072", "RSA_4096"]`},
		{"unless asked for", "preset = \"asymmetric-encryption\"\nkey_spec = \"RSA_2048\"", `["RSA_2048", "RSA_3072", "RSA_4096"]`},
		{"agreement", `preset = "key-agreement"`, `["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"]`},
		{"symmetric keys have one", `preset = "encryption"`, ""},
		{"a service may take one alone", `preset = "route53-dnssec"`, ""},
		{"a replica has its primary's", "key_spec = \"HMAC_256\"\nmulti_region = \"replica\"", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			variables := content(t, render(t, module(t, test.arguments)), "variables.tf")
			if test.want == "" {
				require.NotContains(t, variables, `variable "key_spec"`)
				return
			}
			require.Contains(t, variables, "contains("+test.want+", var.key_spec)")
		})
	}
}
