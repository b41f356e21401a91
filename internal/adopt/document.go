package adopt

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// data is what a data source returns, as far as it can be known without asking.
func (s *scope) data(block *hclsyntax.Block) fact {
	attribute := func(value, flag string, names ...string) fact {
		if value == "" {
			return unknown("the configuration asks where it runs: give %s", flag)
		}
		values := map[string]cty.Value{}
		for _, name := range names {
			values[name] = cty.StringVal(value)
		}
		return fact{value: cty.ObjectVal(values)}
	}
	switch block.Labels[0] {
	case "aws_caller_identity":
		return attribute(s.place.Account, "--account", "account_id", "id")
	case "aws_region":
		return attribute(s.regions[s.provider(block.Body.Attributes[providerArgument])], "--region", "id", "name", "region")
	case "aws_partition":
		return fact{value: cty.ObjectVal(map[string]cty.Value{
			"partition": cty.StringVal(s.place.Partition), "id": cty.StringVal(s.place.Partition), "dns_suffix": cty.StringVal(s.place.Suffix()),
		})}
	case "aws_iam_policy_document":
		return s.documents(block)
	}
	return unknown("%sdata.%s is known only when it is read", s.prefix, strings.Join(block.Labels, "."))
}

func attribute(name string, kind cty.Type) *hcldec.AttrSpec {
	return &hcldec.AttrSpec{Name: name, Type: kind}
}

var texts = cty.List(cty.String)

func principalBlocks(name string) *hcldec.BlockListSpec {
	return &hcldec.BlockListSpec{TypeName: name, Nested: hcldec.ObjectSpec{"type": attribute("type", cty.String), "identifiers": attribute("identifiers", texts)}}
}

// documentSpec is the schema of aws_iam_policy_document. Source: its documentation.
var documentSpec = hcldec.ObjectSpec{
	"source":   attribute("source_policy_documents", texts),
	"override": attribute("override_policy_documents", texts),
	"statement": &hcldec.BlockListSpec{TypeName: "statement", Nested: hcldec.ObjectSpec{
		"Sid": attribute("sid", cty.String), "Effect": attribute("effect", cty.String),
		"Action": attribute("actions", texts), "NotAction": attribute("not_actions", texts),
		"Resource": attribute("resources", texts), "NotResource": attribute("not_resources", texts),
		"Principal": principalBlocks("principals"), "NotPrincipal": principalBlocks("not_principals"),
		"Condition": &hcldec.BlockListSpec{TypeName: "condition", Nested: hcldec.ObjectSpec{
			"test": attribute("test", cty.String), "variable": attribute("variable", cty.String), "values": attribute("values", texts),
		}},
	}},
}

// documents works the instances of an aws_iam_policy_document out.
func (s *scope) documents(block *hclsyntax.Block) fact {
	instances, why := s.instances(block)
	if why != "" {
		return fact{cty.DynamicVal, why}
	}
	var values []cty.Value
	for _, one := range instances {
		f := s.document(block.Body, one.local)
		if f.why != "" {
			return f
		}
		values = append(values, cty.ObjectVal(map[string]cty.Value{"json": f.value, "minified_json": f.value}))
	}
	return fact{value: gather(block, instances, values)}
}

func (s *scope) document(body hcl.Body, local map[string]cty.Value) fact {
	context, why := s.context(dynblock.VariablesHCLDec(body, documentSpec), local)
	_, rest, diags := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{
		{Name: "count"}, {Name: "for_each"}, {Name: "policy_id"}, {Name: "version"}, {Name: "provider"},
	}})
	if diags.HasErrors() {
		return unknown("%s", diags[0].Summary)
	}
	decoded, diags := hcldec.Decode(dynblock.Expand(rest, context), documentSpec, context)
	switch {
	case !decoded.IsWhollyKnown() && why != "":
		return fact{cty.DynamicVal, why}
	case diags.HasErrors():
		return unknown("%s", diags[0].Detail)
	case !decoded.IsWhollyKnown():
		return unknown("it is known only when it is applied")
	}
	data, err := json.Marshal(plain(decoded))
	if err != nil {
		return unknown("%s", err)
	}
	var written writtenDocument
	if err := json.Unmarshal(data, &written); err != nil {
		return unknown("%s", err)
	}
	text, err := written.rendered()
	if err != nil {
		return unknown("%s", err)
	}
	return fact{value: cty.StringVal(text)}
}

// writtenDocument is an aws_iam_policy_document.
type writtenDocument struct {
	Source, Override []string
	Statement        []struct {
		Sid, Effect                              string
		Action, NotAction, Resource, NotResource []string
		Principal, NotPrincipal                  []writtenPrincipals
		Condition                                []writtenCondition
	}
}

type writtenCondition struct {
	Test, Variable string
	Values         []string
}

type writtenPrincipals struct {
	Type        string
	Identifiers []string
}

// rendered is the policy document that the provider makes of it.
func (d writtenDocument) rendered() (string, error) {
	source, err := statementsOf(d.Source)
	if err != nil {
		return "", err
	}
	override, err := statementsOf(d.Override)
	if err != nil {
		return "", err
	}
	all := source.merged(d.own()).merged(override)
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": all})
	return string(text), err
}

// statements of a policy document.
type statements []map[string]any

// merged puts each of more in the place of the statement of its Sid, or at the end.
func (all statements) merged(more statements) statements {
	for _, s := range more {
		i := slices.IndexFunc(all, func(other map[string]any) bool { return s["Sid"] != nil && s["Sid"] == other["Sid"] })
		if i < 0 {
			all = append(all, s)
		} else {
			all[i] = s
		}
	}
	return all
}

// statementsOf are those of documents, one after the other.
func statementsOf(documents []string) (statements, error) {
	var all statements
	for _, text := range documents {
		raw, err := rawStatements(text)
		if err != nil {
			return nil, err
		}
		found := make(statements, len(raw))
		for i := range raw {
			if err := json.Unmarshal(raw[i], &found[i]); err != nil {
				return nil, err
			}
		}
		all = all.merged(found)
	}
	return all, nil
}

// own are the document's own statements.
func (d writtenDocument) own() statements {
	var all statements
	for _, s := range d.Statement {
		m := map[string]any{"Effect": "Allow"}
		put := func(name string, value any, given bool) {
			if given {
				m[name] = value
			}
		}
		put("Sid", s.Sid, s.Sid != "")
		put("Effect", s.Effect, s.Effect != "")
		put("Action", s.Action, len(s.Action) > 0)
		put("NotAction", s.NotAction, len(s.NotAction) > 0)
		put("Resource", s.Resource, len(s.Resource) > 0)
		put("NotResource", s.NotResource, len(s.NotResource) > 0)
		put("Principal", principalsOf(s.Principal), len(s.Principal) > 0)
		put("NotPrincipal", principalsOf(s.NotPrincipal), len(s.NotPrincipal) > 0)
		put("Condition", conditionsOf(s.Condition), len(s.Condition) > 0)
		all = append(all, m)
	}
	return all
}

// conditionsOf groups conditions as the policy language does. Its variables are
// written &{...} in a configuration.
func conditionsOf(list []writtenCondition) map[string]map[string][]string {
	grouped := map[string]map[string][]string{}
	for _, c := range list {
		if grouped[c.Test] == nil {
			grouped[c.Test] = map[string][]string{}
		}
		for _, value := range c.Values {
			grouped[c.Test][c.Variable] = append(grouped[c.Test][c.Variable], strings.ReplaceAll(value, "&{", "${"))
		}
	}
	return grouped
}

func principalsOf(list []writtenPrincipals) any {
	byType := map[string][]string{}
	for _, p := range list {
		if p.Type == "*" {
			return "*"
		}
		byType[p.Type] = append(byType[p.Type], p.Identifiers...)
	}
	return byType
}
