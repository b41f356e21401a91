package generator

import "slices"

// Manages is what a module manages.
type Manages string

// What a module can manage.
const (
	// ManagesKey is a key with its aliases and its policy. The default.
	ManagesKey Manages = "key"
	// ManagesPolicy is the policy of keys that are made elsewhere.
	ManagesPolicy Manages = "policy"
	// ManagesGrants is grants on a key that is made elsewhere.
	ManagesGrants Manages = "grants"
)

// Origin is where the key material comes from, as the KMS API names it.
type Origin string

// The origins of key material.
const (
	OriginKMS      Origin = "AWS_KMS"
	OriginExternal Origin = "EXTERNAL"
	OriginCloudHSM Origin = "AWS_CLOUDHSM"
	OriginXKS      Origin = "EXTERNAL_KEY_STORE"
)

// MultiRegion is a module's part in a set of multi-Region keys.
type MultiRegion string

// The parts of a module in a set of multi-Region keys.
const (
	// SingleRegion keys never leave their Region. The default.
	SingleRegion MultiRegion = "none"
	// Primary keys can be replicated, by other modules.
	Primary MultiRegion = "primary"
	// Replica is a copy of a primary key that is made elsewhere.
	Replica MultiRegion = "replica"
	// PrimaryWithReplica is a primary key and one replica, made in one call.
	PrimaryWithReplica MultiRegion = "primary_with_replica"
)

// Binding is how statements of the policy recognize a role or user.
type Binding string

// The bindings.
const (
	// ByUniqueID names the principal, which KMS keeps as its unique id: one that
	// is deleted and made again is locked out. The default.
	ByUniqueID Binding = "unique_id"
	// ByARN compares the caller's ARN, under the account as the principal: a role
	// that is made again has its access back, and needs an IAM policy besides.
	ByARN Binding = "arn"
)

// Values of KeySpec and KeyUsage.
const (
	symmetricDefault = "SYMMETRIC_DEFAULT"

	encryptDecrypt         = "ENCRYPT_DECRYPT"
	signVerify             = "SIGN_VERIFY"
	generateVerifyMAC      = "GENERATE_VERIFY_MAC"
	keyAgreement           = "KEY_AGREEMENT"
	encapsulateDecapsulate = "ENCAPSULATE_DECAPSULATE"
)

// keySpec is a value of KeySpec. Source: KMS Developer Guide, Key spec reference.
type keySpec struct {
	name   string
	usages []string
	// family holds the specs that a caller of the module may choose among.
	family string
	// floor is the first provider that makes such keys; "" where none is known.
	floor string
}

const (
	familySymmetric   = "symmetric"
	familyClassic     = "classic"
	familyPostQuantum = "post-quantum"
	familyChina       = "China Regions"
)

// keySpecs in the order in which the documentation lists them.
var keySpecs = []keySpec{
	{symmetricDefault, []string{encryptDecrypt}, familySymmetric, providerFloor},
	{"RSA_2048", []string{signVerify, encryptDecrypt}, familyClassic, providerFloor},
	{"RSA_3072", []string{signVerify, encryptDecrypt}, familyClassic, providerFloor},
	{"RSA_4096", []string{signVerify, encryptDecrypt}, familyClassic, providerFloor},
	{"ECC_NIST_P256", []string{signVerify, keyAgreement}, familyClassic, providerFloor},
	{"ECC_NIST_P384", []string{signVerify, keyAgreement}, familyClassic, providerFloor},
	{"ECC_NIST_P521", []string{signVerify, keyAgreement}, familyClassic, providerFloor},
	{"ECC_SECG_P256K1", []string{signVerify}, familyClassic, providerFloor},
	// Provider 5.100 refuses it; its documentation has it since November 2025.
	{"ECC_NIST_EDWARDS25519", []string{signVerify}, familyClassic, "6.21"},
	{"HMAC_224", []string{generateVerifyMAC}, familySymmetric, providerFloor},
	{"HMAC_256", []string{generateVerifyMAC}, familySymmetric, providerFloor},
	{"HMAC_384", []string{generateVerifyMAC}, familySymmetric, providerFloor},
	{"HMAC_512", []string{generateVerifyMAC}, familySymmetric, providerFloor},
	// Provider 5.100 refuses them; merged after 6.0, in June 2025.
	{"ML_DSA_44", []string{signVerify}, familyPostQuantum, "6.1"},
	{"ML_DSA_65", []string{signVerify}, familyPostQuantum, "6.1"},
	{"ML_DSA_87", []string{signVerify}, familyPostQuantum, "6.1"},
	{"ML_KEM_512", []string{encapsulateDecapsulate}, familyPostQuantum, ""},
	{"ML_KEM_768", []string{encapsulateDecapsulate}, familyPostQuantum, ""},
	{"ML_KEM_1024", []string{encapsulateDecapsulate}, familyPostQuantum, ""},
	{"SM2", []string{encryptDecrypt, signVerify, keyAgreement}, familyChina, providerFloor},
}

func lookUpSpec(name string) (keySpec, bool) {
	i := slices.IndexFunc(keySpecs, func(s keySpec) bool { return s.name == name })
	if i < 0 {
		return keySpec{}, false
	}
	return keySpecs[i], true
}

// ability is what a key can do, as far as actions of a policy differ by it.
type ability string

const (
	encryptsSymmetrically  ability = "symmetric encryption"
	encryptsAsymmetrically ability = "asymmetric encryption"
	signs                  ability = "signing"
	makesMACs              ability = "message authentication"
	agrees                 ability = "key agreement"
	encapsulates           ability = "key encapsulation"
)

// abilities by KeyUsage; that of symmetric keys is encryptsSymmetrically.
var abilities = map[string]ability{
	encryptDecrypt:         encryptsAsymmetrically,
	signVerify:             signs,
	generateVerifyMAC:      makesMACs,
	keyAgreement:           agrees,
	encapsulateDecapsulate: encapsulates,
}

func (m *Module) ability() ability {
	if m.KeySpec == symmetricDefault {
		return encryptsSymmetrically
	}
	return abilities[m.KeyUsage]
}

// ineligible says why the key does not rotate by itself; "" if it does. Source:
// KMS Developer Guide, Rotate AWS KMS keys.
func (m *Module) ineligible() string {
	switch {
	case m.Manages != ManagesKey:
		return "a module that manages " + string(m.Manages) + " makes no key"
	case m.KeySpec != symmetricDefault:
		return "KMS rotates symmetric encryption keys alone"
	case m.Origin != OriginKMS:
		return "KMS rotates only key material of its own"
	case m.MultiRegion == Replica:
		return "a replica is rotated with its primary"
	}
	return ""
}

func (m *Module) rotates() bool { return m.ineligible() == "" }

// selectable lists the specs that callers of the module may choose among: those
// that do the same, and that the module's lowest provider makes.
func (m *Module) selectable() []string {
	own, ok := lookUpSpec(m.KeySpec)
	if !ok || m.Manages != ManagesKey || m.KeySpec == symmetricDefault || m.MultiRegion == Replica || m.fixedSpec() {
		return nil
	}
	floor, _ := m.floor()
	var names []string
	for _, s := range keySpecs {
		switch {
		case s.family != own.family, !slices.Contains(s.usages, m.KeyUsage), s.floor == "", older(floor, s.floor):
		case s.name == "RSA_2048" && m.KeyUsage == encryptDecrypt && s.name != m.KeySpec: // too short for what is kept for decades
		default:
			names = append(names, s.name)
		}
	}
	return names
}

// fixedSpec reports whether a service works with one spec alone.
func (m *Module) fixedSpec() bool {
	return slices.ContainsFunc(m.Services, func(name string) bool { return services[name].spec != symmetricDefault })
}
