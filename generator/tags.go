package generator

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Limits of a key's tags. Source: KMS API Reference, Tag and TagResource.
const (
	maxTags     = 50
	maxTagName  = 128
	maxTagValue = 256
)

func decodeTags(d *decoder, e hcl.Expression, m *Module) {
	m.Tags = map[string]string{}
	pairs := d.pairs(e, "tags are", `tags = { name = "value" }`)
	for _, pair := range pairs {
		name, ok := d.text(pair.Key)
		switch length := utf8.RuneCountInString(name); {
		case !ok:
		case strings.HasPrefix(strings.ToLower(name), "aws:"):
			d.report(pair.Key.Range(), "choose a name that does not begin with aws:", "tag %q belongs to AWS", name)
		case length < 1 || length > maxTagName:
			d.report(pair.Key.Range(), "use 1 to 128 characters", "the name of a tag has %d characters", length)
		}
		value, _ := d.text(pair.Value)
		if length := utf8.RuneCountInString(value); length > maxTagValue {
			d.report(pair.Value.Range(), "use at most 256 characters", "the value of tag %q has %d characters", name, length)
		}
		m.Tags[name] = value
	}
	if len(pairs) > maxTags {
		d.report(e.Range(), "keep the 50 that matter", "a key has at most 50 tags, not %d", len(pairs))
	}
}

// tagsForm is the form of tags in the schema.
func tagsForm() form {
	return form{
		Type: "object", MaxProperties: maxTags, PropertyNames: &form{MinLength: 1, MaxLength: maxTagName},
		AdditionalProperties: &form{Type: "string", MaxLength: maxTagValue},
	}
}

func (m *Module) tagsVariable() variable {
	repeated := func(n int) string { return quote(strings.Repeat("a", n)) }
	return variable{
		Name: "tags", Type: "map(string)", Default: dictionary(m.Tags), Description: "Tags of the key.",
		Sample: `{ team = "platform" }`,
		Edges:  [2]string{"{ " + repeated(maxTagName) + " = " + repeated(maxTagValue) + " }", `{ for i in range(` + strconv.Itoa(maxTags) + `) : "tag${i}" => "" }`},
		Rules: []rule{
			{
				`alltrue([for name in keys(var.tags) : !startswith(lower(name), "aws:")])`,
				"Tag names must not begin with aws:, which AWS keeps for itself.",
				[]bad{{"tag_of_aws", `{ "aws:owner" = "x" }`}},
			},
			{
				`length(var.tags) <= 50 && alltrue([for name, value in var.tags : length(name) >= 1 && length(name) <= 128 && length(value) <= 256])`,
				"A key has at most 50 tags, with names of 1 to 128 characters and values of at most 256.",
				[]bad{
					{"tag_without_name", `{ "" = "x" }`},
					{"tag_name_too_long", "{ " + repeated(maxTagName+1) + ` = "x" }`},
					{"tag_value_too_long", "{ team = " + repeated(maxTagValue+1) + " }"},
					{"tags_too_many", `{ for i in range(` + strconv.Itoa(maxTags+1) + `) : "tag${i}" => "" }`},
				},
			},
		},
	}
}
