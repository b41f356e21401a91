package lint

import (
	"slices"
	"strings"
)

const invalidPrincipalsSource = "AWS Knowledge Center, KMS key policy error: invalid principals"

// principalRules are about the values of Principal elements.
func principalRules() []Rule {
	return []Rule{
		notPrincipalRule(),
		{
			ID: "KP105", Title: "Malformed principal or account", Severity: High,
			Rationale: "KMS refuses a principal that is no ARN, or of another partition than the key. An account number in a condition is not checked: with a digit missing it never matches.",
			Source:    "IAM User Guide, AWS JSON policy elements: Principal; IAM Access Analyzer, Invalid ARN account",
			Remedy:    "write the full ARN, with twelve digits and the key's partition",
			Bad:       delegating(allow(`{"AWS": "arn:aws:iam::1111222233:role/app"}`, `"kms:Decrypt"`, "")),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, "")),
			check:     checkForm,
		},
		{
			ID: "KP106", Title: "Principal that was deleted", Severity: Medium,
			Rationale: "A key policy keeps the unique id of a deleted user or role (AIDA…, AROA…). A new one of the same name does not get the access, and the next update of the policy fails on the id.",
			Source:    invalidPrincipalsSource,
			Remedy:    "remove the id, or name the ARN of the role that took its place",
			Bad:       delegating(allow(`{"AWS": "AROAEXAMPLEEXAMPLE123"}`, `"kms:Decrypt"`, "")),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, "")),
			check:     eachPrincipal(uniqueID, "%s is the unique id of a principal that was deleted"),
		},
		{
			ID: "KP107", Title: "Wildcard in a principal's ARN, or a group", Severity: High,
			Rationale: "A principal is * or an ARN without wildcards, and a group is never a principal: KMS refuses the policy.",
			Source:    invalidPrincipalsSource + "; IAM User Guide, AWS JSON policy elements: Principal",
			Remedy:    "name the account, with a condition ArnLike on aws:PrincipalArn; name the roles that a group's users take",
			Bad:       delegating(allow(`{"AWS": "arn:aws:iam::111122223333:role/app-*"}`, `"kms:Decrypt"`, "")),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, "")),
			check:     checkWildcardsAndGroups,
		},
		{
			ID: "KP108", Title: "Only a session or an SSO role", Severity: Medium,
			Rationale: "A session ends, and IAM Identity Center makes the roles of a permission set anew under another name: the key policy then names nobody.",
			Source:    "IAM Identity Center User Guide, Referencing permission sets in resource policies",
			Remedy:    "name the account, with ArnLike on aws:PrincipalArn: arn:aws:iam::ACCOUNT:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_NAME_*",
			Bad:       delegating(allow(`{"AWS": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_KeyUser_0123456789abcdef"}`, `"kms:Decrypt"`, "")),
			Good:      delegating(allow(everybody, `"kms:Decrypt"`, `{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_KeyUser_*"}}`)),
			check:     checkFleeting,
		},
		{
			ID: "KP109", Title: "Service that does not call KMS itself", Severity: Medium,
			Rationale: "Such a service uses keys as the role that it runs with, or through the caller's grants. The statement has no effect.",
			Source:    invalidPrincipalsSource,
			Remedy:    "name the role, with kms:ViaService where the service calls for it",
			Bad:       delegating(allow(`{"Service": "ec2.amazonaws.com"}`, `"kms:Decrypt"`, `{"StringEquals": {"aws:SourceAccount": "111122223333"}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}`)),
			check:     checkIdleServices,
		},
		{
			ID: "KP110", Title: "Foreign account that is not on the list of trusted ones", Severity: High,
			Rationale: "An account as principal leaves it to that account's administrators who may use the key.",
			Source:    "KMS Developer Guide, Allowing users in other accounts to use a KMS key",
			Remedy:    "name the roles of the other account, or add it to the trusted accounts",
			Bad:       delegating(allow(`{"AWS": "arn:aws:iam::444455556666:root"}`, `"kms:Decrypt"`, "")),
			Good:      delegating(allow(partner, `"kms:Decrypt"`, "")),
			check:     checkForeignAccounts,
		},
	}
}

// eachPrincipal flags each principal of a class in an Allow.
func eachPrincipal(c class, format string) func(*subject) {
	return func(s *subject) {
		for st := range s.allows() {
			for i := range st.principals {
				if p := &st.principals[i]; p.class == c {
					s.reportStatement(st, p.Value, format, p.Value)
				}
			}
		}
	}
}

// accountNumbers are condition keys whose values are account numbers.
var accountNumbers = keySet{"kms:calleraccount", "aws:principalaccount", "aws:sourceaccount", "aws:resourceaccount", "aws:vpceaccount"}

func checkForm(s *subject) {
	partition := ""
	for i := range s.statements {
		st := &s.statements[i]
		for j := range st.principals {
			p := &st.principals[j]
			if p.class == malformed {
				s.reportStatement(st, p.Value, "%q is no principal", p.Value)
			}
			if partition == "" {
				partition = p.partition
			}
			if p.partition != "" && p.partition != partition {
				s.reportStatement(st, p.Value, "%s is of the partition %s, others are of %s", p.Value, p.partition, partition)
			}
		}
	}
	for st, c := range s.conditions() {
		if value := firstInvalid(c.Values, accountNumber); accountNumbers.has(c.key) && c.operator != "Null" && value != "" {
			s.reportCondition(st, c, "%s: %q is no account number, which has twelve digits", c.Key, value)
		}
	}
}

// accountNumber reports whether the text can match an account number.
func accountNumber(text string) bool {
	return accountPattern.MatchString(text) || hasWildcard(text)
}

func checkWildcardsAndGroups(s *subject) {
	for i := range s.statements {
		st := &s.statements[i]
		for j := range st.principals {
			switch p := &st.principals[j]; p.class {
			case wildcard:
				s.reportStatement(st, p.Value, "the principal %s has a wildcard", p.Value)
			case group:
				s.reportStatement(st, p.Value, "%s is a group, which cannot be a principal", p.Value)
			}
		}
	}
}

func checkFleeting(s *subject) {
	fleeting := func(p principal) bool { return p.class == session || p.sso() }
	lasting := func(p principal) bool { return !fleeting(p) }
	for st := range s.allows() {
		if len(st.principals) > 0 && !slices.ContainsFunc(st.principals, lasting) {
			s.reportStatement(st, "", "only %s may %s, which lasts no longer than its session or permission set", st.principals[0].Value, st.actionText())
		}
	}
}

// idleServices only take roles or act for their caller. The list is short on
// purpose: a service that is missing is not flagged.
var idleServices = []string{
	"autoscaling", "batch", "codebuild", "codepipeline", "ec2", "ecs-tasks", "elasticmapreduce", "pods.eks",
}

func checkIdleServices(s *subject) {
	for st := range s.allows() {
		for i := range st.principals {
			p := &st.principals[i]
			name, ok := strings.CutSuffix(strings.TrimSuffix(p.Value, ".cn"), ".amazonaws.com")
			if p.class == service && ok && slices.Contains(idleServices, name) {
				s.reportStatement(st, p.Value, "%s does not call KMS itself", p.Value)
			}
		}
	}
}

func checkForeignAccounts(s *subject) {
	for st := range s.allows() {
		for i := range st.principals {
			if p := &st.principals[i]; p.class == account && s.foreign(p.account) {
				s.reportStatement(st, p.Value, "account %s, which is not trusted, decides who of it may %s", p.account, st.actionText())
			}
		}
	}
}

// foreign reports whether an account is known to be neither the key's own nor a
// trusted one.
func (s *subject) foreign(account string) bool {
	return account != "" && s.in.Account != "" && account != s.in.Account && !slices.Contains(s.in.TrustedAccounts, account)
}
