package generator

import (
	"fmt"
	"slices"
	"strings"
)

// party is a list of roles and users that a module takes as a variable.
type party struct {
	Variable, doc string
	// values are the default of the variable.
	values []string
	// Administers and uses tell the two sides that no principal may be on.
	Administers, uses bool
	// own is true if all must be of the key's own account.
	own bool
}

// parties of the module: of its verbs, then of its services.
func (m *Module) parties() []party {
	var all []party
	for _, v := range verbs {
		if values, has := m.Roles[v.name]; has {
			all = append(all, party{v.variable, "ARNs of the IAM roles and users that " + v.doc + v.note, values, v.name == Administer, v.uses, false})
		}
	}
	for _, name := range m.Services {
		s := services[name]
		for _, c := range s.callers {
			doc := "ARNs of the IAM roles and users that use the key through " + s.title + " to " + c.doc
			if c.foreign {
				doc = "ARNs of the IAM roles that " + c.doc
			}
			all = append(all, party{Variable: c.variable, doc: doc, uses: true, own: !c.foreign})
		}
	}
	return all
}

// partyNames are the HCL of the lists that keep is true of.
func partyNames(parties []party, keep func(party) bool) []string {
	var names []string
	for _, p := range parties {
		if keep(p) {
			names = append(names, "var."+p.Variable)
		}
	}
	return names
}

// samples are the principals that the module's tests name in a list.
func (p party) samples() []string {
	name := strings.ReplaceAll(p.Variable, "_", "-")
	return []string{"arn:aws:iam::111122223333:role/" + name, "arn:aws:iam::111122223333:user/ci/" + name}
}

func (m *Module) partyVariable(p party) variable {
	v := variable{
		Name: p.Variable, Type: "list(string)", Description: p.doc, Default: list(p.values), Sample: list(p.samples()),
		Edges: [2]string{list([]string{"arn:aws:iam::111122223333:role/teams/platform/" + p.Variable, "arn:aws:iam::111122223333:user/" + p.Variable + "+1@example.com"}), "[]"},
		Rules: []rule{{
			fmt.Sprintf("alltrue([for arn in var.%s : can(regex(%s, arn))])", p.Variable, quote(principalPattern)),
			"List ARNs of IAM roles or users, such as arn:aws:iam::111122223333:role/app: no sessions (sts), groups, account roots, services or wildcards.",
			badPrincipals,
		}},
	}
	r := rootStatements[m.RootStatement]
	if !p.Administers || !r.NeedsAdministrators {
		if p.Administers {
			v.Description += r.AdministratorsNote
		}
		return v
	}
	v.Description += r.AdministratorsNote
	v.Edges[1] = v.Edges[0]
	if len(p.values) == 0 {
		v.Default = ""
	}
	v.Rules = append([]rule{{
		"length(var." + p.Variable + ") > 0",
		"Name at least one administrator: without one no role or user could change the key policy, and KMS refuses to create such a key.",
		[]bad{{"no_administrators", "[]"}},
	}}, v.Rules...)
	return v
}

// badPrincipals are what people write for a principal and what no statement can
// name, or should.
var badPrincipals = []bad{
	{"principal_is_everyone", `["*"]`},
	{"principal_has_a_wildcard", `["arn:aws:iam::111122223333:role/app-*"]`},
	{"principal_is_a_session", `["arn:aws:sts::111122223333:assumed-role/app/session"]`},
	{"principal_is_a_group", `["arn:aws:iam::111122223333:group/apps"]`},
	{"principal_is_an_account", `["arn:aws:iam::111122223333:root"]`},
	{"principal_of_a_9_digit_account", `["arn:aws:iam::111122223:role/app"]`},
	{"principal_of_an_unknown_partition", `["arn:aws-moon:iam::111122223333:role/app"]`},
	{"principal_is_a_service", `["ec2.amazonaws.com"]`},
}

// preconditions of the module: rules over several values at once.
func (m *Module) preconditions() []precondition {
	parties := m.parties()
	all := []precondition{m.separation(parties)}
	if own := partyNames(parties, func(p party) bool { return p.own }); len(own) > 0 {
		all = append(all, precondition{
			"alltrue([for arn in concat(" + strings.Join(own, ", ") + `) : split(":", arn)[4] == local.account])`,
			"Who uses the key through a service must be of the key's own account, ${local.account}: a service calls for principals of its own.",
			[]refusal{{Name: "service_caller_of_another_account", Values: []assignment{{strings.TrimPrefix(own[0], "var."), `["arn:aws:iam::444455556666:role/app"]`}}}},
		})
	}
	all = append(all, precondition{
		`alltrue([for arn in local.principals : split(":", arn)[1] == local.partition])`,
		"Principals must be in the key's own partition, ${local.partition}: a key policy cannot name those of another.",
		[]refusal{{Name: "principal_in_another_partition", Values: []assignment{{parties[0].Variable, `["arn:aws-cn:iam::111122223333:role/app"]`}}}},
	})
	if m.MultiRegion == Replica && m.Manages == ManagesKey {
		all = append(all, precondition{
			`!contains(local.regions, split(":", var.primary_key_arn)[3])`,
			"A replica must be in another Region than its primary, ${var.primary_key_arn}.",
			[]refusal{{Name: "primary_of_the_same_region", Values: []assignment{{"primary_key_arn", `"arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"`}}}},
		})
	}
	for _, name := range m.Services {
		all = append(all, services[name].checks...)
	}
	all = append(all, precondition{
		"length(local.policy_json) <= 32768",
		"The key policy has ${length(local.policy_json)} characters and KMS takes 32768: name fewer principals, or shorten source_policy_documents.",
		[]refusal{{Name: "policy_too_large", Values: []assignment{{"source_policy_documents", `[jsonencode({ Statement = [{ Sid = format("%33000s", "x"), Effect = "Deny", Principal = "*" }] })]`}}}},
	})
	return slices.DeleteFunc(all, func(p precondition) bool { return p.Condition == "" })
}

// separation keeps administration and use in different hands. It is empty where
// nobody but administrators is named.
func (m *Module) separation(parties []party) precondition {
	users := partyNames(parties, func(p party) bool { return p.uses })
	if len(users) == 0 {
		return precondition{}
	}
	p := precondition{
		"length(local.administrators_who_use) == 0",
		"Administrators must not use the key: remove ${join(\", \", local.administrators_who_use)} from administrators, or from the other lists.",
		nil,
	}
	for _, name := range users {
		name = strings.TrimPrefix(name, "var.")
		p.Breaks = append(p.Breaks, refusal{Name: "administrator_in_" + name, Values: []assignment{
			{"administrators", `["arn:aws:iam::111122223333:role/both"]`}, {name, `["arn:aws:iam::111122223333:role/both"]`},
		}})
	}
	return p
}
