package keypolicy

import (
	"slices"
	"strings"
)

// CatalogueDate is the day the catalogue of actions was last compared with the
// KMS API, as year, month and day: that of the API model it was compared with.
// Actions and condition keys that AWS added since are missing.
//
// Its sources: the API operations, grant operations and cross-account use are
// those of the KMS API Reference of that day. Access levels, resources and
// condition keys come from the Service Authorization Reference, "Actions,
// resources, and condition keys for AWS Key Management Service", and the KMS
// Developer Guide, "AWS KMS permissions", both in an edition between April 2026
// and that day; types of values from there, the guide's "AWS KMS condition
// keys", and the IAM User Guide, "AWS global condition context keys". That
// edition does not have Encapsulate and Decapsulate yet: their access level and
// condition keys are assumed to be those of the other cryptographic operations.
// That a key policy can allow kms:SynchronizeMultiRegionKey is assumed too.
const CatalogueDate = "2026-11-06"

// AccessLevel is how AWS classes an action.
type AccessLevel string

// The access levels. An action that AWS gives two, such as "Permissions
// management, Write", has the stronger one here.
const (
	List                  AccessLevel = "List"
	Read                  AccessLevel = "Read"
	Write                 AccessLevel = "Write"
	PermissionsManagement AccessLevel = "Permissions management"
	Tagging               AccessLevel = "Tagging"
)

// ResourceKind is a kind of KMS resource, as its ARN names it.
type ResourceKind string

// The kinds of KMS resources.
const (
	KeyResource   ResourceKind = "key"
	AliasResource ResourceKind = "alias"
)

// Action is a permission of KMS, as policies name it. Slices are shared: they
// must not be changed.
type Action struct {
	// Name with its service prefix, such as "kms:Decrypt".
	Name string
	// Operation is the API operation it permits, such as "Decrypt". The
	// operation ReEncrypt has two: kms:ReEncryptFrom and kms:ReEncryptTo. It is
	// "" for what only KMS itself does.
	Operation string
	// Access is the access level.
	Access AccessLevel
	// Resources it is authorized for; an operation on an alias needs it for the
	// alias and the key. Empty: only "*" will do.
	Resources []ResourceKind
	// CrossAccount is true if it can work on a key of another account. It is
	// false for actions that concern no key (kms:GenerateRandom).
	CrossAccount bool
	// InKeyPolicy is true if an Allow in a key policy has an effect. That of
	// kms:RetireGrant has none, while a Deny does.
	InKeyPolicy bool
	// Usages lists the KeyUsage values of the keys it works with; nil: any.
	Usages []string
	// SymmetricOnly is true if it works with symmetric encryption keys only,
	// AsymmetricOnly if only with asymmetric ones. See [Action.WorksOn].
	SymmetricOnly, AsymmetricOnly bool
	// GrantOperation is its name in a grant, such as "Decrypt"; "" if no grant
	// can give it.
	GrantOperation string
	// ConditionKeys lists the keys, kms:, aws: and of other services, that can be
	// in its request context, sorted; one that ends in ":" or "/" stands for all
	// that begin with it. See [Action.HasConditionKey].
	ConditionKeys []string
}

// Actions returns the permissions of KMS, sorted by name.
func Actions() []Action { return slices.Clone(catalogueActions()) }

// LookUpAction finds an action by its name with prefix, such as "kms:decrypt";
// case does not matter. It knows no wildcards.
func LookUpAction(name string) (Action, bool) {
	i, ok := actionPlaces()[strings.ToLower(name)]
	if !ok {
		return Action{}, false
	}
	return catalogueActions()[i], true
}

// symmetricSpec is the KeySpec of symmetric encryption keys, hmacSpec begins
// that of the other symmetric ones.
const symmetricSpec, hmacSpec = "SYMMETRIC_DEFAULT", "HMAC_"

// WorksOn reports whether the action can succeed on a key of this KeySpec and
// KeyUsage; one that is not known is empty, and only the other is looked at. It
// does not look at what else a key must be, such as multi-Region for
// kms:ReplicateKey.
func (a Action) WorksOn(spec, usage string) bool {
	symmetric := spec == symmetricSpec
	asymmetric := !symmetric && !strings.HasPrefix(spec, hmacSpec)
	switch {
	case usage != "" && a.Usages != nil && !slices.Contains(a.Usages, usage):
		return false
	case spec == "":
		return true
	}
	return (!a.SymmetricOnly || symmetric) && (!a.AsymmetricOnly || asymmetric)
}

// HasConditionKey reports whether a condition key, such as
// "kms:EncryptionContext:tenant", can be in the action's request context. Case
// does not matter; a key the catalogue does not know is not there.
func (a Action) HasConditionKey(name string) bool {
	key, ok := LookUpConditionKey(name)
	if !ok {
		return false
	}
	_, found := slices.BinarySearch(a.ConditionKeys, key.Name)
	return found
}

// ValueType is the type of a condition key's values; it says which operators
// compare them.
type ValueType string

// The types of values.
const (
	StringType    ValueType = "String"
	BoolType      ValueType = "Bool"
	NumericType   ValueType = "Numeric"
	DateType      ValueType = "Date"
	ARNType       ValueType = "ARN"
	IPAddressType ValueType = "IPAddress"
	BinaryType    ValueType = "Binary"
)

// ConditionKey is a condition key that can be in the context of a KMS request.
type ConditionKey struct {
	// Name, such as "kms:ViaService". That of a Prefix ends in ":" or "/".
	Name string
	// Type of its values. Also is another one that AWS documents; "" for none.
	Type, Also ValueType
	// MultiValued is true if a request can have several values.
	MultiValued bool
	// Prefix is true if the name goes on with a name of the user's, such as that
	// of a tag: "aws:ResourceTag/" stands for aws:ResourceTag/team.
	Prefix bool
	// Deprecated is the key to use instead; "" for a key in good standing.
	Deprecated string
	// IAMOnly is true if the key has effect in IAM policies only.
	IAMOnly bool
	// Source is the document that defines it.
	Source string
}

// ConditionKeys returns the condition keys of KMS requests, sorted by name:
// those of KMS, the global ones, and those that other services give the sessions
// they make. Keys of identity providers (SAML, OIDC) are left out: their names
// begin with the provider's.
func ConditionKeys() []ConditionKey { return slices.Clone(catalogueKeys()) }

// LookUpConditionKey finds a condition key; case does not matter. For
// "aws:ResourceTag/team" it is the one named "aws:ResourceTag/".
func LookUpConditionKey(name string) (ConditionKey, bool) {
	lower := strings.ToLower(name)
	if i, ok := keyPlaces()[lower]; ok {
		return catalogueKeys()[i], true
	}
	for _, key := range prefixKeys() {
		if strings.HasPrefix(lower, strings.ToLower(key.Name)) {
			return key, true
		}
	}
	return ConditionKey{}, false
}

// placesByName maps the lower-case name of each item to its place.
func placesByName[T any](items []T, name func(T) string) map[string]int {
	places := make(map[string]int, len(items))
	for i, item := range items {
		places[strings.ToLower(name(item))] = i
	}
	return places
}
