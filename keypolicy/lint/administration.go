package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

const administratorsSource = "KMS Developer Guide, Default key policy: Allows key administrators to administer the KMS key"

// administrationRules ask whether administration and use are kept apart.
func administrationRules() []Rule { //nolint:funlen // a table
	return []Rule{
		{
			ID: "KP204", Title: "kms:* to a role, user or service", Severity: High,
			Rationale: "Use, administration and the power to pass both on are in one hand. For the key's own account it is the default, since there it only leaves the key to IAM policies.",
			Source:    administratorsSource,
			Remedy:    "list the actions that the principal needs: either of administration or of use",
			Bad:       delegating(allow(appRole, `"kms:*"`, "")),
			Good:      delegating(allow(appRole, `["kms:Decrypt", "kms:DescribeKey"]`, "")),
			check:     checkEverything,
		},
		{
			ID: "KP205", Title: "Administrator who uses the key", Severity: High,
			Rationale: "Who both changes the key policy and decrypts has no second pair of eyes on either.",
			Source:    administratorsSource,
			Remedy:    "use two roles, one for administration and one for use",
			Bad: delegating(
				allow(adminRole, `["kms:Decrypt", "kms:DescribeKey"]`, ""),
				allow(adminRole, `["kms:GetKeyPolicy", "kms:PutKeyPolicy"]`, ""),
			),
			Good: delegating(
				allow(appRole, `["kms:Decrypt", "kms:DescribeKey"]`, ""),
				allow(adminRole, `["kms:GetKeyPolicy", "kms:PutKeyPolicy"]`, ""),
			),
			check: checkSeparation,
		},
		{
			ID: "KP206", Title: "Wildcard over administrative actions", Severity: Low,
			Rationale: "kms:Create* takes in kms:CreateGrant, kms:Delete* takes in kms:DeleteImportedKeyMaterial, and each takes in what AWS adds later.",
			Source:    administratorsSource + "; IAM User Guide, Security best practices",
			Remedy:    "list the actions",
			Bad:       delegating(allow(adminRole, `["kms:DescribeKey", "kms:Update*"]`, "")),
			Good:      delegating(allow(adminRole, `["kms:DescribeKey", "kms:UpdateAlias", "kms:UpdateKeyDescription"]`, "")),
			check:     checkVerbWildcards,
		},
		{
			ID: "KP207", Title: "Deletion without a floor for the waiting period", Severity: High,
			Rationale: "The waiting period is a parameter of ScheduleKeyDeletion: whoever may call it may choose 7 days.",
			Source:    "Service Authorization Reference, kms:ScheduleKeyDeletionPendingWindowInDays and kms:TrailingDaysWithoutKeyUsage",
			Remedy:    `add "NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}`,
			Bad:       delegating(allow(adminRole, `"kms:ScheduleKeyDeletion"`, "")),
			Good:      delegating(allow(adminRole, `"kms:ScheduleKeyDeletion"`, `{"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}}`)),
			check:     checkDeletionFloor,
		},
		{
			ID: "KP208", Title: "Who writes tags or aliases can give himself access", Severity: High,
			Rationale: "The policy decides by the key's tags or aliases, and a principal that is no administrator may change them.",
			Source:    "KMS Developer Guide, ABAC for AWS KMS",
			Remedy:    "leave tags and aliases to the administrators",
			Bad: delegating(
				allow(appRole, `["kms:DescribeKey", "kms:TagResource"]`, ""),
				allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"aws:ResourceTag/env": "test"}}`),
			),
			Good: delegating(
				allow(appRole, `["kms:DescribeKey", "kms:ListResourceTags"]`, ""),
				allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"aws:ResourceTag/env": "test"}}`),
			),
			check: checkAttributeWriters,
		},
		{
			ID: "KP209", Title: "Imported key material in the hands of a user", Severity: High,
			Rationale: "Deleting the imported material makes the key useless at once, with no waiting period: the step of ransomware.",
			Source:    "KMS API Reference, DeleteImportedKeyMaterial",
			Remedy:    "leave the import and deletion of key material to an administrator",
			Bad:       delegating(allow(appRole, `["kms:DeleteImportedKeyMaterial", "kms:DescribeKey"]`, "")),
			Good:      delegating(allow(adminRole, `["kms:DeleteImportedKeyMaterial", "kms:DescribeKey", "kms:PutKeyPolicy"]`, "")),
			check:     checkImporters,
		},
	}
}

// narrow are the Allow statements that are not of kms:*, which KP204 flags as a
// whole, and not to the key's own account alone, which only delegates.
func (s *subject) narrow(yield func(*statement) bool) {
	for st := range s.allows() {
		if !st.everything && !s.ownAccountOnly(st) && !yield(st) {
			return
		}
	}
}

// ownAccountOnly reports whether the statement is to the key's own account; if
// that is unknown, to any account.
func (s *subject) ownAccountOnly(st *statement) bool {
	return len(st.principals) > 0 && !slices.ContainsFunc(st.principals, func(p principal) bool {
		return p.class != account || s.owner != "" && p.account != s.owner
	})
}

func checkEverything(s *subject) {
	for st := range s.allows() {
		if !st.everything {
			continue
		}
		for i := range st.principals {
			if p := &st.principals[i]; p.named() || p.class == service {
				s.reportStatement(st, p.Value, "%s may do everything with the key", p.Value)
			}
		}
	}
}

// checkSeparation asks, of those whom a statement gives kms:PutKeyPolicy and a
// statement gives use, whether the key policy comes to both.
func checkSeparation(s *subject) {
	seen := map[string]bool{}
	for st := range s.narrow {
		for i := range st.principals {
			p := &st.principals[i]
			caller, ok := p.caller()
			if !ok || !p.named() || seen[p.Value] || !s.given(p.Value, isPutKeyPolicy) || !s.given(p.Value, cryptographic) {
				continue
			}
			seen[p.Value] = true
			s.checkBothHats(p, caller)
		}
	}
}

func isPutKeyPolicy(a *keypolicy.Action) bool { return a.Name == putKeyPolicy }

// given reports whether a statement other than of kms:* gives the principal
// such an action.
func (s *subject) given(value string, test func(*keypolicy.Action) bool) bool {
	return slices.ContainsFunc(s.named[value], func(i int) bool { return !s.statements[i].everything && s.statements[i].actions.some(test) })
}

func (s *subject) checkBothHats(p *principal, caller keypolicy.Principal) {
	if s.direct(caller, putKeyPolicy).Verdict != keypolicy.Allowed {
		return
	}
	for place := range catalogue() {
		action := &catalogue()[place]
		if !cryptographic(action) {
			continue
		}
		d := s.direct(caller, action.Name)
		if d.Verdict != keypolicy.Allowed || len(d.Reasons) == 0 || d.Reasons[0].Statement < 0 {
			continue
		}
		st := &s.statements[d.Reasons[0].Statement]
		s.reportStatement(st, p.Value, "%s administers the key and may %s", p.Value, action.Name)
		return
	}
}

func checkVerbWildcards(s *subject) {
	for st := range s.narrow {
		for _, pattern := range known(st.Action) {
			if !hasWildcard(pattern) {
				continue
			}
			for _, place := range matching(pattern) {
				if action := &catalogue()[place]; manages(action) {
					s.reportStatement(st, pattern, "%s takes in %s, and what AWS adds later", pattern, action.Name)
					break
				}
			}
		}
	}
}

// shortestWindow is the shortest waiting period that KMS takes, in days; a floor
// that low is none.
const shortestWindow = 7

var windowKeys = keySet{"kms:schedulekeydeletionpendingwindowindays", "kms:trailingdayswithoutkeyusage"}

func checkDeletionFloor(s *subject) {
	for st := range s.narrow {
		if st.actions.has("kms:schedulekeydeletion") && !slices.ContainsFunc(st.conditions, isFloor) && !s.floorByDeny() {
			s.reportStatement(st, "", "%s may choose the shortest waiting period", st.principalText())
		}
	}
}

func isFloor(c condition) bool {
	if !windowKeys.has(c.key) || !strings.HasPrefix(c.operator, "Numeric") || strings.HasPrefix(c.operator, "NumericLess") || c.negated() {
		return false
	}
	return !slices.ContainsFunc(c.Values, func(v string) bool {
		days, err := strconv.ParseFloat(v, 64)
		return err == nil && days <= shortestWindow && c.operator != "NumericGreaterThan"
	})
}

// floorByDeny reports whether a Deny is about short waiting periods.
func (s *subject) floorByDeny() bool {
	for st := range s.denies() {
		if st.actions.has("kms:schedulekeydeletion") && (st.mentions(windowKeys) || st.everyone() && len(st.conditions) == 0) {
			return true
		}
	}
	return false
}

// principalText is the statement's principals for a message: the first, and how
// many more.
func (st *statement) principalText() string {
	entries := slices.Concat(st.Principal, st.NotPrincipal)
	switch {
	case len(entries) == 0:
		return "nobody"
	case st.NotPrincipal != nil:
		return "everyone but " + entries[0].Value
	case st.everyone():
		return "everyone"
	case len(entries) > 1:
		return entries[0].Value + " and " + strconv.Itoa(len(entries)-1) + " more"
	}
	return entries[0].Value
}

// attributes are condition keys that make access hang on what is written on the
// key, with the actions that write it.
var attributes = []struct {
	keys    keySet
	writers []string
	what    string
}{
	{keySet{"aws:resourcetag/"}, tagging, "tags"},
	{keySet{"kms:requestalias", "kms:resourcealiases"}, aliasing, "aliases"},
}

func checkAttributeWriters(s *subject) {
	for _, attribute := range attributes {
		if !slices.ContainsFunc(s.statements, func(st statement) bool { return st.mentions(attribute.keys) }) {
			continue
		}
		s.eachOutsider(attribute.writers, func(st *statement, p *principal) {
			s.reportStatement(st, p.Value+" "+attribute.what, "%s may change the %s by which the policy decides, and is no administrator", p.Value, attribute.what)
		})
	}
}

func checkImporters(s *subject) {
	s.eachOutsider(importing, func(st *statement, p *principal) {
		s.reportStatement(st, p.Value, "%s may import or delete key material, and is no administrator", p.Value)
	})
}

// eachOutsider calls do for each principal that a statement gives one of the
// actions and that cannot change the key policy.
func (s *subject) eachOutsider(actions []string, do func(*statement, *principal)) {
	for st := range s.narrow {
		if !st.actions.hasAny(actions) {
			continue
		}
		for i := range st.principals {
			p := &st.principals[i]
			caller, ok := p.caller()
			if ok && p.named() && s.direct(caller, putKeyPolicy).Verdict == keypolicy.Denied {
				do(st, p)
			}
		}
	}
}
