package generator

import (
	"fmt"
	"slices"
	"strings"
)

// local is a local value of policy.tf, with the comment above it.
type local struct {
	Name, Value string
	Why         []string
}

// statements of the module's key policy, in their order.
func (m *Module) statements() []statement {
	all := slices.Clone(rootStatements[m.RootStatement].Statements)
	for _, v := range verbs {
		if _, has := m.Roles[v.name]; has {
			all = append(all, m.verbStatements(v)...)
		}
	}
	if len(m.EncryptionContext) > 0 {
		all = append(all, m.describeStatement())
	}
	for _, name := range m.Services {
		s := services[name]
		for _, c := range s.callers {
			all = append(all, m.callerStatements(c, s)...)
		}
		all = append(all, s.itself...)
	}
	return all
}

func (m *Module) verbStatements(v verb) []statement {
	s := statement{
		Local: v.variable + "_statement", Sid: v.sid, Why: v.why, Kind: "AWS",
		Actions: v.actions[m.ability()], Conditions: v.conditions, Who: "`" + v.variable + "`", Source: v.source,
	}
	if v.name == Administer {
		s.Actions = m.administration()
		return m.administratorStatements(s)
	}
	if m.boundByContext(v) {
		s.Actions = slices.DeleteFunc(slices.Clone(s.Actions), func(a string) bool { return a == "kms:DescribeKey" })
		s.Conditions = append(slices.Clone(s.Conditions), contextRequired)
	}
	return []statement{m.bind(s, v.variable)}
}

// boundByContext reports whether the verb's use of the key needs the encryption
// context that the module asks for. That of a service is the service's own.
func (m *Module) boundByContext(v verb) bool {
	return len(m.EncryptionContext) > 0 && v.uses && v.name != Grant
}

// contextRequired holds for calls whose encryption context has all the keys.
// Source: KMS Developer Guide, AWS KMS condition keys: kms:EncryptionContext.
var contextRequired = condition{
	Operator: "Null", Key: contextKeys,
	Value: `{ for key in local.encryption_context_keys : "kms:EncryptionContext:${key}" => "false" }`,
	When:  "the encryption context has all of `encryption_context_keys`",
}

// contextKeys marks a condition whose Value holds the keys too.
const contextKeys = "kms:EncryptionContext:"

// describeStatement is what the encryption context keeps out of the others:
// DescribeKey carries none, and a condition on it would never hold.
func (m *Module) describeStatement() statement {
	return m.bind(statement{
		Local: "describe_statement", Sid: "Describe", Kind: "AWS",
		Why:     []string{"Apart, because DescribeKey carries no encryption context."},
		Actions: []string{"kms:DescribeKey"},
		Who:     "everybody above who uses the key",
		Source:  contextRequiredPage,
	}, "context_users")
}

var contextRequiredPage = source{"KMS Developer Guide, AWS KMS condition keys: kms:EncryptionContext", conditionKeysPage + "#conditions-kms-encryption-context"}

func (m *Module) administratorStatements(s statement) []statement {
	all := []statement{m.bind(s, "administrators")}
	s.Local, s.Sid = "administrators_delete_statement", "AdministratorsDelete"
	s.Why = []string{
		"Deletion stays reversible for as long as the module says: a shorter window",
		"than the key's own is refused.",
	}
	s.Actions = []string{"kms:ScheduleKeyDeletion"}
	s.Conditions = []condition{{
		"NumericGreaterThanEquals", "kms:ScheduleKeyDeletionPendingWindowInDays", "tostring(var.deletion_window_in_days)",
		"the waiting period is `deletion_window_in_days` or longer",
	}}
	s.Source = source{"KMS Developer Guide, AWS KMS condition keys: kms:ScheduleKeyDeletionPendingWindowInDays", conditionKeysPage + "#conditions-kms-schedule-key-deletion-pending-window-in-days"}
	all = append(all, m.bind(s, "administrators"))
	if m.KeyMaterialExpires {
		s.Local, s.Sid = "administrators_import_statement", "AdministratorsImport"
		s.Why = []string{"Material that never expires, or later than the module says, is refused."}
		s.Actions = []string{"kms:ImportKeyMaterial"}
		s.Conditions = []condition{
			{"StringEquals", "kms:ExpirationModel", `"KEY_MATERIAL_EXPIRES"`, "the material expires"},
			{"DateLessThanEquals", "kms:ValidTo", "var.valid_to", "not after `valid_to`"},
		}
		s.Source = source{"KMS Developer Guide, AWS KMS condition keys: kms:ValidTo", conditionKeysPage + "#conditions-kms-valid-to"}
		all = append(all, m.bind(s, "administrators"))
	}
	return all
}

func (m *Module) callerStatements(c caller, of service) []statement {
	s := statement{
		Local: c.variable + "_statement", Sid: c.sid, Why: c.why, Kind: "AWS",
		Actions: c.actions, Conditions: c.conditions, Who: "`" + c.variable + "`", Source: of.source,
	}
	all := []statement{m.bind(s, c.variable)}
	if !c.grants {
		return all
	}
	s.Local, s.Sid = c.variable+"_grants_statement", c.sid+"Grants"
	s.Why = []string{"The service makes grants for them, for its own resources only."}
	s.Actions = []string{"kms:CreateGrant"}
	s.Conditions = slices.Concat(c.conditions, []condition{forAWSResource})
	if c.grantConditions != nil {
		s.Why = []string{"The service makes grants for them."}
		s.Conditions = slices.Concat(c.conditions, c.grantConditions)
	}
	return append(all, m.bind(s, c.variable))
}

// bind gives a statement the principals of a list, as the module recognizes them.
func (m *Module) bind(s statement, list string) statement {
	s.Principals = "local." + list
	if m.PrincipalBinding == ByARN {
		s.Principals = "local." + list + "_accounts"
		s.Conditions = slices.Concat([]condition{{
			"ArnEquals", "aws:PrincipalArn", "local." + list, "by their ARN, with an IAM policy that allows it too",
		}}, s.Conditions)
	}
	return s
}

// locals of policy.tf that the statements and preconditions are made of: those
// that are mentioned, in the order in which they need each other.
func (m *Module) locals(statements []statement, preconditions []precondition) []local {
	var texts []string
	for _, s := range statements {
		texts = append(texts, s.Principals)
		for _, c := range s.Conditions {
			texts = append(texts, c.Value)
		}
	}
	for _, p := range preconditions {
		texts = append(texts, p.Condition, p.Message)
	}
	var used []local
	for _, l := range slices.Backward(m.listLocals()) {
		if slices.ContainsFunc(texts, func(text string) bool { return mentions(text, "local."+l.Name) }) {
			used = append(used, l)
			texts = append(texts, l.Value)
		}
	}
	slices.Reverse(used)
	return used
}

// mentions reports whether text has name, not as a part of a longer one.
func mentions(text, name string) bool {
	for {
		_, after, found := strings.Cut(text, name)
		if !found {
			return false
		}
		if after == "" || after[0] != '_' && (after[0] < 'a' || after[0] > 'z') {
			return true
		}
		text = after
	}
}

// listLocals are all locals that a module might need.
func (m *Module) listLocals() []local {
	regions := "[data.aws_region.current.id]"
	if m.MultiRegion == PrimaryWithReplica {
		regions = "[data.aws_region.current.id, data.aws_region.replica.id]"
	}
	all := []local{
		{"partition", "data.aws_partition.current.partition", nil},
		{"account", "data.aws_caller_identity.current.account_id", nil},
		{"regions", regions, nil},
	}
	parties := m.parties()
	sorted := []string{
		"Sorted and without doubles, so that the order in which callers list",
		"principals never shows up as a change of policy.",
	}
	for _, p := range parties {
		all = append(all, local{p.Variable, "sort(distinct(var." + p.Variable + "))", sorted})
		sorted = nil
	}
	if bound := m.contextUsers(); len(bound) > 0 {
		all = append(all,
			local{"encryption_context_keys", "sort(distinct(var.encryption_context_keys))", nil},
			local{"context_users", "sort(distinct(concat(" + strings.Join(bound, ", ") + ")))", nil})
	}
	all = append(all, m.accountLocals(parties)...)
	for _, name := range m.Services {
		all = append(all, services[name].locals()...)
	}
	all = append(all, local{
		"principals", "concat(" + strings.Join(partyNames(parties, func(party) bool { return true }), ", ") + ")",
		[]string{"For the rules that look at all principals."},
	})
	if users := partyNames(parties, func(p party) bool { return p.uses }); len(users) > 0 {
		all = append(all, local{"administrators_who_use", "sort(setintersection(var.administrators, concat(" + strings.Join(users, ", ") + ")))", nil})
	}
	return all
}

// contextUsers are the lists of those who need the encryption context.
func (m *Module) contextUsers() []string {
	var names []string
	for _, v := range verbs {
		if _, has := m.Roles[v.name]; has && m.boundByContext(v) {
			names = append(names, "var."+v.variable)
		}
	}
	return names
}

// accountLocals are the accounts of the lists' principals, which stand in their
// place where the policy recognizes them by ARN.
func (m *Module) accountLocals(parties []party) []local {
	names := make([]string, 0, len(parties)+1)
	for _, p := range parties {
		names = append(names, p.Variable)
	}
	var all []local
	for _, name := range append(names, "context_users") {
		all = append(all, local{name + "_accounts", fmt.Sprintf(`distinct([for arn in local.%s : "arn:${split(":", arn)[1]}:iam::${split(":", arn)[4]}:root"])`, name), nil})
	}
	return all
}

func (s service) locals() []local {
	var all []local
	for _, n := range s.names {
		all = append(all, local{n.name, "sort(distinct(var." + n.name + "))", nil})
	}
	for _, p := range s.patterns {
		all = append(all, local{p.variable, fmt.Sprintf("length(var.%[1]s) > 0 ? sort(distinct(var.%[1]s)) : %[2]s", p.variable, p.all), nil})
	}
	return all
}
