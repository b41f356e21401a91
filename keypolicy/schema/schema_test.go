package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/schema"
)

func Example() {
	src, err := schema.FS.ReadFile("request.schema.json")
	if err != nil {
		panic(err)
	}
	var s struct{ Required []string }
	if err := json.Unmarshal(src, &s); err != nil {
		panic(err)
	}
	fmt.Println("a request needs", strings.Join(s.Required, ", "))
	// Output: a request needs caller, action, resource
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	src, err := schema.FS.ReadFile(name + ".schema.json")
	require.NoError(t, err)
	return src
}

func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, name)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	require.NoError(t, compiler.AddResource(name, document))
	compiled, err := compiler.Compile(name)
	require.NoError(t, err)
	return compiled
}

func validate(t *testing.T, s *jsonschema.Schema, src []byte) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	require.NoError(t, err)
	return s.Validate(document)
}

// Every world and request of the corpus is valid, and so is every decision.
func TestCorpusIsValid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/cases/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	world, request := compile(t, "world"), compile(t, "request")
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		var corpus struct {
			World json.RawMessage
			Cases []struct {
				Name    string
				Request json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal(src, &corpus))
		require.NoError(t, validate(t, world, corpus.World), file)
		for _, c := range corpus.Cases {
			require.NoErrorf(t, validate(t, request, c.Request), "%s: %s", file, c.Name)
		}
	}
}

const (
	allow        = `{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}`
	validWorld   = `{"resourcePolicy": {"Version": "2012-10-17", "Statement": [` + allow + `]}, "scps": [[{"Statement": ` + allow + `}]], "grants": [{"grantee": "s3.amazonaws.com", "operations": ["Decrypt"]}], "key": {"multiRegion": true, "tags": {"a": "b"}}}`
	validRequest = `{"caller": {"arn": "s3.amazonaws.com"}, "action": "kms:Decrypt", "resource": "*", "context": {"aws:SourceAccount": ["1"], "aws:SecureTransport": true}, "open": true}`
)

// Schema and parser refuse the same: each row differs in one thing from a valid
// document.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	parsers := map[string]func(string, []byte) error{
		"world":   func(name string, src []byte) error { _, err := keypolicy.ParseWorld(name, src); return err },
		"request": func(name string, src []byte) error { _, err := keypolicy.ParseRequest(name, src); return err },
	}
	valid := map[string]string{"world": validWorld, "request": validRequest}
	for _, row := range []struct{ name, of, old, new string }{
		{"unknown member of the world", "world", `"scps"`, `"scp"`},
		{"unknown member of a grant", "world", `"grantee"`, `"granteePrincipal"`},
		{"unknown member of the key", "world", `"multiRegion"`, `"multiregion"`},
		{"unknown element of a policy", "world", `"Version"`, `"version"`},
		{"unknown element of a statement", "world", `"Effect"`, `"effect"`},
		{"statement without effect", "world", `"Effect": "Allow", `, ``},
		{"wrong effect", "world", `"Allow"`, `"allow"`},
		{"wrong version", "world", `2012-10-17`, `2012-10-18`},
		{"principal without a type", "world", `"Principal": "*"`, `"Principal": "s3.amazonaws.com"`},
		{"principal that names nobody", "world", `"Principal": "*"`, `"Principal": {}`},
		{"empty list", "world", `"kms:*"`, `[]`},
		{"Action and NotAction", "world", `"Action"`, `"NotAction": "kms:Decrypt", "Action"`},
		{"condition operator that does not exist", "world", `"Resource"`, `"Condition": {"StringEqual": {"aws:userid": "x"}}, "Resource"`},
		{"Null with IfExists", "world", `"Resource"`, `"Condition": {"NullIfExists": {"aws:userid": "true"}}, "Resource"`},
		{"condition with null", "world", `"Resource"`, `"Condition": {"StringEquals": {"aws:userid": null}}, "Resource"`},
		{"a level that is a policy", "world", `[[`, `[`},
		{"operations that are no list", "world", `["Decrypt"]`, `"Decrypt"`},
		{"a flag in quotes", "world", `true`, `"true"`},
		{"a tag that is a number", "world", `"b"`, `1`},
		{"unknown member of the request", "request", `"open"`, `"opens"`},
		{"unknown member of the caller", "request", `"arn"`, `"ARN"`},
		{"no action", "request", `"action": "kms:Decrypt", `, ``},
		{"no resource", "request", `"resource": "*", `, ``},
		{"an empty action", "request", `"kms:Decrypt"`, `""`},
		{"a list of actions", "request", `"kms:Decrypt"`, `["kms:Decrypt"]`},
		{"a context value that is an object", "request", `true}`, `{}}`},
		{"a flag that is a number", "request", `"open": true`, `"open": 1`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			compiled, before := compile(t, row.of), []byte(valid[row.of])
			require.NoError(t, validate(t, compiled, before))
			require.NoError(t, parsers[row.of]("valid", before))
			changed := strings.Replace(valid[row.of], row.old, row.new, 1)
			if strings.HasPrefix(row.new, "[") && row.old == "[[" {
				changed = strings.Replace(changed, "]]", "]", 1)
			}
			require.NotEqual(t, valid[row.of], changed)
			require.Error(t, validate(t, compiled, []byte(changed)), "the schema takes it")
			require.Error(t, parsers[row.of]("changed", []byte(changed)), "the parser takes it")
		})
	}
}

// The schemas name exactly the members that the parsers take: a parser lists
// them when it meets a name that is like none.
func TestSameMembers(t *testing.T) {
	t.Parallel()
	stranger := `"` + strings.Repeat("~", 60) + `": 1`
	for _, row := range []struct{ name, schema, path, document string }{
		{"world", "world", "", `{` + stranger + `}`},
		{"grant", "world", "$defs/grant", `{"grants": [{` + stranger + `}]}`},
		{"key", "world", "$defs/key", `{"key": {` + stranger + `}}`},
		{"policy", "world", "$defs/policy", `{"resourcePolicy": {` + stranger + `}}`},
		{"statement", "world", "$defs/statement", `{"resourcePolicy": {"Statement": {` + stranger + `}}}`},
		{"principal", "world", "$defs/principal/oneOf/1", `{"resourcePolicy": {"Statement": {"Principal": {` + stranger + `}}}}`},
		{"request", "request", "", `{` + stranger + `}`},
		{"caller", "request", "properties/caller", `{"caller": {` + stranger + `}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var err error
			if row.schema == "world" {
				_, err = keypolicy.ParseWorld("test", []byte(row.document))
			} else {
				_, err = keypolicy.ParseRequest("test", []byte(row.document))
			}
			var syntax *keypolicy.SyntaxError
			require.ErrorAs(t, err, &syntax)
			known, found := strings.CutPrefix(syntax.Remedy, "known are ")
			require.True(t, found, syntax.Error())
			require.Equal(t, strings.Split(known, ", "), propertyNames(t, row.schema, row.path))
		})
	}
}

// propertyNames are the properties of the part of a schema that a path leads to.
func propertyNames(t *testing.T, name, path string) []string {
	t.Helper()
	var part any
	require.NoError(t, json.Unmarshal(read(t, name), &part))
	for step := range strings.SplitSeq(path, "/") {
		switch p := part.(type) {
		case map[string]any:
			if step != "" {
				part = p[step]
			}
		case []any:
			part = p[1]
		}
	}
	object, ok := part.(map[string]any)
	require.True(t, ok, path)
	properties, ok := object["properties"].(map[string]any)
	require.True(t, ok, path)
	return slices.Sorted(maps.Keys(properties))
}
