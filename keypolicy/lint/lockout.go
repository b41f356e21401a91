package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

const putKeyPolicy = "kms:PutKeyPolicy"

// lockoutRules ask who can still change the key policy.
func lockoutRules() []Rule {
	return []Rule{
		{
			ID: "KP201", Title: "Nobody who lasts can change the key policy", Severity: Critical,
			Rationale: "When the last holder of kms:PutKeyPolicy is deleted, only AWS Support can recover the key; and without a statement for the account, its IAM policies and its root user have no power over the key. One role is one mistake away from that.",
			Source:    "KMS Developer Guide, Default key policy: Reduces the risk of the KMS key becoming unmanageable",
			Remedy:    "give kms:PutKeyPolicy to the account, or at least to two roles; for the root user alone, on the condition aws:PrincipalType = Account",
			Bad:       document(allow(`{"AWS": "arn:aws:iam::111122223333:user/alice"}`, `["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"]`, "")).at(-1),
			Good:      delegating(allow(adminRole, `["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"]`, "")),
			check:     checkLockout,
		},
		{
			ID: "KP202", Title: "Lockout safety check bypassed", Severity: High,
			Rationale: "KMS refuses a key policy that its own author could not change again. The flag takes that guard away.",
			Source:    "KMS API Reference, PutKeyPolicy: BypassPolicyLockoutSafetyCheck",
			Remedy:    "leave bypass_policy_lockout_safety_check out; deny it by a service control policy on kms:BypassPolicyLockoutSafetyCheck",
			Bad:       settings(Settings{BypassPolicyLockoutSafetyCheck: On}),
			Good:      settings(Settings{BypassPolicyLockoutSafetyCheck: Off}),
			check:     checkBypass, scope: onKey,
		},
		{
			ID: "KP203", Title: "Who applies the policy cannot change it afterwards", Severity: High,
			Rationale: "KMS refuses the policy, or, where the check is bypassed, the next apply fails.",
			Source:    "KMS API Reference, PutKeyPolicy: the request's caller must be able to make another one",
			Remedy:    "give kms:PutKeyPolicy to the role that applies it, or leave the key to the account's IAM policies",
			Bad:       guarded().by("arn:aws:sts::111122223333:assumed-role/ci/apply").at(-1),
			Good:      guarded().by("arn:aws:sts::111122223333:assumed-role/key-admin/apply"),
			check:     checkApplier,
		},
	}
}

// guarded is a key policy for one administrator, with the root user as the way
// back in.
func guarded() Example {
	return document(
		allow(rootUser, `"kms:*"`, `{"StringEquals": {"aws:PrincipalType": "Account"}}`),
		allow(adminRole, `["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"]`, ""),
	)
}

// enough is how many roles or users that can change the policy are no longer
// one mistake away from none.
const enough = 2

func checkLockout(s *subject) {
	if s.undecided() {
		return
	}
	roots, holders := s.candidates()
	if slices.ContainsFunc(roots, s.mayChangePolicy) {
		return
	}
	found := 0
	for _, name := range slices.Sorted(maps.Keys(holders)) {
		if s.mayChangePolicy(holders[name]) {
			found++
			if hasWildcard(name) { // whoever has a name like this
				found = enough
			}
		}
	}
	switch {
	case found == 0:
		s.report("nobody", "nobody who lasts can call kms:PutKeyPolicy")
	case found < enough:
		s.report("one", "only one role or user can call kms:PutKeyPolicy, and not the account")
	default:
		s.report("no account", "the account has no power over the key: its IAM policies and its root user cannot call kms:PutKeyPolicy").Severity = Medium
	}
}

// undecided reports whether an Allow of kms:PutKeyPolicy is to principals that
// are not known yet.
func (s *subject) undecided() bool {
	for st := range s.allows() {
		if st.actions.has("kms:putkeypolicy") && slices.ContainsFunc(st.principals, func(p principal) bool { return unknown(p.Value) }) {
			return true
		}
	}
	return false
}

// mayChangePolicy reports whether the caller can change the key policy if IAM
// policies let him, or it is not known whether he can.
func (s *subject) mayChangePolicy(caller keypolicy.Principal) bool {
	return s.atMost(caller, putKeyPolicy).Verdict != keypolicy.Denied
}

// candidates are who might change the policy: account roots, and the roles and
// users that Principal elements and conditions on aws:PrincipalArn name. Roles
// of permission sets are left out, since they do not last.
func (s *subject) candidates() (roots []keypolicy.Principal, holders map[string]keypolicy.Principal) {
	holders = map[string]keypolicy.Principal{}
	accounts := map[string]bool{s.owner: s.owner != ""}
	for st := range s.allows() {
		if !st.actions.has("kms:putkeypolicy") {
			continue
		}
		for i := range st.principals {
			p := &st.principals[i]
			if p.account != "" && s.owner == "" {
				accounts[p.account] = true
			}
			if caller, ok := p.caller(); ok && (p.class == role || p.class == user) && !p.sso() {
				holders[p.Value] = caller
			}
		}
		maps.Copy(holders, st.likeness())
	}
	for account, known := range accounts {
		if known {
			roots = append(roots, accountRoot(s.partition, account))
		}
	}
	return roots, holders
}

// likeness are principals that conditions on aws:PrincipalArn are about, by the
// pattern.
func (st *statement) likeness() map[string]keypolicy.Principal {
	found := map[string]keypolicy.Principal{}
	for _, c := range st.conditions {
		if c.key != "aws:principalarn" || c.negated() {
			continue
		}
		for _, value := range c.Values {
			entry := keypolicy.PrincipalEntry{Type: "AWS", Value: strings.NewReplacer("*", "x", "?", "x").Replace(value)}
			if p := classify(entry); p.class == role || p.class == user {
				found[value], _ = p.caller()
			}
		}
	}
	return found
}

func checkBypass(s *subject) {
	if s.in.Key.BypassPolicyLockoutSafetyCheck == On {
		s.report("", "bypass_policy_lockout_safety_check is on")
	}
}

func checkApplier(s *subject) {
	if s.in.Applier == nil {
		return
	}
	d := s.atMost(*s.in.Applier, putKeyPolicy)
	switch {
	case d.Verdict != keypolicy.Denied:
	case d.Explicit:
		s.report("denied", "%s applies the policy and cannot change it afterwards: %s", s.in.Applier.ARN, d.Reasons[0])
	default:
		s.report("not allowed", "%s applies the policy and cannot change it afterwards: no statement allows it", s.in.Applier.ARN)
	}
}
