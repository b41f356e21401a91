package runner

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Change is one attribute that a plan would change, or, with Attribute "", a
// whole resource or output that it would create or delete.
type Change struct {
	Address   string // such as "aws_kms_key.this" or "output.key_arn"
	Action    string // "create", "update", "delete", "replace" …
	Attribute string // such as "enable_key_rotation"
	Before    string // JSON, "(sensitive)"
	After     string // JSON, "(sensitive)" or "(known after apply)"
}

// String is the change on one line.
func (c Change) String() string {
	if c.Attribute == "" {
		return fmt.Sprintf("%s: %s", c.Address, c.Action)
	}
	return fmt.Sprintf("%s: %s: %s: %s -> %s", c.Address, c.Action, c.Attribute, c.Before, c.After)
}

// Changes lists what the plan would change, ordered by address and attribute.
// A plan of an applied, unchanged configuration has none.
func Changes(plan *tfjson.Plan) []Change {
	var all []Change
	for _, rc := range plan.ResourceChanges {
		if !rc.Change.Actions.NoOp() && !rc.Change.Actions.Read() {
			all = append(all, attributes(rc.Address, rc.Change)...)
		}
	}
	for name, change := range plan.OutputChanges {
		if !change.Actions.NoOp() {
			all = append(all, whole("output."+name, change))
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		return strings.Compare(a.Address+"\x00"+a.Attribute, b.Address+"\x00"+b.Attribute)
	})
	return all
}

// attributes lists the attributes that differ. A change with only one side is
// told whole: listing every attribute would hide what happens.
func attributes(address string, change *tfjson.Change) []Change {
	before, ok1 := change.Before.(map[string]any)
	after, ok2 := change.After.(map[string]any)
	if !ok1 || !ok2 {
		return []Change{{Address: address, Action: action(change.Actions)}}
	}
	names := maps.Clone(before)
	maps.Copy(names, after)
	unknown, _ := change.AfterUnknown.(map[string]any)
	maps.Copy(names, unknown)
	var list []Change
	for name := range names {
		c := Change{Address: address, Action: action(change.Actions), Attribute: name,
			Before: shown(before[name], change.BeforeSensitive, name),
			After:  shown(after[name], change.AfterSensitive, name)}
		if unknown[name] == true {
			c.After = "(known after apply)"
		} else if text(before[name]) == text(after[name]) {
			continue
		}
		list = append(list, c)
	}
	if list == nil { // the action alone, such as a replacement asked for
		return []Change{{Address: address, Action: action(change.Actions)}}
	}
	return list
}

func whole(address string, change *tfjson.Change) Change {
	c := Change{Address: address, Action: action(change.Actions), Attribute: "value",
		Before: text(change.Before), After: text(change.After)}
	if change.BeforeSensitive == true || change.AfterSensitive == true {
		c.Before, c.After = sensitive, sensitive
	}
	if change.AfterUnknown == true {
		c.After = "(known after apply)"
	}
	return c
}

const sensitive = "(sensitive)"

// shown is a value as text, unless marks say that it, or a part of it, is
// sensitive.
func shown(value, marks any, name string) string {
	if byName, ok := marks.(map[string]any); ok && marked(byName[name]) {
		return sensitive
	}
	return text(value)
}

// marked reports whether a tree of sensitivity marks has any set.
func marked(marks any) bool {
	switch m := marks.(type) {
	case bool:
		return m
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(m)), marked)
	case []any:
		return slices.ContainsFunc(m, marked)
	}
	return false
}

func text(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

func action(actions tfjson.Actions) string {
	if actions.Replace() {
		return "replace"
	}
	words := make([]string, len(actions))
	for i, a := range actions {
		words[i] = string(a)
	}
	return strings.Join(words, ", ")
}
