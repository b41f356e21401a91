package generator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// variable is a variable of the generated module. Type, Default and Sample are
// HCL expressions.
type variable struct {
	Name, Description, Type string
	// Default is "" for a required variable.
	Default string
	// Sample is what the module's tests pass; "" leaves the default.
	Sample string
	// Edges are values at the edges of what the rules take; the tests pass each.
	Edges [2]string
	Rules []rule
}

// rule is a validation of a variable, with values that break it.
type rule struct {
	Condition, Message string
	// Breaks names each kind of bad value; tests of all variables that have a kind
	// in common are one run.
	Breaks []bad
}

// bad is a value that breaks a rule. Value is an HCL expression.
type bad struct{ Name, Value string }

// precondition is a rule over several values.
type precondition struct {
	Condition, Message string
	Breaks             []refusal
}

// refusal is a run of the module's tests that must fail.
type refusal struct {
	// Name of the run, after "refuses_".
	Name   string
	Values []assignment
	// Override replaces what data sources of the type, all named current, return.
	Override map[string]string
	// Failing are the checked objects that must fail.
	Failing []string
}

// assignment is a name and an HCL expression.
type assignment struct{ Name, Value string }

// variables of the module, in the order of variables.tf.
func (m *Module) variables() []variable {
	if m.Manages == ManagesGrants {
		return []variable{keyID(), m.grantsVariable()}
	}
	var all []variable
	if m.Manages == ManagesPolicy {
		all = append(all, keyIDs())
	} else {
		all = append(all, m.aliasesVariable(), m.descriptionVariable())
		all = append(all, m.materialVariables()...)
	}
	if m.KeyMaterialExpires {
		all = append(all, validTo())
	}
	for _, p := range m.parties() {
		all = append(all, m.partyVariable(p))
	}
	if len(m.EncryptionContext) > 0 {
		all = append(all, m.contextVariable())
	}
	for _, name := range m.Services {
		s := services[name]
		for _, n := range s.names {
			all = append(all, n.asVariable())
		}
		for _, p := range s.patterns {
			all = append(all, p.asVariable())
		}
	}
	all = append(all, sourceDocuments())
	if m.rotates() {
		all = append(all, dayInput{
			name: "rotation_period_in_days", what: "rotation period", days: rotationPeriods, value: m.RotationPeriodInDays,
			doc: fmt.Sprintf("Days between automatic rotations of the key material, %d to %d.", rotationPeriods.low, rotationPeriods.high),
		}.asVariable())
	}
	all = append(all, m.windowVariable())
	if m.Manages == ManagesKey {
		all = append(all, m.tagsVariable())
	}
	return all
}

func (m *Module) aliasesVariable() variable {
	v := variable{
		Name: "aliases", Type: "list(string)",
		Description: "Aliases of the key without the prefix alias/, which the module adds: app/data becomes alias/app/data.",
		Sample:      `["test/data", "test/data_1-x"]`,
		Edges:       [2]string{`["` + strings.Repeat("a", 250) + `"]`, `[]`},
		Rules: []rule{
			{
				`alltrue([for alias in var.aliases : can(regex("^[a-zA-Z0-9/_-]{1,250}$", alias))])`,
				"An alias has 1 to 250 letters, digits, slashes, underscores and hyphens.",
				[]bad{{"alias_with_a_space", `["test data"]`}, {"alias_empty", `[""]`}, {"alias_too_long", `["` + strings.Repeat("a", 251) + `"]`}},
			},
			{
				`alltrue([for alias in var.aliases : !startswith(alias, "aws/") && !startswith(alias, "alias/")])`,
				"Leave out the prefix alias/, and do not begin with aws/: those aliases belong to AWS managed keys.",
				[]bad{{"alias_of_aws", `["aws/s3"]`}, {"alias_with_its_prefix", `["alias/test"]`}},
			},
			{
				`length(var.aliases) <= 50 && length(distinct(var.aliases)) == length(var.aliases)`,
				"A key has at most 50 aliases, each once.",
				[]bad{{"alias_twice", `["test", "test"]`}, {"aliases_too_many", `[for i in range(51) : "test/${i}"]`}},
			},
		},
	}
	if m.Aliases != nil {
		v.Default = list(m.Aliases)
	}
	return v
}

func (m *Module) descriptionVariable() variable {
	return variable{
		Name: "description", Type: "string", Default: quote(m.Description),
		Description: "Description of the key, shown by DescribeKey and the console.",
		Sample:      `"Test key"`,
		Edges:       [2]string{`format("%8192s", "x")`, `""`},
		Rules: []rule{{
			"length(var.description) <= 8192", "A description has at most 8192 characters.",
			[]bad{{"description_too_long", `format("%8193s", "x")`}},
		}},
	}
}

// materialVariables are those of the key's spec and of where its material is.
func (m *Module) materialVariables() []variable {
	var all []variable
	if specs := m.selectable(); len(specs) > 1 {
		all = append(all, variable{
			Name: "key_spec", Type: "string", Default: quote(m.KeySpec),
			Description: "KeySpec of the key, one that can be used for " + m.KeyUsage + ". Another one makes another key.",
			Edges:       [2]string{quote(specs[0]), quote(specs[len(specs)-1])},
			Rules: []rule{{
				"contains(" + list(specs) + ", var.key_spec)", "The key spec is one of " + strings.Join(specs, ", ") + ".",
				[]bad{{"spec_of_another_usage", quote(symmetricDefault)}},
			}},
		})
	}
	if m.Origin == OriginCloudHSM || m.Origin == OriginXKS {
		all = append(all, textInput{
			name: "custom_key_store_id", doc: "Id of the custom key store that holds the key, such as cks-1234567890abcdef0. It must be connected.",
			form: "^cks-[0-9a-f]{17}$", message: "A custom key store id has the form cks-1234567890abcdef0.",
			sample: "cks-1234567890abcdef0", wrong: "cks-12",
		}.asVariable())
	}
	if m.Origin == OriginXKS {
		all = append(all, textInput{
			name: "xks_key_id", doc: "Id of the key in the external key manager, as its proxy knows it.",
			form: "^[a-zA-Z0-9-_.]{1,128}$", message: "An external key id has 1 to 128 letters, digits, hyphens, underscores and dots.",
			sample: "test-key", wrong: "test key",
		}.asVariable())
	}
	if m.MultiRegion == Replica {
		all = append(all, textInput{
			name: "primary_key_arn", doc: "ARN of the primary key, of another Region.",
			form:    "^arn:(aws|aws-us-gov|aws-cn):kms:[a-z0-9-]+:[0-9]{12}:key/mrk-[0-9a-f]{32}$",
			message: "The primary is a multi-Region key: its ARN ends in key/mrk- and 32 hexadecimal digits.",
			sample:  "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
			wrong:   "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		}.asVariable())
	}
	return all
}

// validTo bounds the expiry of imported key material.
func validTo() variable {
	v := textInput{
		name: "valid_to", doc: "The latest time at which imported key material may expire, as 2030-01-31T00:00:00Z. Material that expires later, or never, cannot be imported.",
		form: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", message: "Write the time in UTC, as 2030-01-31T00:00:00Z.",
		sample: "2030-01-31T00:00:00Z", wrong: "2030-01-31",
	}.asVariable()
	v.Rules = append(v.Rules, rule{
		`can(formatdate("YYYY", var.valid_to))`, "The time is in no calendar: KMS refuses a policy with it.",
		[]bad{{"valid_to_no_date", `"2030-02-30T00:00:00Z"`}},
	})
	return v
}

// textInput is a variable that is a required string of a form, a regular expression;
// sample has it and wrong does not.
type textInput struct{ name, doc, form, message, sample, wrong string }

func (t textInput) asVariable() variable {
	return variable{
		Name: t.name, Type: "string", Description: t.doc, Sample: quote(t.sample),
		Rules: []rule{{fmt.Sprintf("can(regex(%s, var.%s))", quote(t.form), t.name), t.message, []bad{{t.name + "_malformed", quote(t.wrong)}}}},
	}
}

// maxContextKeys bounds the conditions that a statement gets.
const maxContextKeys = 8

func (m *Module) contextVariable() variable {
	return variable{
		Name: "encryption_context_keys", Type: "list(string)", Default: list(m.EncryptionContext),
		Description: "Keys that the encryption context of each cryptographic call must have, whatever their values.",
		Edges:       [2]string{`["a"]`, `["a", "b", "c", "d", "e", "f", "g", "h"]`},
		Rules: []rule{
			{
				fmt.Sprintf("length(var.encryption_context_keys) >= 1 && length(var.encryption_context_keys) <= %d", maxContextKeys),
				"Name 1 to " + strconv.Itoa(maxContextKeys) + " keys: without one, calls without an encryption context would be allowed.",
				[]bad{{"no_context_key", "[]"}},
			},
			{
				`alltrue([for key in var.encryption_context_keys : can(regex("^[a-zA-Z0-9_./=+@-]{1,128}$", key))])`,
				"A key of the encryption context has 1 to 128 letters, digits and _./=+@-. Those with a colon are for AWS services.",
				[]bad{{"context_key_of_a_service", `["aws:s3:arn"]`}},
			},
		},
	}
}

func (m *Module) windowVariable() variable {
	doc := "Days between the destruction of the key and its deletion, in which it can be rescued, 7 to 30. Administrators cannot schedule an earlier one."
	if m.Manages == ManagesPolicy {
		doc = "Days that administrators must leave between scheduling the key's deletion and the deletion, 7 to 30."
	}
	return dayInput{name: "deletion_window_in_days", doc: doc, what: "deletion window", days: deletionWindows, value: m.DeletionWindowInDays}.asVariable()
}

// dayInput is a variable that is a number of days. Messages call it what.
type dayInput struct {
	name, doc, what string
	days            dayRange
	value           int // its default
}

func (d dayInput) asVariable() variable {
	low, high, kind := d.days.low, d.days.high, strings.ReplaceAll(d.what, " ", "_")
	return variable{
		Name: d.name, Type: "number", Default: strconv.Itoa(d.value), Description: d.doc,
		Edges: [2]string{strconv.Itoa(low), strconv.Itoa(high)},
		Rules: []rule{{
			fmt.Sprintf("var.%[1]s >= %[2]d && var.%[1]s <= %[3]d && floor(var.%[1]s) == var.%[1]s", d.name, low, high),
			fmt.Sprintf("The %s is a whole number of days from %d to %d.", d.what, low, high),
			[]bad{
				{kind + "_too_short", strconv.Itoa(low - 1)},
				{kind + "_too_long", strconv.Itoa(high + 1)},
				{kind + "_not_whole", fmt.Sprintf("%d.5", low)},
			},
		}},
	}
}

// statementsOf flattens documents: their Statement may be a list or, as IAM
// allows, a single object.
const statementsOf = `flatten([for document in var.source_policy_documents : [try(jsondecode(document).Statement, [])]])`

func sourceDocuments() variable {
	return variable{
		Name: "source_policy_documents", Type: "list(string)", Default: "[]",
		Description: "Policy documents (JSON), as aws_iam_policy_document renders them, whose statements are added to the key policy.",
		Edges:       [2]string{`[jsonencode({ Statement = [{ Effect = "Deny", Action = "kms:Decrypt", Resource = "*", NotPrincipal = { AWS = "arn:aws:iam::111122223333:role/app" } }, { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = "*", Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-1234567890" } } }] })]`, "[jsonencode({ Statement = [] })]"},
		Rules: []rule{
			{
				`alltrue([for document in var.source_policy_documents : can(jsondecode(document).Statement)])`,
				"Each source policy document must be a JSON object that has a Statement.",
				[]bad{{"source_document_not_json", `["not json"]`}, {"source_document_without_statement", `[jsonencode({ Version = "2012-10-17" })]`}},
			},
			{
				`alltrue([for statement in ` + statementsOf + ` : try(length(flatten(values(statement.Principal))) > 0, can(tostring(statement.Principal)), false) || can(statement.NotPrincipal)])`,
				"Each statement of a source policy document must name a principal: KMS refuses a policy with one that names nobody.",
				[]bad{
					{"source_document_without_principal", `[jsonencode({ Statement = [{ Effect = "Allow", Action = "kms:Decrypt", Resource = "*" }] })]`},
					{"source_document_with_empty_principal", `[jsonencode({ Statement = [{ Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = { AWS = [] } }] })]`},
				},
			},
			{
				`alltrue([for statement in ` + statementsOf + ` : try(length(statement.Condition) > 0, false) || try(statement.Effect, "") != "Allow" || !contains(flatten([try(statement.Principal.AWS, tostring(statement.Principal), can(statement.NotPrincipal) ? ["*"] : [])]), "*")])`,
				"A statement of a source policy document that allows something to everyone, or to everyone but some, must have a Condition that says to whom.",
				[]bad{
					{"source_document_open_to_everyone", `[jsonencode({ Statement = { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = { AWS = "*" } } })]`},
					{"source_document_open_under_no_condition", `[jsonencode({ Statement = { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", Principal = "*", Condition = {} } })]`},
					{"source_document_open_to_all_but_one", `[jsonencode({ Statement = { Effect = "Allow", Action = "kms:Decrypt", Resource = "*", NotPrincipal = { AWS = "arn:aws:iam::111122223333:role/app" } } })]`},
				},
			},
		},
	}
}

func (n nameList) asVariable() variable {
	return variable{
		Name: n.name, Type: "list(string)", Default: "[]", Description: n.doc, Sample: list([]string{n.example}),
		Rules: []rule{{
			fmt.Sprintf(`alltrue([for name in var.%s : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*\\.amazonaws\\.com(\\.cn)?$", name))])`, n.name),
			"Name services by their principals, such as events.amazonaws.com.",
			[]bad{{"service_by_its_name", `["events"]`}, {"service_everyone", `["*"]`}},
		}},
	}
}

func (p pattern) asVariable() variable {
	return variable{
		Name: p.variable, Type: "list(string)", Default: "[]", Description: p.doc, Sample: list([]string{p.example}),
		Rules: []rule{{
			fmt.Sprintf("alltrue([for arn in var.%s : can(regex(%s, arn))])", p.variable, quote(p.form)),
			"Write ARNs with their account, such as " + p.example + ".",
			[]bad{{"pattern_of_everything", `["*"]`}, {"pattern_cut_short", `["arn:aws:x"]`}},
		}},
	}
}

// refusals are the runs for the rules of variables: one for each kind of bad
// value, in the order in which the kinds first appear.
func refusals(variables []variable) []refusal {
	var runs []refusal
	for _, v := range variables {
		for _, r := range v.Rules {
			for _, b := range r.Breaks {
				i := slices.IndexFunc(runs, func(run refusal) bool { return run.Name == b.Name })
				if i < 0 {
					runs, i = append(runs, refusal{Name: b.Name}), len(runs)
				}
				runs[i].Values = append(runs[i].Values, assignment{v.Name, b.Value})
				runs[i].Failing = append(runs[i].Failing, "var."+v.Name)
			}
		}
	}
	return runs
}
