package generator

import (
	"slices"
	"strings"
)

// source is the page of AWS's documentation that a statement follows.
type source struct{ Title, URL string }

// statement is one statement of a generated key policy: the source of the
// Terraform local, of its test and of the rows in the README.
type statement struct {
	// Local is the name of the Terraform local, Sid that of the statement.
	Local, Sid string
	// Why is the comment above the local, a line each.
	Why []string
	// Kind of the principals: "AWS" or "Service".
	Kind string
	// Principals is an HCL expression, a list.
	Principals string
	Actions    []string
	// Conditions all have to hold; none means that the statement always applies.
	Conditions []condition
	// Who tells a reader of the README whom Principals names.
	Who    string
	Source source
}

// condition is one condition of a statement. Value is an HCL expression; When
// says in words when it holds.
type condition struct{ Operator, Key, Value, When string }

// operator is the conditions of a statement that share an operator, as the
// policy language groups them.
type operator struct {
	Name string
	Keys []condition
}

// Expression is the HCL of what the operator compares.
func (o operator) Expression() string {
	if o.Keys[0].Key == contextKeys {
		return o.Keys[0].Value
	}
	pairs := make([]string, len(o.Keys))
	for i, c := range o.Keys {
		pairs[i] = quote(c.Key) + " = " + c.Value
	}
	return block(pairs)
}

// Operators groups the conditions of the statement.
func (s statement) Operators() []operator {
	var groups []operator
	for _, c := range s.Conditions {
		i := slices.IndexFunc(groups, func(o operator) bool { return o.Name == c.Operator })
		if i < 0 {
			groups, i = append(groups, operator{Name: c.Operator}), len(groups)
		}
		groups[i].Keys = append(groups[i].Keys, c)
	}
	return groups
}

// When tells a reader of the README what the conditions ask for.
func (s statement) When() string {
	if len(s.Conditions) == 0 {
		return "always"
	}
	texts := make([]string, len(s.Conditions))
	for i, c := range s.Conditions {
		texts[i] = c.When
	}
	return strings.Join(texts, "; ")
}

const conditionKeysPage = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"

// Conditions that several statements have.
var (
	forAWSResource = condition{"Bool", "kms:GrantIsForAWSResource", `"true"`, "an AWS service integrated with KMS makes the call for them"}
	ownCallers     = condition{"StringEquals", "kms:CallerAccount", "local.account", "the caller is of the key's own account"}
	ownSources     = condition{"StringEquals", "aws:SourceAccount", "local.account", "on behalf of a resource of the key's own account"}
)

// via holds for calls that a service makes for its user, in the key's Region. The
// suffix is the same in all partitions. Source: KMS Developer Guide, AWS KMS
// condition keys: kms:ViaService.
func via(service, title string) condition {
	return condition{
		"StringEquals", "kms:ViaService",
		`[for region in local.regions : "` + service + `.${region}.amazonaws.com"]`,
		"through " + title + " in the key's Region",
	}
}

// root is what a root statement means for the rest of a module.
type root struct {
	// Statements holds the statement, or nothing.
	Statements []statement
	// NeedsAdministrators is true where only administrators can change the
	// policy: KMS refuses a policy that its author could not change.
	NeedsAdministrators bool
	// AdministratorsNote follows the description of the variable.
	AdministratorsNote string
	// Paragraph is the README's; Applier ends "the role that applies must be".
	Paragraph, Applier string
}

// accountRoot is the account that owns the key.
const accountRoot = `["arn:${local.partition}:iam::${local.account}:root"]`

const administratorsNote = " At least one: the one Terraform runs as."

// rootStatements holds what each RootStatement means. Source: KMS Developer
// Guide, Default key policy; IAM User Guide, aws:PrincipalType.
var rootStatements = map[RootStatement]root{
	BreakGlass: {
		Statements: []statement{{
			Local: "break_glass",
			Sid:   "BreakGlass",
			Why: []string{
				"The way back in when every administrator is gone. The condition is true of",
				"the account's root user alone: without it the statement would let IAM",
				"policies give the key to anybody in the account.",
			},
			Kind:       "AWS",
			Principals: accountRoot,
			Actions:    []string{"kms:*"},
			Conditions: []condition{{"StringEquals", "aws:PrincipalType", `"Account"`, "signed in as the root user itself; IAM policies pass nothing on"}},
			Who:        "the account's root user",
			Source:     source{"IAM User Guide, AWS global condition context keys: aws:PrincipalType", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltype"},
		}},
		NeedsAdministrators: true,
		AdministratorsNote:  administratorsNote,
		Paragraph: "IAM policies give nobody access to this key. Should all administrators be lost, sign in as the account's root user and write a new key policy: " +
			"that is the only way back, so make sure the root user can still be reached.",
		Applier: "one of the administrators: KMS refuses a policy that its author could not change",
	},
	Delegate: {
		Statements: []statement{{
			Local: "delegate_to_iam",
			Sid:   "DelegateToIAM",
			Why: []string{
				"The account's IAM policies decide who else has the key. Whoever may write",
				"IAM policies may give it to themselves.",
			},
			Kind:       "AWS",
			Principals: accountRoot,
			Actions:    []string{"kms:*"},
			Who:        "the account: its root user, and every principal whose IAM policies allow it",
			Source:     keyUsersPage,
		}},
		Paragraph: "IAM policies of the account can give anybody in it anything, this key's policy included, as with the policy KMS makes by default. Read the IAM policies too before you conclude who has access.",
		Applier:   "an administrator, or have an IAM policy that allows `kms:PutKeyPolicy`",
	},
	NoRoot: {
		NeedsAdministrators: true,
		AdministratorsNote:  administratorsNote + " Name more: without them nobody can change the policy, the account's root user included.",
		Paragraph: "The account itself has no part in this policy. Should all administrators be lost, not even the root user can change it, and only AWS Support can help: " +
			"name at least two administrators that nobody deletes together.",
		Applier: "one of the administrators: KMS refuses a policy that its author could not change",
	},
}
