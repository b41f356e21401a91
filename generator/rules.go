package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// Place is where a key is.
type Place struct{ Account, Region, Partition string }

// Suffix is what the names of regional service principals end in.
func (p Place) Suffix() string {
	if p.Partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// Rule is a statement of a module's key policy before the module is called: what its
// caller passes is told by the names of the variables.
type Rule struct {
	Sid string
	// Service is the service of the spec that the statement is for; "" for a verb's.
	Service string
	// OfServices is true if its principals are service principals, else they are
	// roles and users.
	OfServices bool
	// List is the list that names the principals, a variable or made of some; "" if
	// Principals are known.
	List       string
	Principals []string
	Actions    []string
	Needs      []Need
}

// Need is one condition of a rule. Values are those that the key is compared with;
// if Variable is set, they are what holds when the variable is left empty, and Form
// is a regular expression that other values must match, "" for any.
type Need struct {
	Operator, Key  string
	Values         []string
	Variable, Form string
}

// Rules returns the statements of the module's key policy in a place, less that of
// the account that owns the key.
func (m Module) Rules(place Place) ([]Rule, error) {
	m.fill()
	memo := newMemo()
	v, err := newView(m, memo)
	if err != nil {
		return nil, fmt.Errorf("module %q: %w", m.Name, err)
	}
	v.Data = slices.Clone(v.Data)
	for i := range v.Data {
		v.Data[i].Values = place.values(v.Data[i].Type)
	}
	for i := range v.Variables { // nothing was passed
		if v.Variables[i].Type == "list(string)" {
			v.Variables[i].Sample = "[]"
		}
	}
	e, err := newEvaluator(memo, v)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	for _, s := range v.Statements[len(v.Root.Statements):] {
		r, err := v.rule(e, s)
		if err != nil {
			return nil, fmt.Errorf("statement %s: %w", s.Sid, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// values are what a data source returns in the place.
func (p Place) values(kind string) []assignment {
	switch kind {
	case "aws_partition":
		return []assignment{{"partition", quote(p.Partition)}, {"dns_suffix", quote(p.Suffix())}}
	case "aws_caller_identity":
		return []assignment{{"account_id", quote(p.Account)}}
	}
	return []assignment{{"id", quote(p.Region)}, {"name", quote(p.Region)}}
}

func (v *view) rule(e *evaluator, s statement) (r Rule, err error) {
	r = Rule{Sid: s.Sid, Service: v.serviceOf(s), OfServices: s.Kind == "Service", Actions: s.Actions}
	if name, ok := strings.CutPrefix(s.Principals, "local."); ok {
		r.List = strings.TrimSuffix(name, "_accounts")
	} else if r.Principals, err = e.strings(s.Principals); err != nil {
		return r, err
	}
	for _, c := range s.Conditions {
		if c.Key == contextKeys {
			for _, key := range v.Module.EncryptionContext {
				r.Needs = append(r.Needs, Need{c.Operator, contextKeys + key, []string{"false"}, "", ""})
			}
			continue
		}
		n := Need{Operator: c.Operator, Key: c.Key, Variable: v.variableOf(c.Value)}
		n.Form = v.formOf(n.Variable)
		if n.Values, err = e.strings(c.Value); err != nil {
			return r, err
		}
		r.Needs = append(r.Needs, n)
	}
	return r, nil
}

// serviceOf returns the service that the statement is for.
func (v *view) serviceOf(s statement) string {
	for _, name := range v.Module.Services {
		own := Module{Services: []string{name}, PrincipalBinding: v.Module.PrincipalBinding}
		if slices.ContainsFunc(own.statements(), func(other statement) bool { return other.Sid == s.Sid }) {
			return name
		}
	}
	return ""
}

var variableIn = lazyregexp.New(`var\.([a-z_]+)`)

// variableOf returns the variable that an expression passes on; "" for none.
func (v *view) variableOf(expression string) string {
	if match := variableIn.FindStringSubmatch(expression); match != nil {
		return match[1]
	}
	name := strings.TrimPrefix(expression, "local.")
	if slices.Contains(v.Patterns(), name) || slices.ContainsFunc(v.Parties, func(p party) bool { return p.Variable == name }) {
		return name
	}
	return ""
}

// formOf returns the form of the ARNs that a variable lists.
func (v *view) formOf(variable string) string {
	for _, name := range v.Module.Services {
		for _, p := range services[name].patterns {
			if p.variable == variable {
				return p.form
			}
		}
	}
	return ""
}

// strings works an expression out that is a string or a list of them.
func (e *evaluator) strings(expression string) ([]string, error) {
	value, err := e.value(expression)
	if err != nil {
		return nil, err
	}
	if value.Type() == cty.String {
		return []string{value.AsString()}, nil
	}
	var all []string
	for _, item := range value.AsValueSlice() {
		all = append(all, item.AsString())
	}
	return all, nil
}

// Fitting returns the services that can use the module's key, sorted.
func (m Module) Fitting() []string {
	m.fill()
	return slices.DeleteFunc(words(services), func(name string) bool {
		s := services[name]
		return m.KeySpec != s.spec || m.KeyUsage != s.usage || s.singleRegion && m.MultiRegion != SingleRegion
	})
}

// VariableOf returns the variable that lists the roles and users of a verb.
func VariableOf(v Verb) string {
	for _, known := range verbs {
		if known.name == v {
			return known.variable
		}
	}
	return ""
}
