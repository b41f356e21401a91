package generator_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

func TestPublishedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"spec.md":                      generator.Reference(),
		"schema/keywright.schema.json": string(generator.Schema()),
	} {
		got, err := os.ReadFile(filepath.Join("..", "docs", name))
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, string(got)), "run go generate ./internal/cli: -want +got")
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(generator.Schema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("spec", document))
	compiled, err := compiler.Compile("spec")
	require.NoError(t, err)
	return compiled
}

// jsonSpec is a spec in the JSON syntax of one module with these arguments.
func jsonSpec(arguments string) string { return `{"module": {"orders": {` + arguments + `}}}` }

// verdicts returns what the schema and the parser say of a spec.
func verdicts(t *testing.T, schema *jsonschema.Schema, src string) (bySchema, byParser error) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(src))
	require.NoError(t, err, src)
	_, byParser = generator.ParseSpec("keywright.hcl.json", []byte(src))
	return schema.Validate(document), byParser
}

// eachArgument has every argument, with a value that is not its default.
const eachArgument = `"preset": "encryption", "manages": "key", "key_spec": "SYMMETRIC_DEFAULT", "key_usage": "ENCRYPT_DECRYPT",
	"origin": "AWS_KMS", "key_material_expires": false, "multi_region": "primary", "services": ["s3", "logs"],
	"roles": {"administer": ["arn:aws:iam::111122223333:role/admin"], "use": [], "read": ["arn:aws:iam::111122223333:user/a/b"]},
	"encryption_context": ["tenant"], "aliases": ["a/b"], "rotation_period_in_days": 90, "deletion_window_in_days": 7,
	"root_statement": "none", "principal_binding": "arn", "protect_from_destroy": true,
	"target": {"engine": "opentofu", "provider": "5.80"}, "tags": {"a": "${b}"}, "description": "Orders", "output": "keys/orders"`

func TestSchemaAndParserTakeTheSame(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	valid := map[string]string{"every argument": jsonSpec(eachArgument), "parts": jsonSpec(`"key_spec": "HMAC_256"`), "services": jsonSpec(`"services": ["s3"]`)}
	for _, p := range generator.Presets() {
		valid[p.Name] = jsonSpec(`"preset": "` + p.Name + `"`)
	}
	for name, src := range valid {
		bySchema, byParser := verdicts(t, schema, src)
		require.NoError(t, bySchema, name)
		require.NoError(t, byParser, name)
	}
}

// TestSchemaAndParserRefuseTheSame: each row differs in one thing from the spec
// that has every argument.
func TestSchemaAndParserRefuseTheSame(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for _, row := range []struct{ name, old, new string }{
		{"unknown argument", `"manages"`, `"manage"`},
		{"unknown preset", `"preset": "encryption"`, `"preset": "encryptoin"`},
		{"unknown key spec", "SYMMETRIC_DEFAULT", "SYMMETRIC"},
		{"unknown usage", "ENCRYPT_DECRYPT", "ENCRYPT"},
		{"unknown origin", "AWS_KMS", "KMS"},
		{"text for a boolean", `"key_material_expires": false`, `"key_material_expires": "no"`},
		{"unknown part of multi-Region keys", `"primary"`, `"first"`},
		{"unknown service", `"logs"`, `"cloudwatch"`},
		{"text for a list", `["s3", "logs"]`, `"s3"`},
		{"unknown verb", `"use"`, `"uses"`},
		{"principal that is an account", "arn:aws:iam::111122223333:role/admin", "arn:aws:iam::111122223333:root"},
		{"principal of 9 digits", "arn:aws:iam::111122223333:role/admin", "arn:aws:iam::111122223:role/admin"},
		{"no context key", `["tenant"]`, `[]`},
		{"context key of a service", `"tenant"`, `"aws:s3:arn"`},
		{"alias with a space", `"a/b"], "rot`, `"a b"], "rot`},
		{"alias twice", `["a/b"], "rot`, `["a/b", "a/b"], "rot`},
		{"rotation too quick", `90`, `89`},
		{"rotation in half days", `90`, `90.5`},
		{"window too long", `"deletion_window_in_days": 7`, `"deletion_window_in_days": 31`},
		{"unknown root statement", `"none"`, `"nobody"`},
		{"unknown binding", `"arn"`, `"name"`},
		{"unknown engine", `"opentofu"`, `"tofu"`},
		{"unknown part of the target", `"engine"`, `"command"`},
		{"provider with an operator", `"5.80"`, `">= 5.80"`},
		{"number for a tag", `"${b}"`, `1`},
		{"tag without a name", `{"a": "${b}"}`, `{"": "b"}`},
		{"tag with a long name", `{"a": "${b}"}`, `{"` + strings.Repeat("a", 129) + `": "b"}`},
		{"tag with a long value", `"${b}"`, `"` + strings.Repeat("b", 257) + `"`},
		{"null", `"Orders"`, `null`},
		{"description too long", `"Orders"`, `"` + strings.Repeat("a", 8193) + `"`},
		{"empty output", `"keys/orders"`, `""`},
		{"name with a capital", `"orders": {`, `"Orders": {`},
		{"something beside the modules", `{"module"`, `{"version": 1, "module"`},
	} {
		src := strings.Replace(jsonSpec(eachArgument), row.old, row.new, 1)
		require.NotEqual(t, jsonSpec(eachArgument), src, row.name)
		bySchema, byParser := verdicts(t, schema, src)
		require.Error(t, bySchema, row.name)
		require.Error(t, byParser, row.name)
	}
	for name, src := range map[string]string{
		"neither preset nor parts": jsonSpec(`"aliases": ["a"]`), "no module": `{"module": {}}`, "nothing": `{}`,
	} {
		bySchema, byParser := verdicts(t, schema, src)
		require.Error(t, bySchema, name)
		require.Error(t, byParser, name)
	}
}

// TestBothSyntaxesMeanTheSame: formatting a module and reading it back gives the
// module, and so does the JSON syntax, place and all but the position.
func TestBothSyntaxesMeanTheSame(t *testing.T) {
	t.Parallel()
	sources := []string{jsonSpec(eachArgument)}
	for _, p := range generator.Presets() {
		sources = append(sources, jsonSpec(`"preset": "`+p.Name+`"`))
	}
	for _, src := range sources {
		spec, err := generator.ParseSpec("keywright.hcl.json", []byte(src))
		require.NoError(t, err)
		m := spec.Modules[0]
		require.Equal(t, generator.Position{File: "keywright.hcl.json", Line: 1, Column: 23}, m.Position)
		text, err := generator.FormatSpec(m, []string{"one", "two"})
		require.NoError(t, err)
		require.Contains(t, string(text), "\n  # one\n  # two\n}\n")
		again, err := generator.ParseSpec("keywright.hcl", text)
		require.NoError(t, err, string(text))
		m.Position, again.Modules[0].Position = generator.Position{}, generator.Position{}
		require.Empty(t, cmp.Diff(m, again.Modules[0]), "-want +got")
	}
}

func TestJSONSpecProblemsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"{\n  \"module\": {\"orders\": {\n    \"preset\": \"encryptoin\"}}}": `keywright.hcl.json:3:15: unknown preset "encryptoin"; did you mean "encryption"?`,
		"{\n  \"modul\": {}}": "keywright.hcl.json:2:3: extraneous JSON object property;",
		"{\n":                 "keywright.hcl.json:",
		"":                    "keywright.hcl.json:",
		"[]":                  "keywright.hcl.json:1:1: the spec holds no module;",
	} {
		_, err := generator.ParseSpec("keywright.hcl.json", []byte(src))
		require.ErrorContains(t, err, want)
	}
}
