package plan

import (
	"encoding/json"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
)

// values are the attributes of a resource instance, before or after its change.
type values struct {
	known   map[string]any
	unknown map[string]any // true, or a structure with true in it, by attribute
}

func before(c *tfjson.Change) values {
	known, _ := c.Before.(map[string]any)
	return values{known: known}
}

func after(c *tfjson.Change) values {
	known, _ := c.After.(map[string]any)
	unknown, _ := c.AfterUnknown.(map[string]any)
	return values{known, unknown}
}

// isUnknown reports whether the attribute as a whole is known after apply.
func (v values) isUnknown(name string) bool { return v.unknown[name] == true }

// text is the attribute as text; "" if it is null or unknown.
func (v values) text(name string) string {
	text, _ := v.known[name].(string)
	return text
}

// number is the attribute as a number; 0 if it is null or unknown.
func (v values) number(name string) int {
	number, _ := v.known[name].(json.Number)
	n, err := number.Int64()
	if err != nil {
		return 0
	}
	return int(n)
}

// flag is the attribute as a boolean, and whether it is known.
func (v values) flag(name string) (on, known bool) {
	on, known = v.known[name].(bool)
	return on, known
}

// texts is the attribute as a list of texts; an unknown element is a mark, named
// after its place.
func (v values) texts(name string, mark func(place string) string) []string {
	if v.isUnknown(name) {
		return []string{mark(name)}
	}
	items, _ := v.known[name].([]any)
	var texts []string
	for i, item := range items {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		} else {
			texts = append(texts, mark(fmt.Sprintf("%s[%d]", name, i)))
		}
	}
	return texts
}

// textMap is the attribute as a map of texts; nil if it is null or unknown.
func (v values) textMap(name string, mark func(place string) string) map[string]string {
	items, ok := v.known[name].(map[string]any)
	if !ok {
		return nil
	}
	texts := map[string]string{}
	for key, item := range items {
		text, ok := item.(string)
		if !ok {
			text = mark(fmt.Sprintf("%s[%q]", name, key))
		}
		texts[key] = text
	}
	if unknown, ok := v.unknown[name].(map[string]any); ok {
		for key, is := range unknown {
			if is == true {
				texts[key] = mark(fmt.Sprintf("%s[%q]", name, key))
			}
		}
	}
	return texts
}

// blocks are the nested blocks of a name.
func (v values) blocks(name string) []values {
	items, _ := v.known[name].([]any)
	unknown, _ := v.unknown[name].([]any)
	blocks := make([]values, len(items))
	for i, item := range items {
		blocks[i].known, _ = item.(map[string]any)
		if i < len(unknown) {
			blocks[i].unknown, _ = unknown[i].(map[string]any)
		}
	}
	return blocks
}
