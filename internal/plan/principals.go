package plan

import (
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/keypolicy"
)

// principals reads principals blocks. Of what is wholly unknown not even the
// type is known.
func (d *documentReader) principals(v values, name string, config *tfjson.Expression, mark func(string) string) any {
	if v.isUnknown(name) {
		return anybody(mark(name))
	}
	byType := map[string][]string{}
	blocks := v.blocks(name)
	for i, block := range blocks {
		place := func(attribute string) string { return mark(fmt.Sprintf("%s[%d].%s", name, i, attribute)) }
		if block.isUnknown("type") {
			return anybody(mark(name))
		}
		t := block.text("type")
		if t == "*" {
			return "*"
		}
		byType[t] = append(byType[t], d.identifiers(block, identifiersOf(config, len(blocks), t), place)...)
	}
	if len(byType) == 0 {
		return nil
	}
	return byType
}

// anybody is a Principal element with an unknown value: it may be of any type.
func anybody(mark string) map[string][]string {
	return map[string][]string{"AWS": {mark}, "Service": {mark}}
}

// identifiers reads the values of a principals block. Where it is sure which
// reference the only unknown one comes from, it is the ARN that a role or user
// will have, or a mark named after the reference.
func (d *documentReader) identifiers(block values, from *tfjson.Expression, place func(string) string) []string {
	list := block.texts("identifiers", place)
	isMark := func(text string) bool { return strings.Contains(text, markOpen) }
	for i := range list {
		list[i] = variables(list[i])
	}
	i := slices.IndexFunc(list, isMark)
	if i < 0 || from == nil || slices.ContainsFunc(list[i+1:], isMark) {
		return list
	}
	if arn := d.expectedARN(from, d.resource); arn != "" {
		list[i] = arn
	} else if references := leaves(from.References); len(references) == 1 {
		list[i] = keypolicy.Mark(references[0])
	}
	return list
}

// statementConfig is the configuration of a statement block. It is nil where
// there are dynamic blocks, which leave no trace in a plan's configuration but
// that there are fewer blocks in it.
func (d *documentReader) statementConfig(i int) map[string]*tfjson.Expression {
	e := d.expression(d.resource, "statement")
	if e == nil || e.ExpressionData == nil || len(e.NestedBlocks) != len(d.values.blocks("statement")) {
		return nil
	}
	return e.NestedBlocks[i]
}

// identifiersOf is the configuration of the identifiers of a type in a
// statement; nil if there is none, or several. Blocks of principals are a set:
// they have no order.
func identifiersOf(principals *tfjson.Expression, count int, principalType string) *tfjson.Expression {
	if principals == nil || principals.ExpressionData == nil || len(principals.NestedBlocks) != count {
		return nil
	}
	var found *tfjson.Expression
	for _, block := range principals.NestedBlocks {
		if t := block["type"]; t == nil || t.ExpressionData == nil || t.ConstantValue != principalType {
			continue
		}
		if ids := block["identifiers"]; found == nil && ids != nil && ids.ExpressionData != nil {
			found = ids
		} else {
			return nil
		}
	}
	return found
}
