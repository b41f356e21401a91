package keypolicy

import (
	"slices"
	"sync"
)

// traits of an action in the table.
type traits uint8

const (
	actsOnKey      traits = 1 << iota // authorized for a key
	actsOnAlias                       // authorized for an alias, and for its key
	actsAbroad                        // works on a key of another account
	actsByGrant                       // a grant can give it
	actsByIAM                         // an Allow in a key policy has no effect, although there is a key
	actsInternally                    // no API operation: only KMS itself does it
	takesRecipient                    // takes the attestation document of an enclave or a NitroTPM

	usesKey = actsOnKey | actsAbroad | actsByGrant
)

// suits is the kind of key an action works with; the zero value is any.
type suits struct {
	usages                []string
	symmetric, asymmetric bool
}

// Source: KMS Developer Guide, "Key type reference"; KMS API Reference, the page
// of each operation.
var (
	suitsAny           = suits{}
	suitsEncryption    = suits{usages: []string{"ENCRYPT_DECRYPT"}}
	suitsSymmetric     = suits{usages: suitsEncryption.usages, symmetric: true}
	suitsSigning       = suits{usages: []string{"SIGN_VERIFY"}, asymmetric: true}
	suitsMAC           = suits{usages: []string{"GENERATE_VERIFY_MAC"}}
	suitsAgreement     = suits{usages: []string{"KEY_AGREEMENT"}, asymmetric: true}
	suitsEncapsulation = suits{usages: []string{"ENCAPSULATE_DECAPSULATE"}, asymmetric: true}
	suitsKeyPair       = suits{usages: []string{"ENCAPSULATE_DECAPSULATE", "ENCRYPT_DECRYPT", "KEY_AGREEMENT", "SIGN_VERIFY"}, asymmetric: true}
)

// Groups of condition keys that come together. The two references do not list
// quite the same keys; one that either lists is taken to be there. Neither lists
// the two deprecated keys, which work as those that replaced them.
var (
	contextNone       []string
	contextNewKey     = []string{"kms:CustomerMasterKeySpec", "kms:CustomerMasterKeyUsage", "kms:KeyOrigin", "kms:KeySpec", "kms:KeyUsage", "kms:MultiRegion", "kms:MultiRegionKeyType"}
	contextKey        = slices.Concat(contextNewKey, []string{"aws:ResourceTag/", "kms:ResourceAliases"})
	contextAccount    = []string{"kms:CallerAccount"}
	contextCaller     = []string{"kms:CallerAccount", "kms:ViaService"}
	contextManagement = slices.Concat(contextKey, contextCaller)
	contextUse        = withKeys(contextManagement, "kms:RequestAlias")
	contextEncryption = []string{"kms:EncryptionContext:", "kms:EncryptionContextKeys"}
	contextCipher     = slices.Concat(withKeys(contextUse, "kms:EncryptionAlgorithm"), contextEncryption)
	contextReEncrypt  = withKeys(contextCipher, "kms:ReEncryptOnSameKey")
	contextSignature  = withKeys(contextUse, "kms:MessageType", "kms:SigningAlgorithm")
	contextTags       = []string{"aws:RequestTag/", "aws:TagKeys"}
	contextGrant      = []string{
		"kms:GrantConstraintSourceArn", "kms:GrantConstraintType", "kms:GrantIsForAWSResource", "kms:GrantOperations",
		"kms:GranteePrincipal", "kms:GranteeServicePrincipal", "kms:RetiringPrincipal", "kms:RetiringServicePrincipal",
	}
)

func withKeys(keys []string, more ...string) []string { return slices.Concat(keys, more) }

// actionTable holds the actions by name. See [CatalogueDate] for the sources.
var actionTable = []struct {
	name string
	AccessLevel
	traits
	suits
	conditionKeys []string
}{
	{"CancelKeyDeletion", Write, actsOnKey, suitsAny, contextManagement},
	{"ConnectCustomKeyStore", Write, 0, suitsAny, contextAccount},
	{"CreateAlias", Write, actsOnAlias, suitsAny, contextManagement},
	{"CreateCustomKeyStore", Write, 0, suitsAny, contextAccount},
	{"CreateGrant", PermissionsManagement, usesKey, suitsAny, slices.Concat(contextManagement, contextEncryption, contextGrant)},
	{"CreateKey", Write, 0, suitsAny, slices.Concat(withKeys(contextNewKey, "aws:ResourceTag/", "kms:BypassPolicyLockoutSafetyCheck"), contextCaller, contextTags)},
	{"Decapsulate", Write, usesKey, suitsEncapsulation, contextUse},
	{"Decrypt", Write, usesKey | takesRecipient, suitsEncryption, contextCipher},
	{"DeleteAlias", Write, actsOnAlias, suitsAny, contextManagement},
	{"DeleteCustomKeyStore", Write, 0, suitsAny, contextAccount},
	{"DeleteImportedKeyMaterial", Write, actsOnKey, suitsAny, contextManagement},
	{"DeriveSharedSecret", Write, usesKey | takesRecipient, suitsAgreement, withKeys(contextUse, "kms:KeyAgreementAlgorithm")},
	{"DescribeCustomKeyStores", Read, 0, suitsAny, contextAccount},
	{"DescribeKey", Read, usesKey, suitsAny, contextUse},
	{"DisableKey", Write, actsOnKey, suitsAny, withKeys(contextManagement, "kms:TrailingDaysWithoutKeyUsage")},
	{"DisableKeyRotation", Write, actsOnKey, suitsSymmetric, contextManagement},
	{"DisconnectCustomKeyStore", Write, 0, suitsAny, contextAccount},
	{"EnableKey", Write, actsOnKey, suitsAny, contextManagement},
	{"EnableKeyRotation", Write, actsOnKey, suitsSymmetric, withKeys(contextManagement, "kms:RotationPeriodInDays")},
	{"Encapsulate", Write, usesKey, suitsEncapsulation, contextUse},
	{"Encrypt", Write, usesKey, suitsEncryption, contextCipher},
	{"GenerateDataKey", Write, usesKey | takesRecipient, suitsSymmetric, contextCipher},
	{"GenerateDataKeyPair", Write, usesKey | takesRecipient, suitsSymmetric, withKeys(contextCipher, "kms:DataKeyPairSpec")},
	{"GenerateDataKeyPairWithoutPlaintext", Write, usesKey, suitsSymmetric, withKeys(contextCipher, "kms:DataKeyPairSpec")},
	{"GenerateDataKeyWithoutPlaintext", Write, usesKey, suitsSymmetric, contextCipher},
	{"GenerateMac", Write, usesKey, suitsMAC, withKeys(contextUse, "kms:MacAlgorithm")},
	{"GenerateRandom", Write, takesRecipient, suitsAny, contextNone},
	{"GetKeyLastUsage", Read, actsOnKey, suitsAny, contextManagement},
	{"GetKeyPolicy", Read, actsOnKey, suitsAny, contextManagement},
	{"GetKeyRotationStatus", Read, actsOnKey | actsAbroad, suitsAny, contextManagement},
	{"GetParametersForImport", Read, actsOnKey, suitsAny, withKeys(contextManagement, "kms:WrappingAlgorithm", "kms:WrappingKeySpec")},
	{"GetPublicKey", Read, usesKey, suitsKeyPair, contextUse},
	{"ImportKeyMaterial", Write, actsOnKey, suitsAny, withKeys(contextManagement, "kms:ExpirationModel", "kms:ValidTo")},
	{"ListAliases", List, 0, suitsAny, contextNone},
	{"ListGrants", List, actsOnKey | actsAbroad, suitsAny, withKeys(contextManagement, "kms:GrantIsForAWSResource")},
	{"ListKeyPolicies", List, actsOnKey, suitsAny, contextManagement},
	{"ListKeyRotations", List, actsOnKey, suitsAny, contextManagement},
	{"ListKeys", List, 0, suitsAny, contextNone},
	{"ListResourceTags", List, actsOnKey, suitsAny, contextManagement},
	{"ListRetirableGrants", List, 0, suitsAny, contextNone},
	{"PutKeyPolicy", PermissionsManagement, actsOnKey, suitsAny, withKeys(contextManagement, "kms:BypassPolicyLockoutSafetyCheck")},
	{"ReEncryptFrom", Write, usesKey, suitsEncryption, contextReEncrypt},
	{"ReEncryptTo", Write, usesKey, suitsEncryption, contextReEncrypt},
	{"ReplicateKey", Write, actsOnKey, suitsAny, withKeys(contextManagement, "kms:ReplicaRegion")},
	{"RetireGrant", PermissionsManagement, usesKey | actsByIAM, suitsAny, slices.Concat(withKeys(contextManagement, "kms:GrantConstraintType"), contextEncryption)},
	{"RevokeGrant", PermissionsManagement, actsOnKey | actsAbroad, suitsAny, withKeys(contextManagement, "kms:GrantIsForAWSResource")},
	{"RotateKeyOnDemand", Write, actsOnKey, suitsSymmetric, contextManagement},
	{"ScheduleKeyDeletion", Write, actsOnKey, suitsAny, withKeys(contextManagement, "kms:ScheduleKeyDeletionPendingWindowInDays", "kms:TrailingDaysWithoutKeyUsage")},
	{"Sign", Write, usesKey, suitsSigning, contextSignature},
	{"SynchronizeMultiRegionKey", Write, actsOnKey | actsInternally, suitsAny, contextKey},
	{"TagResource", Tagging, actsOnKey, suitsAny, slices.Concat(contextManagement, contextTags)},
	{"UntagResource", Tagging, actsOnKey, suitsAny, slices.Concat(contextManagement, contextTags)},
	{"UpdateAlias", Write, actsOnAlias, suitsAny, contextManagement},
	{"UpdateCustomKeyStore", Write, 0, suitsAny, contextAccount},
	{"UpdateKeyDescription", Write, actsOnKey, suitsAny, contextManagement},
	{"UpdatePrimaryRegion", Write, actsOnKey, suitsAny, withKeys(contextManagement, "kms:PrimaryRegion")},
	{"Verify", Write, usesKey, suitsSigning, contextSignature},
	{"VerifyMac", Write, usesKey, suitsMAC, withKeys(contextUse, "kms:MacAlgorithm")},
}

// Made when first asked for, so that programs that never ask start at once.
var (
	catalogueActions = sync.OnceValue(makeActions)
	actionPlaces     = sync.OnceValue(func() map[string]int {
		return placesByName(catalogueActions(), func(a Action) string { return a.Name })
	})
)

func makeActions() []Action {
	everywhere, attestation := conditionKeyNames(globalKeys), conditionKeyNames(attestationKeys())
	made := make([]Action, 0, len(actionTable))
	for _, row := range actionTable {
		has := func(t traits) bool { return row.traits&t != 0 }
		keys := slices.Concat(row.conditionKeys, everywhere)
		if has(takesRecipient) {
			keys = append(keys, attestation...)
		}
		a := Action{
			Name: "kms:" + row.name, Operation: row.name, Access: row.AccessLevel,
			CrossAccount: has(actsAbroad), InKeyPolicy: has(actsOnKey|actsOnAlias) && !has(actsByIAM),
			Usages: row.usages, SymmetricOnly: row.symmetric, AsymmetricOnly: row.asymmetric,
			ConditionKeys: slices.Sorted(slices.Values(keys)),
		}
		switch {
		case has(actsOnKey):
			a.Resources = []ResourceKind{KeyResource}
		case has(actsOnAlias):
			a.Resources = []ResourceKind{AliasResource, KeyResource}
		}
		switch {
		case has(actsInternally):
			a.Operation = ""
		case row.name == "ReEncryptFrom" || row.name == "ReEncryptTo":
			a.Operation = "ReEncrypt"
		}
		if has(actsByGrant) {
			a.GrantOperation = row.name
		}
		made = append(made, a)
	}
	return made
}
