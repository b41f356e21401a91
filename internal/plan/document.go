package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/keypolicy"
)

// policyJSON and statementJSON are a policy document as JSON.
type policyJSON struct {
	Version   string          `json:"Version"`
	ID        string          `json:"Id,omitempty"`
	Statement []statementJSON `json:"Statement"`
}

type statementJSON struct {
	Sid          string                    `json:"Sid,omitempty"`
	Effect       string                    `json:"Effect"`
	Principal    any                       `json:"Principal,omitempty"`
	NotPrincipal any                       `json:"NotPrincipal,omitempty"`
	Action       any                       `json:"Action,omitempty"`
	NotAction    any                       `json:"NotAction,omitempty"`
	Resource     any                       `json:"Resource,omitempty"`
	NotResource  any                       `json:"NotResource,omitempty"`
	Condition    map[string]map[string]any `json:"Condition,omitempty"`
}

// rebuild makes the document of an aws_iam_policy_document from the data
// source's own attributes, as the provider will; unknown parts become marks. It
// returns nil where too much is unknown to say what the document is made of.
func (r *reader) rebuild(rc *tfjson.ResourceChange) *policyJSON {
	if rc.Change == nil || slices.Contains(r.rebuilding, rc) {
		return nil
	}
	r.rebuilding = append(r.rebuilding, rc)
	defer func() { r.rebuilding = r.rebuilding[:len(r.rebuilding)-1] }()
	v := after(rc.Change)
	d := &documentReader{r, rc, v}
	made := &policyJSON{Version: cmp.Or(v.text("version"), "2012-10-17"), ID: v.text("policy_id")}
	for _, name := range []string{"source_json", "source_policy_documents"} {
		if !d.sources(made, name) {
			// Sources only add statements: those of the block are there all the same.
			made.Statement = append(made.Statement, standIn(rc.Address+"."+name)...)
		}
	}
	own := d.statements()
	if own == nil {
		return nil
	}
	made.merge(own)
	for _, name := range []string{"override_json", "override_policy_documents"} {
		if !d.sources(made, name) {
			return nil
		}
	}
	if len(made.Statement) == 0 {
		return nil
	}
	return made
}

// merge adds another document's statements; one with the Sid of an existing
// statement takes its place. Source: AWS provider, data source
// aws_iam_policy_document, override_policy_documents.
func (p *policyJSON) merge(other *policyJSON) {
	p.ID = cmp.Or(other.ID, p.ID)
	for _, s := range other.Statement {
		i := slices.IndexFunc(p.Statement, func(old statementJSON) bool { return s.Sid != "" && old.Sid == s.Sid })
		if i < 0 {
			p.Statement = append(p.Statement, s)
		} else {
			p.Statement[i] = s
		}
	}
}

// documentReader reads the attributes of one aws_iam_policy_document.
type documentReader struct {
	*reader
	resource *tfjson.ResourceChange
	values   values
}

// sources merges the documents that an attribute lists, and reports whether all
// of them could be found.
func (d *documentReader) sources(into *policyJSON, name string) bool {
	unknown := 0
	for _, text := range d.values.texts(name, keypolicy.Mark) {
		var source policyJSON
		switch {
		case strings.Contains(text, markOpen):
			unknown++
		case text == "":
		case json.Unmarshal([]byte(text), &source) != nil:
			return false
		default:
			into.merge(&source)
		}
	}
	if text := d.values.text(name); text != "" {
		var source policyJSON
		if json.Unmarshal([]byte(text), &source) != nil {
			return false
		}
		into.merge(&source)
	}
	return unknown == 0 || d.unknownSources(into, name, unknown)
}

// unknownSources merges the documents that the configuration refers to, if there
// are as many as are unknown.
func (d *documentReader) unknownSources(into *policyJSON, name string, count int) bool {
	e := d.expression(d.resource, name)
	if e == nil || e.ExpressionData == nil {
		return false
	}
	references := leaves(e.References)
	if len(references) != count {
		return false
	}
	for _, ref := range references {
		one := &tfjson.Expression{ExpressionData: &tfjson.ExpressionData{References: []string{ref}}}
		source := d.documentOf(d.module(d.resource.ModuleAddress), one, d.resource)
		if source == nil {
			return false
		}
		into.merge(source)
	}
	return true
}

// statements are those of the data source's own blocks; nil if it is not known
// which there are. A statement with an unknown Sid may replace any.
func (d *documentReader) statements() *policyJSON {
	if d.values.isUnknown("statement") {
		return nil
	}
	own := &policyJSON{}
	for i, block := range d.values.blocks("statement") {
		if block.isUnknown("sid") {
			return nil
		}
		own.Statement = append(own.Statement, d.statement(block, i))
	}
	return own
}

// statement reads the i-th statement block.
func (d *documentReader) statement(v values, i int) statementJSON {
	mark := func(name string) string {
		return keypolicy.Mark(fmt.Sprintf("%s.statement[%d].%s", d.resource.Address, i, name))
	}
	config := d.statementConfig(i)
	texts := func(name string) any {
		list := v.texts(name, mark)
		for i := range list {
			list[i] = variables(list[i])
		}
		return orNil(list)
	}
	s := statementJSON{
		Sid:          v.text("sid"),
		Effect:       cmp.Or(v.text("effect"), string(keypolicy.Allow)),
		Action:       texts("actions"),
		NotAction:    texts("not_actions"),
		Resource:     texts("resources"),
		NotResource:  texts("not_resources"),
		Principal:    d.principals(v, "principals", config["principals"], mark),
		NotPrincipal: d.principals(v, "not_principals", config["not_principals"], mark),
	}
	if v.isUnknown("effect") || v.isUnknown("condition") || !d.conditions(&s, v, mark) {
		// Whether the statement applies is then unknown: let its resource be so.
		s.Resource, s.NotResource = []string{mark("condition")}, nil
	}
	return s
}

// orNil is an empty list as nil, so that JSON leaves it out.
func orNil(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// variables turns &{…}, as the data source spells policy variables, into ${…}.
func variables(text string) string { return strings.ReplaceAll(text, "&{", "${") }

// conditions reads condition blocks, and reports whether it could: operator and
// key must be known.
func (d *documentReader) conditions(s *statementJSON, v values, mark func(string) string) bool {
	for i, block := range v.blocks("condition") {
		place := func(attribute string) string { return mark(fmt.Sprintf("condition[%d].%s", i, attribute)) }
		test, key := block.text("test"), block.text("variable")
		if test == "" || key == "" {
			return false
		}
		if s.Condition == nil {
			s.Condition = map[string]map[string]any{}
		}
		if s.Condition[test] == nil {
			s.Condition[test] = map[string]any{}
		}
		// Two blocks about the same key are one condition with the values of both.
		list, _ := s.Condition[test][key].([]string)
		for _, value := range block.texts("values", place) {
			list = append(list, variables(value))
		}
		s.Condition[test][key] = list
	}
	return true
}
