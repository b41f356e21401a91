package generator

import "slices"

// statement is one statement of a generated key policy: the source both of the
// Terraform local and of the row in the README.
type statement struct {
	// Local is the name of the Terraform local, Sid that of the statement.
	Local, Sid string
	// Why is the comment above the local, a line each.
	Why []string
	// Principals is an HCL expression, a list of ARNs.
	Principals string
	Actions    []string
	// Condition is nil when the statement always applies.
	Condition *condition
	// Who and When tell a reader of the README whom Principals names and what
	// Condition asks for.
	Who, When string
}

// condition is one condition of a statement; Value is an HCL expression.
type condition struct{ Operator, Key, Value string }

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
const accountRoot = `["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]`

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
			Principals: accountRoot,
			Actions:    []string{"kms:*"},
			Condition:  &condition{"StringEquals", "aws:PrincipalType", `"Account"`},
			Who:        "the account's root user",
			When:       "signed in as the root user itself; IAM policies pass nothing on",
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
			Principals: accountRoot,
			Actions:    []string{"kms:*"},
			Who:        "the account: its root user, and every principal whose IAM policies allow it",
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

// encryptionStatements are those of a symmetric encryption key. Actions are
// listed one by one, since a wildcard takes in whatever KMS adds later. Source:
// KMS Developer Guide, Default key policy and KMS permissions.
var encryptionStatements = []statement{
	{
		Local: "administrators_statement",
		Sid:   "Administrators",
		Why: []string{
			"Management without use: no cryptography, and no CreateGrant, by which an",
			"administrator could pass it on. No wildcards, which would take in both.",
		},
		Principals: "local.administrators",
		Actions: []string{
			"kms:CancelKeyDeletion",
			"kms:CreateAlias",
			"kms:DeleteAlias",
			"kms:DescribeKey",
			"kms:DisableKey",
			"kms:DisableKeyRotation",
			"kms:EnableKey",
			"kms:EnableKeyRotation",
			"kms:GetKeyPolicy",
			"kms:GetKeyRotationStatus",
			"kms:ListGrants",
			"kms:ListKeyPolicies",
			"kms:ListKeyRotations",
			"kms:ListResourceTags",
			"kms:PutKeyPolicy",
			"kms:RevokeGrant",
			"kms:RotateKeyOnDemand",
			"kms:TagResource",
			"kms:UntagResource",
			"kms:UpdateAlias",
			"kms:UpdateKeyDescription",
		},
		Who: "`administrators`",
	},
	{
		Local: "administrators_delete_statement",
		Sid:   "AdministratorsDelete",
		Why: []string{
			"Deletion stays reversible for as long as the module says: a shorter window",
			"than the key's own is refused.",
		},
		Principals: "local.administrators",
		Actions:    []string{"kms:ScheduleKeyDeletion"},
		Condition:  &condition{"NumericGreaterThanEquals", "kms:ScheduleKeyDeletionPendingWindowInDays", "tostring(var.deletion_window_in_days)"},
		Who:        "`administrators`",
		When:       "the waiting period is `deletion_window_in_days` or longer",
	},
	{
		Local: "users_statement",
		Sid:   "Users",
		Why: []string{
			"Use without management.",
		},
		Principals: "local.users",
		Actions: []string{
			"kms:Decrypt",
			"kms:DescribeKey",
			"kms:Encrypt",
			"kms:GenerateDataKey",
			"kms:GenerateDataKeyWithoutPlaintext",
			"kms:ReEncryptFrom",
			"kms:ReEncryptTo",
		},
		Who: "`users`",
	},
	{
		Local: "service_users_statement",
		Sid:   "ServiceUsers",
		Why: []string{
			"Services such as EBS and RDS use the key through grants that they create for",
			"the caller. The condition is true only of such grants, so the caller cannot",
			"hand the key to a principal of its own choice.",
		},
		Principals: "local.service_users",
		Actions:    []string{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"},
		Condition:  &condition{"Bool", "kms:GrantIsForAWSResource", `"true"`},
		Who:        "`service_users`",
		When:       "an AWS service integrated with KMS makes the call for them",
	},
}

// withoutUsers leaves out the statements for those who use the key.
func withoutUsers(statements []statement) []statement {
	return slices.DeleteFunc(slices.Clone(statements), func(s statement) bool {
		return s.Sid == "Users" || s.Sid == "ServiceUsers"
	})
}
