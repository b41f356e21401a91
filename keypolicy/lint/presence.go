package lint

import "slices"

// presenceRules ask what a condition makes of a request that lacks its key.
func presenceRules() []Rule {
	return []Rule{
		{
			ID: "KP010", Title: "ForAllValues alone in an Allow", Severity: High,
			Rationale: "ForAllValues holds for a request that has no such key: the Allow covers requests that the condition seems to shut out.",
			Source:    conditionKeysSource + ", kms:EncryptionContextKeys; IAM User Guide, Multivalued context keys",
			Remedy:    "require the key too: ForAnyValue on it, or Null false",
			Bad:       delegating(allow(appRole, `"kms:Decrypt"`, `{"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["tenant"]}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["tenant"]}, "Null": {"kms:EncryptionContextKeys": "false"}}`)),
			check:     checkForAllValues, scope: onAnyPolicy,
		},
		{
			ID: "KP011", Title: "IfExists in an Allow", Severity: Medium,
			Rationale: "A request without the key meets the condition, so the Allow is wider than its value says.",
			Source:    "IAM User Guide, IAM JSON policy elements: Condition operators, …IfExists",
			Remedy:    "leave IfExists out; keep it for Deny statements",
			Bad:       delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEqualsIfExists": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}`)),
			check:     checkIfExists, scope: onAnyPolicy,
		},
		{
			ID: "KP012", Title: "Null the wrong way round", Severity: Medium,
			Rationale: "Null with true holds where the key is absent, with false where it is there. An Allow with Null true on the encryption context demands that there be none.",
			Source:    conditionKeysSource + ", kms:EncryptionContextKeys",
			Remedy:    "write false to require the key in an Allow, true to deny requests without it",
			Bad:       delegating(allow(appRole, `"kms:Decrypt"`, `{"Null": {"kms:EncryptionContextKeys": "true"}}`)),
			Good:      delegating(allow(appRole, `"kms:Decrypt"`, `{"Null": {"kms:EncryptionContextKeys": "false"}}`)),
			check:     checkNull, scope: onAnyPolicy,
		},
	}
}

// alwaysThere are multi-valued keys without which there is no request: the
// operations require the parameter they come from.
var alwaysThere = keySet{"kms:grantoperations", "aws:tagkeys"}

func checkForAllValues(s *subject) {
	for st := range s.allows() {
		for i := range st.conditions {
			c := &st.conditions[i]
			if c.quantifier == "ForAllValues" && c.known.MultiValued && !alwaysThere.has(c.key) && !st.requires(c.key) {
				s.reportCondition(st, c, "%s holds for requests without %s", c.Operator, c.Key)
			}
		}
	}
}

// requires reports whether the statement does not apply to requests without the
// key. An encryption context pair makes the list of its keys non-empty.
func (st *statement) requires(key string) bool {
	keys := keySet{key}
	if key == "kms:encryptioncontextkeys" {
		keys = encryptionContext
	}
	return slices.ContainsFunc(st.conditions, func(c condition) bool { return c.requires() && keys.has(c.key) })
}

func checkIfExists(s *subject) {
	for st := range s.allows() {
		for i := range st.conditions {
			c := &st.conditions[i]
			if c.ifExists && !c.negated() && !st.requires(c.key) {
				s.reportCondition(st, c, "%s holds for requests without %s", c.Operator, c.Key)
			}
		}
	}
}

// encryptionContext are the keys made from the encryption context.
var encryptionContext = keySet{"kms:encryptioncontext:", "kms:encryptioncontextkeys"}

// proofs are keys whose presence is a proof that a policy asks for: to ask for
// their absence is a slip.
var proofs = append(keySet{"kms:recipientattestation:", "aws:multifactorauthage"}, encryptionContext...)

// checkNull flags an Allow for requests without a proof, or without a key that
// it compares as well, and a Deny for requests with a proof.
func checkNull(s *subject) {
	for st, c := range s.conditions() {
		if c.operator != "Null" || !slices.Contains(c.Values, "true") && !slices.Contains(c.Values, "false") {
			continue
		}
		absent := !c.requires()
		switch {
		case st.Effect == "Allow" && absent && st.binds(keySet{c.key}):
			s.reportCondition(st, c, "the Allow demands that %s be absent and compares it: it never applies", c.Key)
		case st.Effect == "Allow" && absent && proofs.has(c.key):
			s.reportCondition(st, c, "the Allow demands that %s be absent", c.Key)
		case st.Effect == "Deny" && !absent && proofs.has(c.key) && !st.compares(c.key):
			s.reportCondition(st, c, "the Deny is of requests that have %s", c.Key)
		}
	}
}

// compares reports whether the statement compares the key with values, or, of
// the encryption context, another key made from it.
func (st *statement) compares(key string) bool {
	keys := keySet{key}
	if encryptionContext.has(key) {
		keys = encryptionContext
	}
	return slices.ContainsFunc(st.conditions, func(c condition) bool { return c.operator != "Null" && keys.has(c.key) })
}
