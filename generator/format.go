package generator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// FormatSpec writes a module block that [ParseSpec] reads back: its arguments are
// those fields of m that are not empty, so that the rest keep their defaults. Each
// of comments becomes a comment in the block, before its end.
func FormatSpec(m Module, comments []string) ([]byte, error) {
	values, err := argumentValues(m)
	if err != nil {
		return nil, fmt.Errorf("writing module %q as a spec: %w", m.Name, err)
	}
	file := hclwrite.NewEmptyFile()
	body := file.Body().AppendNewBlock("module", []string{m.Name}).Body()
	for _, a := range arguments {
		if v, ok := values[a.name]; ok {
			body.SetAttributeValue(a.name, v)
		}
	}
	text := bytes.TrimSuffix(file.Bytes(), []byte("}\n"))
	for i, comment := range comments {
		if i == 0 {
			text = append(text, '\n')
		}
		text = append(text, "  # "+strings.Join(strings.Fields(comment), " ")+"\n"...)
	}
	return hclwrite.Format(append(text, "}\n"...)), nil
}

// argumentValues are the fields of m that are not empty. The stamp's names of them
// are those of the arguments.
func argumentValues(m Module) (map[string]cty.Value, error) {
	roles := map[Verb][]string{}
	for verb, arns := range m.Roles {
		roles[verb] = append([]string{}, arns...) // null would be no list
	}
	m.Roles = roles
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	values := map[string]cty.Value{}
	for name, field := range fields {
		if isEmpty(string(field)) || slices.Contains(unmanaged[m.Manages], name) {
			continue
		}
		var v ctyjson.SimpleJSONValue
		if err := v.UnmarshalJSON(field); err != nil {
			return nil, err
		}
		values[name] = v.Value
	}
	if m.Preset != "" {
		values["preset"] = cty.StringVal(m.Preset)
	}
	if m.Output != "" && m.Output != m.Name {
		values["output"] = cty.StringVal(m.Output)
	}
	delete(values, "target") // its zero value is an object of nothing
	if m.Target != (Target{}) {
		values["target"] = targetValue(m.Target)
	}
	return values, nil
}

func targetValue(t Target) cty.Value {
	pairs := map[string]cty.Value{}
	for name, text := range map[string]string{"engine": t.Engine, "provider": t.Provider} {
		if text != "" {
			pairs[name] = cty.StringVal(text)
		}
	}
	return cty.ObjectVal(pairs)
}

func isEmpty(field string) bool {
	switch field {
	case `""`, "null", "false", "0", "{}":
		return true
	}
	return false
}

// Preset is a named row of parts to begin a spec with.
type Preset struct {
	Name string
	// Purpose completes "a module for".
	Purpose string
	// Verbs are those of its roles, in the order of the reference.
	Verbs []Verb
}

// Presets returns all presets, in the order of the catalogue.
func Presets() []Preset {
	all := make([]Preset, len(presets))
	for i, p := range presets {
		all[i] = Preset{Name: p.name, Purpose: p.purpose}
		for _, v := range verbs {
			if _, has := p.parts.Roles[v.name]; has {
				all[i].Verbs = append(all[i].Verbs, v.name)
			}
		}
	}
	return all
}

// Doc tells what roles of the verb do: it completes "roles and users that".
func (v Verb) Doc() string {
	for _, known := range verbs {
		if known.name == v {
			return known.doc
		}
	}
	return ""
}
