package keypolicy

import (
	"fmt"
	"slices"
	"strings"
)

// Parse reads a policy document: a key policy, an IAM policy or a trust policy.
// The name says what it is in reasons and errors. Source: IAM User Guide,
// "Grammar of the IAM JSON policy language".
//
// The error is a [*SyntaxError] with line and column. Unknown elements,
// duplicate keys, wrong types and empty lists are errors: KMS would refuse them
// or give them no effect. Whether actions and condition keys exist is not asked.
func Parse(name string, src []byte) (*Policy, error) {
	root, err := readJSON(name, src)
	if err != nil {
		return nil, err
	}
	p := &parser{name: name, src: src}
	return p.document(name, root)
}

// parser decodes the nodes of one JSON text.
type parser struct {
	name   string
	src    []byte
	policy *Policy // the one being decoded
}

func (p *parser) errorf(n int, remedy, format string, args ...any) error {
	return &SyntaxError{Name: p.name, Position: position(p.src, n), Problem: fmt.Sprintf(format, args...), Remedy: remedy}
}

// element decodes one named member of an object.
type element func(value node) error

// members decodes an object by a table of its possible elements.
func (p *parser) members(n node, what string, elements map[string]element) error {
	if n.kind != kindObject {
		return p.errorf(n.offset, "write { … }", "%s is %s, not an object", what, n.kind)
	}
	for _, m := range n.members {
		decode, ok := elements[m.name]
		if !ok {
			return p.errorf(m.offset, suggest(m.name, elements), "unknown element %q in %s", m.name, what)
		}
		if err := decode(m.value); err != nil {
			return err
		}
	}
	return nil
}

// document decodes a policy under the given name.
func (p *parser) document(name string, root node) (*Policy, error) {
	p.policy = &Policy{Name: name}
	var statements *node
	err := p.members(root, "the policy", map[string]element{
		"Version":   p.oneOf(&p.policy.Version, "2012-10-17", "2008-10-17"),
		"Id":        p.text(&p.policy.ID),
		"Statement": func(v node) error { statements = &v; return nil },
	})
	if err != nil {
		return nil, err
	}
	if statements == nil {
		return nil, p.errorf(root.offset, `add "Statement"`, "the policy has no Statement")
	}
	items, err := p.list(*statements, "Statement")
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if err := p.statement(item); err != nil {
			return nil, err
		}
	}
	return p.policy, nil
}

func (p *parser) statement(n node) error {
	s := Statement{Position: position(p.src, n.offset)}
	var effect string
	err := p.members(n, "a statement", map[string]element{
		"Sid":          p.text(&s.Sid),
		"Effect":       p.oneOf(&effect, string(Allow), string(Deny)),
		"Principal":    p.principals(&s.Principal),
		"NotPrincipal": p.principals(&s.NotPrincipal),
		"Action":       p.texts(&s.Action, "Action"),
		"NotAction":    p.texts(&s.NotAction, "NotAction"),
		"Resource":     p.texts(&s.Resource, "Resource"),
		"NotResource":  p.texts(&s.NotResource, "NotResource"),
		"Condition":    p.conditions(&s.Condition),
	})
	if err != nil {
		return err
	}
	s.Effect = Effect(effect)
	if s.Effect == "" {
		return p.errorf(n.offset, `add "Effect": "Allow" or "Deny"`, "a statement has no Effect")
	}
	if both := s.contradiction(); both != "" {
		return p.errorf(n.offset, "keep one of them", "a statement has both %s", both)
	}
	s.compile(p.policy.hasVariables())
	s.index = len(p.policy.Statements)
	p.policy.Statements = append(p.policy.Statements, s)
	return nil
}

// hasVariables reports whether ${…} is replaced: only the newer version does.
// Statements are compiled after all elements of the document were read, since
// Version may stand behind them.
func (p *Policy) hasVariables() bool { return p.Version == "2012-10-17" }

func (s *Statement) contradiction() string {
	switch {
	case s.Action != nil && s.NotAction != nil:
		return "Action and NotAction"
	case s.Resource != nil && s.NotResource != nil:
		return "Resource and NotResource"
	case s.Principal != nil && s.NotPrincipal != nil:
		return "Principal and NotPrincipal"
	}
	return ""
}

func (p *parser) text(into *string) element {
	return func(v node) error {
		if v.kind != kindString {
			return p.errorf(v.offset, "write it in quotes", "%s where a string belongs", v.kind)
		}
		*into = v.text
		return nil
	}
}

func (p *parser) oneOf(into *string, choices ...string) element {
	return func(v node) error {
		if v.kind != kindString || !slices.Contains(choices, v.text) {
			return p.errorf(v.offset, "write "+strings.Join(choices, " or ")+", in this case", "%s is not a valid value", v.quoted())
		}
		*into = v.text
		return nil
	}
}

func (n node) quoted() string {
	if n.kind == kindString {
		return fmt.Sprintf("%q", n.text)
	}
	return n.kind.String()
}

// texts decodes a string or a list of strings.
func (p *parser) texts(into *[]string, what string) element {
	return func(v node) error {
		items, err := p.list(v, what)
		if err != nil {
			return err
		}
		for _, item := range items {
			var text string
			if err := p.text(&text)(item); err != nil {
				return err
			}
			*into = append(*into, text)
		}
		return nil
	}
}

// list is the items of a list, or the single value as a list of one.
func (p *parser) list(v node, what string) ([]node, error) {
	if v.kind != kindArray {
		return []node{v}, nil
	}
	if len(v.items) == 0 {
		return nil, p.errorf(v.offset, "add a value, or remove the statement", "%s is an empty list", what)
	}
	return v.items, nil
}

var principalTypes = []string{"AWS", "Service", "Federated", "CanonicalUser"}

func (p *parser) principals(into *Principals) element {
	return func(v node) error {
		if v.kind == kindString {
			if v.text != "*" {
				return p.errorf(v.offset, `write "*" or {"AWS": …}`, "principal %q has no type", v.text)
			}
			*into = Principals{newPrincipalEntry("AWS", "*")}
			return nil
		}
		types := map[string]element{}
		for _, t := range principalTypes {
			types[t] = p.principalsOfType(into, t)
		}
		if err := p.members(v, "Principal", types); err != nil {
			return err
		}
		if len(*into) == 0 {
			return p.errorf(v.offset, "name somebody, or remove the statement", "Principal names nobody")
		}
		return nil
	}
}

func (p *parser) principalsOfType(into *Principals, principalType string) element {
	return func(v node) error {
		var values []string
		if err := p.texts(&values, "Principal "+principalType)(v); err != nil {
			return err
		}
		for _, value := range values {
			*into = append(*into, newPrincipalEntry(principalType, value))
		}
		return nil
	}
}

func (p *parser) conditions(into *[]Condition) element {
	return func(v node) error {
		if v.kind != kindObject {
			return p.errorf(v.offset, "write { OPERATOR: { KEY: VALUE } }", "Condition is %s, not an object", v.kind)
		}
		for _, operator := range v.members {
			if err := p.operator(into, operator); err != nil {
				return err
			}
		}
		return nil
	}
}

func (p *parser) operator(into *[]Condition, m member) error {
	if _, ok := lookUpOperator(m.name); !ok {
		return p.errorf(m.offset, suggest(m.name, operators), "unknown condition operator %q", m.name)
	}
	if m.value.kind != kindObject {
		return p.errorf(m.value.offset, "write { KEY: VALUE }", "%s is given %s, not an object", m.name, m.value.kind)
	}
	for _, key := range m.value.members {
		values, err := p.conditionValues(key)
		if err != nil {
			return err
		}
		*into = append(*into, Condition{Operator: m.name, Key: key.name, Values: values, Position: position(p.src, key.offset)})
	}
	return nil
}

func (p *parser) conditionValues(key member) ([]string, error) {
	items, err := p.list(key.value, "condition "+key.name)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(items))
	for i, item := range items {
		if item.kind > kindBool {
			return nil, p.errorf(item.offset, "write a string", "condition %s is compared with %s", key.name, item.kind)
		}
		values[i] = item.text
	}
	return values, nil
}
