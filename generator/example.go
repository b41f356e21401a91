package generator

import (
	"slices"
	"strings"
)

// example is what examples/basic shows: a root module that calls the module.
type example struct {
	// Title is the comment at the top, Module the label of the call.
	Title, Module string
	Variables     []variable
	Arguments     []assignment
	Outputs       []output
	// Parts are templates, in the folder parts/examples, for what goes with the
	// key: resources of services that use it, a key that gets the policy.
	Parts []string
}

// examples by what a module manages.
var examples = map[Manages]example{
	ManagesKey: {
		Title: "The smallest useful call: one role manages the key, others use it.", Module: "key",
		Outputs: []output{
			{Name: "key_arn", Description: "ARN of the key.", Value: "module.key.key_arn"},
			{Name: "alias_names", Description: "Names of the aliases.", Value: "module.key.alias_names"},
		},
	},
	ManagesPolicy: {
		Title: "The policy of a key that the module does not make.", Module: "policy", Parts: []string{"policy"},
		Arguments: []assignment{{"key_ids", "{ orders = aws_kms_key.orders.key_id }"}},
		Outputs:   []output{{Name: "policy", Description: "The policy that the key has.", Value: "module.policy.policy"}},
	},
	ManagesGrants: {
		Title: "A grant for one application, bound to its tenant.", Module: "grants", Parts: []string{"grants"},
		Arguments: []assignment{{"key_id", "aws_kms_key.orders.key_id"}},
		Outputs:   []output{{Name: "grant_ids", Description: "Ids of the grants.", Value: "module.grants.grant_ids"}},
	},
}

// Example is what examples/basic shows of the module.
func (v *view) Example() example {
	m := &v.Module
	e := examples[m.Manages]
	switch m.Manages {
	case ManagesKey:
		e.Arguments = append(e.Arguments, assignment{"aliases", list([]string{"example/" + m.Name})})
	case ManagesGrants:
		e.take("application_role_arn", "ARN of the role that gets the grant.", "")
		operations := grantable[m.ability()]
		e.Arguments = append(e.Arguments, assignment{"grants", grantExample(operations[:2], m.ability())})
	}
	for _, extra := range v.Variables {
		if extra.Default == "" && slices.Contains([]string{"custom_key_store_id", "xks_key_id", "primary_key_arn", "valid_to"}, extra.Name) {
			e.take(extra.Name, extra.Description, "var."+extra.Name)
		}
	}
	for _, p := range v.Parties {
		e.take(p.exampleVariable(), "ARN of a role for "+p.Variable+".", "")
		e.Arguments = append(e.Arguments, assignment{p.Variable, "[var." + p.exampleVariable() + "]"})
	}
	e.Parts = append(e.Parts, m.Services...)
	return e
}

// take adds a variable to the root module and, unless value is "", passes it on.
func (e *example) take(name, doc, value string) {
	e.Variables = append(e.Variables, variable{Name: name, Description: doc, Type: "string"})
	if value != "" {
		e.Arguments = append(e.Arguments, assignment{name, value})
	}
}

func grantExample(operations []string, a ability) string {
	constraint := ""
	if a == encryptsSymmetrically {
		constraint = "\nconstraints = { encryption_context_subset = { tenant = \"example\" } }"
	}
	return "{\napp = {\ngrantee_principal = var.application_role_arn\noperations = " + list(operations) + constraint + "\n}\n}"
}

// exampleVariable is the root module's variable for one principal of the list.
func (p party) exampleVariable() string {
	if name, ok := strings.CutSuffix(p.Variable, "_roles"); ok {
		return name + "_role_arn"
	}
	return strings.TrimSuffix(p.Variable, "s") + "_role_arn"
}

// Shuffled are the samples in another order and with a double.
func (p party) Shuffled() []string {
	samples := p.samples()
	return []string{samples[1], samples[0], samples[0]}
}

// InAnotherPartition are the samples as they would be in AWS GovCloud.
func (p party) InAnotherPartition() []string {
	var arns []string
	for _, arn := range p.samples() {
		arns = append(arns, strings.Replace(arn, "arn:aws:", "arn:aws-us-gov:", 1))
	}
	return arns
}

// Aliases are those of the providers that the module takes; "" is the default.
func (v *view) Aliases() []string {
	if v.Module.MultiRegion == PrimaryWithReplica {
		return []string{"", "replica"}
	}
	return []string{""}
}

// DataOf are the data sources of the provider of an alias.
func (v *view) DataOf(alias string) []dataSource {
	var found []dataSource
	for _, d := range v.Data {
		if strings.TrimPrefix(d.Provider, "aws.") == alias {
			found = append(found, d)
		}
	}
	return found
}

// NameLists are the variables that list service principals.
func (v *view) NameLists() []string {
	var names []string
	for _, service := range v.Module.Services {
		for _, n := range services[service].names {
			names = append(names, n.name)
		}
	}
	return names
}

// Patterns are the variables that list ARNs of resources.
func (v *view) Patterns() []string {
	var names []string
	for _, service := range v.Module.Services {
		for _, p := range services[service].patterns {
			names = append(names, p.variable)
		}
	}
	return names
}

// SpecAsserts are what the contract test asks of the kind of key; a Name is the
// message.
func (v *view) SpecAsserts() []assignment {
	m, key := &v.Module, v.Checked
	var all []assignment
	add := func(applies bool, message, condition string) {
		if applies {
			all = append(all, assignment{message, condition})
		}
	}
	asymmetric := m.KeySpec != symmetricDefault && m.MultiRegion != Replica
	add(asymmetric, "The key is of the spec and for the usage that the module is about.",
		key+".customer_master_key_spec == "+quote(m.KeySpec)+" && "+key+".key_usage == "+quote(m.KeyUsage)+" && output.key_spec == "+quote(m.KeySpec))
	add(m.MultiRegion == Primary || m.MultiRegion == PrimaryWithReplica, "The key is multi-Region.", key+".multi_region")
	add(m.MultiRegion == Replica, "The key is a replica of the primary.", key+".primary_key_arn == var.primary_key_arn")
	add(m.MultiRegion == PrimaryWithReplica, "The replica has the same policy and aliases.",
		"aws_kms_replica_key.replica.policy == output.policy && jsonencode(keys(aws_kms_alias.replica)) == jsonencode(var.aliases)")
	add(m.Origin == OriginCloudHSM || m.Origin == OriginXKS, "The key is in the custom key store.", key+".custom_key_store_id == var.custom_key_store_id")
	add(m.Origin == OriginXKS, "The key stands for that of the external key manager.", key+".xks_key_id == var.xks_key_id")
	add(m.imports(), "No key material passes through Terraform.", key+".key_material_base64 == null")
	return all
}
