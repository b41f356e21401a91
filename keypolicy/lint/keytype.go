package lint

import (
	"slices"

	"github.com/keywright/keywright/keypolicy"
)

// keyTypeRules ask whether the policy fits the kind of key.
func keyTypeRules() []Rule {
	return []Rule{
		{
			ID: "KP404", Title: "Encryption context on one side only, or on a key that takes none", Severity: Low,
			Rationale: "Who may decrypt only with an encryption context, and encrypt without, makes ciphertext that he cannot read. Asymmetric and HMAC keys take no encryption context: an Allow that asks for one is dead.",
			Source:    conditionKeysSource + ", kms:EncryptionContext",
			Remedy:    "ask for the same encryption context for encryption and decryption; on other keys for none",
			Bad:       delegating(allow(appRole, `"kms:Encrypt"`, ""), allow(appRole, `"kms:Decrypt"`, tenantContext)),
			Good:      delegating(allow(appRole, `["kms:Decrypt", "kms:Encrypt"]`, tenantContext)),
			check:     checkEncryptionContext,
		},
		{
			ID: "KP405", Title: "Action that the key cannot do", Severity: Medium,
			Rationale: "A key does only what its KeyUsage and KeySpec are for. The rest of the list misleads its reader.",
			Source:    "KMS Developer Guide, Key type reference",
			Remedy:    "remove the action, or correct the key's usage",
			Bad:       delegating(allow(appRole, `["kms:Encrypt", "kms:GenerateMac"]`, "")).of(macKey),
			Good:      delegating(allow(appRole, `["kms:GenerateMac", "kms:VerifyMac"]`, "")).of(macKey),
			check:     checkUsage,
		},
	}
}

const tenantContext = `{"StringEquals": {"kms:EncryptionContext:tenant": "a"}}`

var macKey = Settings{Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC", Origin: "AWS_KMS"}

func checkEncryptionContext(s *subject) {
	for st := range s.allows() {
		if s.in.Key != nil && s.in.Key.Spec != "" && s.in.Key.Spec != symmetricDefault && st.binds(encryptionContext) {
			s.reportStatement(st, "no context", "a key of the spec %s has no encryption context: the Allow never applies", s.in.Key.Spec).Severity = High
			continue
		}
		if !st.actions.hasAny(encrypting) || st.mentions(encryptionContext) {
			continue
		}
		for i := range st.principals {
			if p := &st.principals[i]; p.named() && s.decryptsByContext(p.Value) {
				s.reportStatement(st, p.Value, "%s encrypts without the encryption context that it needs to decrypt", p.Value)
			}
		}
	}
}

// decryptsByContext reports whether the principal may decrypt, and only with an
// encryption context.
func (s *subject) decryptsByContext(value string) bool {
	found := false
	for _, i := range s.named[value] {
		if st := &s.statements[i]; st.actions.hasAny(decrypting) {
			if !st.binds(encryptionContext) {
				return false
			}
			found = true
		}
	}
	return found
}

// checkUsage looks at actions written out: a wildcard takes in what the key
// cannot do as a matter of course.
func checkUsage(s *subject) {
	key := s.in.Key
	if key == nil {
		return
	}
	for st := range s.allows() {
		for _, name := range slices.Compact(slices.Clone(st.Action)) {
			if action, ok := keypolicy.LookUpAction(name); ok && (cryptographic(&action) || action.AsymmetricOnly) && !action.WorksOn(key.Spec, key.Usage) {
				s.reportStatement(st, name, "%s does not work on a key of spec %s and usage %s", name, orUnknown(key.Spec), orUnknown(key.Usage))
			}
		}
	}
}

func orUnknown(text string) string {
	if text == "" {
		return "(not known)"
	}
	return text
}
