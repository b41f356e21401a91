package generator

import (
	"slices"
	"strings"
)

// resource is a resource of main.tf.
type resource struct {
	Why        []string
	Type, Name string
	Arguments  []assignment
	// Protected bakes prevent_destroy in; Ignored are arguments that are set
	// outside Terraform.
	Protected     bool
	Ignored       []string
	IgnoredWhy    []string
	Preconditions []precondition
}

// Address is the resource's address in the module.
func (r resource) Address() string { return r.Type + "." + r.Name }

// keyResources are the resources for a key, by origin and role.
var keyResources = map[struct{ external, replica bool }]string{
	{false, false}: "aws_kms_key",
	{true, false}:  "aws_kms_external_key",
	{false, true}:  "aws_kms_replica_key",
	{true, true}:   "aws_kms_replica_external_key",
}

// keyType is the resource that makes the module's key.
func (m *Module) keyType() string {
	return keyResources[struct{ external, replica bool }{m.imports(), m.MultiRegion == Replica}]
}

// key is the address of the module's key.
func (m *Module) key() string { return m.keyType() + ".this" }

// keyIDOf is the HCL of a key's id: aws_kms_external_key has it as id alone.
func keyIDOf(address string) string {
	if strings.HasPrefix(address, "aws_kms_external_key.") {
		return address + ".id"
	}
	return address + ".key_id"
}

// resources of the module; those for grants are in the template.
func (m *Module) resources(preconditions []precondition) []resource {
	switch m.Manages {
	case ManagesPolicy:
		return []resource{{
			Why: []string{
				"One policy for each key. It stays where it is when it is removed here: the",
				"provider then writes the default policy, which leaves the key to IAM.",
			},
			Type: "aws_kms_key_policy", Name: "this",
			Arguments: []assignment{{"for_each", "var.key_ids"}, {}, {"key_id", "each.value"}, {"policy", "local.policy_json"}},
		}}
	case ManagesGrants:
		return nil
	}
	all := []resource{m.keyResource(preconditions), aliases("this", m.key(), "")}
	if m.MultiRegion == PrimaryWithReplica {
		all = append(all, m.replicaResource(), aliases("replica", "aws_kms_replica_key.replica", "aws.replica"))
	}
	return all
}

// keyWhy is the comment at the key, by what sets it apart.
func (m *Module) keyWhy() []string {
	switch {
	case m.imports():
		return []string{
			"Its material is imported outside Terraform, and so is in no state and no plan:",
			"see the README. Until then the key is pending import.",
		}
	case m.MultiRegion == Replica:
		return []string{"A replica: material and rotation are the primary's, policy, aliases and tags its own."}
	case m.Origin != OriginKMS:
		return []string{"Its material is in the custom key store, which must be connected."}
	case m.KeySpec == symmetricDefault:
		return []string{"A symmetric encryption key, the only kind KMS rotates by itself."}
	}
	return []string{"KMS does not rotate keys for " + string(m.ability()) + " by itself."}
}

func (m *Module) keyResource(preconditions []precondition) resource {
	r := resource{Why: m.keyWhy(), Type: m.keyType(), Name: "this", Protected: m.ProtectFromDestroy, Preconditions: preconditions}
	add := func(applies bool, arguments ...assignment) {
		if applies {
			r.Arguments = append(r.Arguments, arguments...)
		}
	}
	replica := m.MultiRegion == Replica
	add(replica, assignment{"primary_key_arn", "var.primary_key_arn"})
	add(true, assignment{"description", "var.description"})
	add(m.KeySpec != symmetricDefault && !replica, assignment{"customer_master_key_spec", m.specExpression()}, assignment{"key_usage", quote(m.KeyUsage)})
	add(m.MultiRegion == Primary || m.MultiRegion == PrimaryWithReplica, assignment{"multi_region", "true"})
	add(m.Origin == OriginCloudHSM || m.Origin == OriginXKS, assignment{"custom_key_store_id", "var.custom_key_store_id"})
	add(m.Origin == OriginXKS, assignment{"xks_key_id", "var.xks_key_id"})
	add(m.rotates(), assignment{"enable_key_rotation", "true"}, assignment{"rotation_period_in_days", "var.rotation_period_in_days"})
	add(true, assignment{"deletion_window_in_days", "var.deletion_window_in_days"}, assignment{"policy", "local.policy_json"}, assignment{"tags", "var.tags"})
	if m.imports() {
		r.Ignored = []string{"key_material_base64", "valid_to"}
		r.IgnoredWhy = []string{"Set by the import, outside Terraform."}
	}
	return r
}

// specExpression is the HCL of the key's spec.
func (m *Module) specExpression() string {
	if len(m.selectable()) > 1 {
		return "var.key_spec"
	}
	return quote(m.KeySpec)
}

// specAttribute is the attribute that holds the key's spec.
func (m *Module) specAttribute() string {
	if m.MultiRegion == Replica {
		return ".key_spec"
	}
	return ".customer_master_key_spec"
}

func (m *Module) replicaResource() resource {
	return resource{
		Why:  []string{"Policy, aliases and tags of a replica are its own; they are the same here."},
		Type: "aws_kms_replica_key", Name: "replica", Protected: m.ProtectFromDestroy,
		Arguments: []assignment{
			{"provider", "aws.replica"}, {},
			{"primary_key_arn", "aws_kms_key.this.arn"}, {"description", "var.description"}, {"deletion_window_in_days", "var.deletion_window_in_days"},
			{"policy", "local.policy_json"}, {"tags", "var.tags"},
		},
	}
}

func aliases(name, key, provider string) resource {
	r := resource{Type: "aws_kms_alias", Name: name, Arguments: []assignment{
		{"for_each", "toset(var.aliases)"}, {}, {"name", `"alias/${each.key}"`}, {"target_key_id", keyIDOf(key)},
	}}
	if provider != "" {
		r.Arguments = slices.Insert(r.Arguments, 0, assignment{"provider", provider})
	}
	return r
}

// output is an output of the generated module; Value is an HCL expression.
type output struct {
	Name, Description, Value string
	Preconditions            []precondition
}

// outputs of the module, in the order of outputs.tf: key_arn first.
func (m *Module) outputs(preconditions []precondition) []output {
	policy := output{Name: "policy", Description: "Key policy (JSON), as the module rendered it.", Value: "local.policy_json"}
	switch m.Manages {
	case ManagesPolicy:
		policy.Preconditions = preconditions
		return []output{policy}
	case ManagesGrants:
		return []output{{Name: "grant_ids", Description: "Ids of the grants, by their names. Grant tokens are no output: they would pass on the right to use the key.", Value: "{ for name, grant in aws_kms_grant.this : name => grant.grant_id }"}}
	}
	key := m.key()
	all := []output{
		{Name: "key_arn", Description: "ARN of the key: the form that every service, grant and other account takes.", Value: key + ".arn"},
		{Name: "key_id", Description: "Id of the key, the last part of its ARN.", Value: keyIDOf(key)},
		{Name: "alias_names", Description: "Names of the aliases with their prefix, such as alias/app/data, sorted.", Value: "sort([for alias in aws_kms_alias.this : alias.name])"},
		{Name: "alias_arns", Description: "ARNs of the aliases, by their names without prefix. They stand for the key in API calls, not in the Resource of an IAM policy.", Value: "{ for name, alias in aws_kms_alias.this : name => alias.arn }"},
		policy,
	}
	if m.MultiRegion == PrimaryWithReplica {
		all = append(all,
			output{Name: "replica_key_arn", Description: "ARN of the replica, for use in its Region.", Value: "aws_kms_replica_key.replica.arn"},
			output{Name: "replica_alias_arns", Description: "ARNs of the replica's aliases, by their names without prefix.", Value: "{ for name, alias in aws_kms_alias.replica : name => alias.arn }"})
	}
	if m.KeySpec != symmetricDefault {
		all = append(all, output{Name: "key_spec", Description: "KeySpec of the key.", Value: key + m.specAttribute()})
	}
	if m.imports() {
		all = append(all, output{Name: "key_state", Description: "State of the key: PendingImport until its material is imported.", Value: key + ".key_state"})
	}
	if m.rotates() {
		all = append(all, output{Name: "rotation_period_in_days", Description: "Days between automatic rotations.", Value: key + ".rotation_period_in_days"})
	}
	return append(all, output{Name: "deletion_window_in_days", Description: "Days between destruction and deletion.", Value: key + ".deletion_window_in_days"})
}
