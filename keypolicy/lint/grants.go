package lint

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// grantRules are about who may make grants, and about grants.
func grantRules() []Rule {
	return []Rule{
		{
			ID: "KP301", Title: "Grants to anyone", Severity: High,
			Rationale: "Whoever may call CreateGrant may give the key to any principal, even operations that he lacks, and the grant outlives changes of the policy. The condition leaves only grants that an AWS service makes for the caller's resource.",
			Source:    "KMS Developer Guide, AWS KMS condition keys: kms:GrantIsForAWSResource; AWS Control Tower, CT.KMS.PR.3",
			Remedy:    `add "Bool": {"kms:GrantIsForAWSResource": "true"}`,
			Bad:       delegating(allow(appRole, `["kms:CreateGrant", "kms:ListGrants"]`, "")),
			Good:      delegating(allow(appRole, `["kms:CreateGrant", "kms:ListGrants"]`, `{"Bool": {"kms:GrantIsForAWSResource": "true"}}`)),
			check:     checkCreateGrant,
		},
		{
			ID: "KP302", Title: "Grants of any operation", Severity: Medium,
			Rationale: "ForAnyValue on kms:GrantOperations lets a grant hold other operations beside a listed one, such as Decrypt; without the key, a grant holds what its maker likes.",
			Source:    "KMS Developer Guide, AWS KMS condition keys: kms:GrantOperations",
			Remedy:    "list the operations with ForAllValues:StringEquals on kms:GrantOperations",
			Bad:       delegating(allow(appRole, `"kms:CreateGrant"`, `{"Bool": {"kms:GrantIsForAWSResource": "true"}, "ForAnyValue:StringEquals": {"kms:GrantOperations": ["Encrypt"]}}`)),
			Good:      delegating(allow(appRole, `"kms:CreateGrant"`, `{"Bool": {"kms:GrantIsForAWSResource": "true"}, "ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt"]}}`)),
			check:     checkGrantOperations,
		},
		{
			ID: "KP303", Title: "Planned grant that opens the key", Severity: High,
			Rationale: "A grant is not seen in the key policy. One to another account, with CreateGrant, or without encryption context constraints is wider than it looks there.",
			Source:    "KMS Developer Guide, Grants in AWS KMS",
			Remedy:    "grant to a role of this account, without CreateGrant, with encryption context constraints",
			Bad:       planned(PlannedGrant{Grantee: "arn:aws:iam::444455556666:role/partner", Operations: []string{"Decrypt"}, Constrained: On}),
			Good:      planned(PlannedGrant{Grantee: "arn:aws:iam::111122223333:role/app", Operations: []string{"Decrypt"}, Constrained: On}),
			check:     checkPlannedGrants, scope: onGrants,
		},
	}
}

func planned(g PlannedGrant) Example {
	return Example{Grants: []PlannedGrant{g}, Statement: -1}
}

// granteeKeys are condition keys that say whom a grant is for; a service that
// makes grants for its caller does so as well.
var granteeKeys = keySet{"kms:granteeprincipal", "kms:granteeserviceprincipal"}

const forAWSResource = "kms:grantisforawsresource"

func checkCreateGrant(s *subject) {
	for st := range s.narrow {
		if !st.actions.has("kms:creategrant") || st.isTrue(forAWSResource) || st.binds(granteeKeys) || st.binds(viaService) || s.grantsDenied(st) {
			continue
		}
		s.reportStatement(st, "", "%s may grant the key to anyone", st.principalText())
	}
}

// grantsDenied reports whether a Deny keeps each of the statement's principals
// from grants that are not for an AWS resource.
func (s *subject) grantsDenied(st *statement) bool {
	e := s.with(forAWSResource, "false")
	return len(st.principals) > 0 && !slices.ContainsFunc(st.principals, func(p principal) bool {
		caller, ok := p.caller()
		return !ok || !e.direct(caller, "kms:CreateGrant").Explicit
	})
}

func checkGrantOperations(s *subject) {
	operations := keySet{"kms:grantoperations"}
	for st := range s.narrow {
		if !st.actions.has("kms:creategrant") {
			continue
		}
		for i := range st.conditions {
			if c := &st.conditions[i]; operations.has(c.key) && c.quantifier == "ForAnyValue" && !c.negated() {
				s.reportCondition(st, c, "a grant may hold other operations beside %s", strings.Join(c.Values, ", "))
			}
		}
		if st.binds(granteeKeys) && !st.isTrue(forAWSResource) && !st.mentions(operations) {
			s.reportStatement(st, "operations", "%s may grant any operation", st.principalText())
		}
	}
}

func checkPlannedGrants(s *subject) {
	for i := range s.in.Grants {
		g := &s.in.Grants[i]
		for _, problem := range s.problems(g) {
			f := s.report(g.Grantee+" "+strings.Join(g.Operations, " "), "the grant to %s %s", g.Grantee, problem)
			if g.Address != "" {
				f.Address = g.Address
			}
			f.Fingerprint = fingerprint(f.Rule, f.Address, g.Grantee, strings.Join(g.Operations, " "), problem)
		}
	}
}

// problems of a planned grant, in words.
func (s *subject) problems(g *PlannedGrant) []string {
	var found []string
	if part := strings.SplitN(g.Grantee, ":", 6); len(part) == 6 && !unknown(g.Grantee) && s.foreign(part[4]) {
		found = append(found, "is to account "+part[4]+", which is not trusted")
	}
	if slices.Contains(g.Operations, "CreateGrant") {
		found = append(found, "lets its grantee make further grants")
	}
	if g.Constrained == Off && slices.ContainsFunc(g.Operations, constrainable) {
		found = append(found, "has no encryption context constraint")
	}
	return found
}

// constrainable reports whether an encryption context constraint can bind the
// operation: it is one of symmetric cryptography.
func constrainable(operation string) bool {
	action, ok := keypolicy.LookUpAction("kms:" + operation)
	return ok && cryptographic(&action) && action.HasConditionKey("kms:EncryptionContextKeys")
}
