package lint

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// everyoneRules are about statements whose principal is everyone.
func everyoneRules() []Rule {
	return []Rule{
		{
			ID: "KP101", Title: "Key open to everyone", Severity: Critical,
			Rationale: "The principal * without a condition is every identity of every AWS account.",
			Source:    "KMS Developer Guide, Key policies in AWS KMS: Principal; AWS Security Hub, KMS.5; CKV_AWS_33",
			Remedy:    "name the roles that use the key",
			Bad:       delegating(allow(everybody, `["kms:Decrypt", "kms:Encrypt"]`, "")),
			Good:      delegating(allow(appRole, `["kms:Decrypt", "kms:Encrypt"]`, "")),
			check:     checkOpen,
		},
		{
			ID: "KP102", Title: "Everyone, and no condition that bounds who calls", Severity: High,
			Rationale: "kms:ViaService, an address or an encryption context does not say whose request it is: any account can call through the service.",
			Source:    "KMS Developer Guide, AWS KMS condition keys: kms:CallerAccount and kms:ViaService",
			Remedy:    "add kms:CallerAccount or aws:PrincipalOrgID, or name the principals",
			Bad:       delegating(allow(everybody, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}`)),
			Good:      delegating(allow(everybody, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": "111122223333"}}`)),
			check:     checkUnbounded,
		},
		{
			ID: "KP103", Title: "Everyone of an account, without its IAM policies", Severity: Medium,
			Rationale: "The principal * admits each identity of the account by itself: unlike for the account as principal, no IAM policy is needed.",
			Source:    "KMS Developer Guide, AWS KMS condition keys: kms:CallerAccount; IAM User Guide, Policy evaluation logic",
			Remedy:    "make the account the principal, or add kms:ViaService",
			Bad:       delegating(allow(everybody, `"kms:Decrypt"`, `{"StringEquals": {"kms:CallerAccount": "111122223333"}}`)),
			Good:      delegating(allow(everybody, `"kms:Decrypt"`, `{"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}`)),
			check:     checkWholeAccount,
		},
	}
}

// The condition keys that bound who calls: by account, and in other ways.
var (
	accountKeys = keySet{"kms:calleraccount", "aws:principalaccount"}
	otherBounds = keySet{
		"aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:userid", "aws:sourceaccount",
		"aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce",
		"aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:principalservicename", "aws:principalisawsservice",
		"kms:recipientattestation:",
	}
	viaService = keySet{"kms:viaservice"}
)

func checkOpen(s *subject) {
	for st := range s.allows() {
		if st.everyone() && len(st.conditions) == 0 {
			s.reportStatement(st, "", "everyone may %s", st.actionText())
		}
	}
}

// actionText is the statement's actions for a message: the first few.
func (st *statement) actionText() string {
	const few = 3
	actions, prefix := st.Action, ""
	if st.NotAction != nil {
		actions, prefix = st.NotAction, "everything but "
	}
	if len(actions) > few {
		return prefix + strings.Join(actions[:few], ", ") + " and more"
	}
	return prefix + strings.Join(actions, ", ")
}

// bounded reports whether a condition on one of the keys bounds who calls.
func (st *statement) bounded(keys keySet) bool {
	return slices.ContainsFunc(st.conditions, func(c condition) bool {
		return keys.has(c.key) && c.requires() && c.operator != "Null" && !slices.ContainsFunc(c.Values, boundless)
	})
}

// boundless reports whether a value covers any account: a lone wildcard, an ARN
// with a wildcard for the account, or a plain false.
func boundless(value string) bool {
	if unknown(value) {
		return false
	}
	if part := strings.SplitN(value, ":", 6); len(part) == 6 {
		return strings.Contains(part[4], "*")
	}
	return strings.Trim(value, "*") == "" || value == "false" || strings.HasPrefix(value, "arn:") && strings.HasSuffix(value, "*")
}

func checkUnbounded(s *subject) {
	for st := range s.allows() {
		if st.everyone() && len(st.conditions) > 0 && !st.bounded(accountKeys) && !st.bounded(otherBounds) {
			s.reportStatement(st, "", "everyone may %s, and no condition says of which account", st.actionText())
		}
	}
}

func checkWholeAccount(s *subject) {
	for st := range s.allows() {
		if st.everyone() && st.bounded(accountKeys) && !st.bounded(otherBounds) && !st.binds(viaService) {
			s.reportStatement(st, "", "each identity of the account may %s, whatever its IAM policies", st.actionText())
		}
	}
}

// notPrincipalRule is about the complement of principals.
func notPrincipalRule() Rule {
	return Rule{
		ID: "KP104", Title: "NotPrincipal", Severity: High,
		Rationale: "With Allow it admits everyone else, strangers too. With Deny it hits whoever is not listed by each of his names: account, role and session.",
		Source:    "IAM User Guide, AWS JSON policy elements: NotPrincipal",
		Remedy:    "write Principal, with a condition on aws:PrincipalArn for exceptions",
		Bad:       delegating(`{"Effect": "Deny", "NotPrincipal": ` + adminRole + `, "Action": "kms:DisableKey", "Resource": "*"}`),
		Good:      delegating(deny(everybody, `"kms:DisableKey"`, `{"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/key-admin"}}`)),
		check:     checkNotPrincipal,
	}
}

func checkNotPrincipal(s *subject) {
	for i := range s.statements {
		st := &s.statements[i]
		switch {
		case st.NotPrincipal == nil:
		case st.Effect == keypolicy.Allow:
			s.reportStatement(st, "", "NotPrincipal with Allow admits everyone who is not listed")
		default:
			s.reportStatement(st, "", "NotPrincipal with Deny denies everyone who is not listed by all of his names")
		}
	}
}
