package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// literal returns the value of e. A spec takes literals only: it is data, and
// means the same wherever it is read.
func (d *decoder) literal(e hcl.Expression, want cty.Type, kind string) (cty.Value, bool) {
	v, diags := e.Value(nil)
	switch {
	case diags.HasErrors():
		d.report(e.Range(), "write "+kind+": a spec takes literals only", "%s: %s", d.argument, clause(diags[0].Summary))
	case v.IsNull():
		d.report(e.Range(), "write "+kind+", or leave the argument out", "%s is null", d.argument)
	case v.Type() != want:
		d.report(e.Range(), "write "+kind, "%s holds a %s", d.argument, v.Type().FriendlyName())
	default:
		return v, true
	}
	return cty.NilVal, false
}

func (d *decoder) text(e hcl.Expression) (string, bool) {
	v, ok := d.literal(e, cty.String, "a string")
	if !ok {
		return "", false
	}
	return v.AsString(), true
}

func (d *decoder) boolean(e hcl.Expression) bool {
	v, ok := d.literal(e, cty.Bool, "true or false")
	return ok && v.True()
}

// list decodes a list; example is one.
func (d *decoder) list(e hcl.Expression, example string) []hcl.Expression {
	items, diags := hcl.ExprList(e)
	if diags.HasErrors() {
		d.report(e.Range(), "write "+example, "%s is not a list", d.argument)
		return nil
	}
	return items
}

// pairs decodes a map in which nothing is there twice: HCL would keep the last. what
// is its name with the verb, such as "tags are"; example is one.
func (d *decoder) pairs(e hcl.Expression, what, example string) []hcl.KeyValuePair {
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() {
		d.report(e.Range(), "write "+example, "%s not a map", what)
		return nil
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		key, diags := pair.Key.Value(nil)
		if diags.HasErrors() || key.IsNull() || key.Type() != cty.String {
			continue // its decoder says so
		}
		if seen[key.AsString()] {
			d.report(pair.Key.Range(), "write it once", "%s is there twice in %s", key.AsString(), d.argument)
		}
		seen[key.AsString()] = true
	}
	return pairs
}

// days decodes a whole number of days within the range.
func (d *decoder) days(e hcl.Expression, what string, within dayRange) int {
	v, ok := d.literal(e, cty.Number, "a number")
	if !ok {
		return 0
	}
	number := v.AsBigFloat()
	n, _ := number.Int64()
	if !number.IsInt() || n < int64(within.low) || n > int64(within.high) {
		d.report(e.Range(), fmt.Sprintf("choose %d to %d whole days", within.low, within.high), "%s of %s days is out of range", what, number.Text('f', -1))
	}
	return int(n)
}

// oneOf decodes one of a few words.
func (d *decoder) oneOf(e hcl.Expression, words []string) string {
	word, ok := d.text(e)
	if ok && !slices.Contains(words, word) {
		d.report(e.Range(), suggest(word, words), "unknown %s %q", d.argument, word)
	}
	return word
}

// suggest returns the remedy for an unknown word: the nearest of those known, or
// all of them when none is near, since a far guess sends the reader astray.
func suggest(given string, known []string) string {
	nearest, least := "", len(given)/2+1
	for _, word := range known {
		if distance := levenshtein.Distance(given, word, nil); distance < least {
			nearest, least = word, distance
		}
	}
	if nearest == "" {
		return "write one of " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("did you mean %q?", nearest)
}
