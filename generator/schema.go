package generator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// form is the shape of a value, as JSON Schema says it; of that, what specs need.
type form struct {
	Schema      string   `json:"$schema,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	MinLength   int      `json:"minLength,omitempty"`
	MaxLength   int      `json:"maxLength,omitempty"`
	Minimum     int      `json:"minimum,omitempty"`
	Maximum     int      `json:"maximum,omitempty"`
	Items       *form    `json:"items,omitempty"`
	MinItems    int      `json:"minItems,omitempty"`
	MaxItems    int      `json:"maxItems,omitempty"`
	UniqueItems bool     `json:"uniqueItems,omitempty"`

	Properties    map[string]form `json:"properties,omitempty"`
	PropertyNames *form           `json:"propertyNames,omitempty"`
	MinProperties int             `json:"minProperties,omitempty"`
	MaxProperties int             `json:"maxProperties,omitempty"`
	Required      []string        `json:"required,omitempty"`
	AnyOf         []form          `json:"anyOf,omitempty"`
	// AdditionalProperties is a *form, or false for none.
	AdditionalProperties any `json:"additionalProperties,omitempty"`
}

func oneWord(words []string) form { return form{Type: "string", Enum: words} }

func listOf(item form) form { return form{Type: "array", Items: &item} }

func wholeDays(days dayRange) form {
	return form{Type: "integer", Minimum: days.low, Maximum: days.high}
}

func object(properties map[string]form) form {
	return form{Type: "object", Properties: properties, AdditionalProperties: false}
}

func rolesForm() form {
	properties := make(map[string]form, len(verbs))
	for _, v := range verbs {
		arns := listOf(form{Type: "string", Pattern: principalPattern})
		arns.Description = "ARNs of the IAM roles and users that " + v.doc + v.note
		properties[string(v.name)] = arns
	}
	return object(properties)
}

func targetForm() form {
	return object(map[string]form{
		"engine":   oneWord(words(engines)),
		"provider": {Type: "string", Pattern: versionForm.String()},
	})
}

// texts returns words as strings.
func texts[T ~string](words []T) []string {
	found := make([]string, len(words))
	for i, w := range words {
		found[i] = string(w)
	}
	return found
}

// beginnings are the arguments of which a module has one at least.
var beginnings = []string{"preset", "manages", "key_spec", "services"}

// Schema returns the JSON Schema (2020-12) of specs in the JSON syntax. It takes
// every spec that [ParseSpec] takes; what only several arguments together decide,
// such as a usage that the key's spec does not have, ParseSpec alone refuses.
func Schema() []byte {
	properties := make(map[string]form, len(arguments))
	for _, a := range arguments {
		f := a.form
		f.Description = plain(a.doc + " Without it: " + a.fallback + ".")
		properties[a.name] = f
	}
	module := object(properties)
	for _, name := range beginnings {
		module.AnyOf = append(module.AnyOf, form{Required: []string{name}})
	}
	modules := form{
		Type: "object", MinProperties: 1, Description: "Modules by their names.",
		PropertyNames: &form{Pattern: moduleName.String()}, AdditionalProperties: &module,
	}
	spec := object(map[string]form{"module": modules})
	spec.Schema = "https://json-schema.org/draft/2020-12/schema"
	spec.Title = "Keywright spec"
	spec.Description = "Terraform modules for AWS KMS keys, as keywright generate reads them from keywright.hcl.json."
	spec.Required = []string{"module"}
	data, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		panic("encoding the schema: " + err.Error()) // strings and numbers always encode
	}
	return append(data, '\n')
}

// plain takes the marks of Markdown out.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// Reference returns the description of every argument, preset, verb and service of
// a spec, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, a := range arguments {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n- Form: %s\n- Without it: %s\n", a.name, a.doc, a.form.words(), a.fallback)
	}
	b.WriteString("\n## Presets\n\n| Preset | A module for |\n|---|---|\n")
	for _, p := range presets {
		fmt.Fprintf(&b, "| `%s` | %s |\n", p.name, cell(p.purpose))
	}
	b.WriteString("\n## Verbs\n\n| Verb | Its roles and users | Keys that honour it |\n|---|---|---|\n")
	for _, v := range verbs {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.name, cell(v.doc+v.note), cell(v.honoured()))
	}
	b.WriteString("\n## Services\n\n| Service | | Kind of key | Source |\n|---|---|---|---|\n")
	for _, name := range words(services) {
		s := services[name]
		fmt.Fprintf(&b, "| `%s` | %s | `%s`, `%s` | [%s](%s) |\n", name, cell(s.title), s.spec, s.usage, cell(s.source.Title), s.source.URL)
	}
	return b.String()
}

const referenceHead = `<!-- Code generated by keywright spec --reference; DO NOT EDIT. -->

# The spec

A spec is a file, keywright.hcl, with one block a module:

` + "```hcl" + `
module "orders" {
  preset   = "encryption"
  services = ["s3"]
  aliases  = ["orders/data"]
  roles = {
    administer = ["arn:aws:iam::111122223333:role/key-admin"]
    use        = ["arn:aws:iam::111122223333:role/orders"]
  }
}
` + "```" + `

The same can be written as JSON, in keywright.hcl.json: its schema for editors is
[keywright.schema.json](schema/keywright.schema.json). ` + "`keywright spec`" + ` validates a
spec and tells who can do what with each key.

## Arguments

A module has ` + "`preset`, `manages`, `key_spec` or `services`" + ` at least. Values are literals.
`

// words says what a value looks like, for a reader.
func (f form) words() string {
	switch {
	case f.Enum != nil:
		return "one of " + codes(f.Enum)
	case f.Items != nil && f.Items.Enum != nil:
		return "list of " + codes(f.Items.Enum)
	case f.Items != nil:
		return "list of strings" + f.count()
	case f.Type == "integer":
		return fmt.Sprintf("whole number from %d to %d", f.Minimum, f.Maximum)
	case f.Type == "boolean":
		return "`true` or `false`"
	case f.Properties != nil:
		return "map with the keys " + codes(words(f.Properties))
	case f.Type == "object":
		return "map of strings"
	case f.MaxLength > 0:
		return fmt.Sprintf("string of at most %d characters", f.MaxLength)
	}
	return "string"
}

func (f form) count() string {
	switch {
	case f.MinItems > 0:
		return fmt.Sprintf(", %d to %d", f.MinItems, f.MaxItems)
	case f.MaxItems > 0:
		return fmt.Sprintf(", at most %d", f.MaxItems)
	}
	return ""
}

// honoured names the kinds of keys whose policy can hold the verb.
func (v verb) honoured() string {
	if v.name == Administer {
		return "all"
	}
	names := words(v.actions)
	if len(names) == len(abilities)+1 { // encryption is two
		return "all"
	}
	return "keys for " + strings.Join(slices.Compact(names), ", ")
}
