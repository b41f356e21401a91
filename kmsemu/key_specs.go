package kmsemu

import (
	"crypto/elliptic"
	"maps"
	"slices"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	"github.com/cloudflare/circl/kem/mlkem/mlkem512"
	"github.com/cloudflare/circl/kem/mlkem/mlkem768"
)

// The values of KeyUsage (K0017).
const (
	usageEncryptDecrypt = "ENCRYPT_DECRYPT"
	usageSignVerify     = "SIGN_VERIFY"
	usageMAC            = "GENERATE_VERIFY_MAC"
	usageAgreement      = "KEY_AGREEMENT"
	usageEncapsulation  = "ENCAPSULATE_DECAPSULATE"
)

// The algorithms with which an operation does something of its own; the others
// are rows of tables. The first is a KeySpec too.
const (
	symmetricDefault = "SYMMETRIC_DEFAULT"
	algorithmECDH    = "ECDH"
	algorithmMLKEM   = "ML_KEM"
)

// keySpec is a KeySpec of the KMS API: what keys of it are for, with which
// algorithms, and what their material is.
type keySpec struct {
	name string
	// algorithms are those of each KeyUsage that the spec can have, in the order
	// in which KMS lists them (K0200).
	algorithms map[string][]string
	// newSecret makes key material of [seedLength] random bytes. What it returns
	// has the methods that the spec's usages call for: see [encrypter], [signer],
	// [authenticator], [agreer] and [encapsulator].
	newSecret func(seed []byte) (any, error)
	// importSecret makes the same of imported key material; nil for specs that take
	// none (K0432).
	importSecret func(material []byte) (any, error)
	specTraits
}

type specTraits uint8

const (
	// asymmetric material is also a [keyPair].
	asymmetric specTraits = 1 << iota
	// inPairs: GenerateDataKeyPair makes pairs of it.
	inPairs
	// long: its private key is too long to be wrapped by RSA alone (K0432).
	long
	// recent: the deprecated CustomerMasterKeySpec does not take it (K0018).
	recent
)

func (t specTraits) has(trait specTraits) bool { return t&trait != 0 }

// keySpecs are the specs that can be created, by name (K0017, K0018). SM2, which
// only China Regions have, is missing.
var keySpecs = specsByName(
	keySpec{symmetricDefault, encrypts(symmetricDefault), newSymmetric, importSymmetric, 0},
	keySpec{"RSA_2048", rsaUses, newRSA(2048), importRSA(2048), asymmetric | inPairs | long},
	keySpec{"RSA_3072", rsaUses, newRSA(3072), importRSA(3072), asymmetric | inPairs | long},
	keySpec{"RSA_4096", rsaUses, newRSA(4096), importRSA(4096), asymmetric | inPairs | long},
	keySpec{"ECC_NIST_P256", signsOrAgrees("ECDSA_SHA_256"), newECDSA(elliptic.P256()), importECDSA(elliptic.P256()), asymmetric | inPairs},
	keySpec{"ECC_NIST_P384", signsOrAgrees("ECDSA_SHA_384"), newECDSA(elliptic.P384()), importECDSA(elliptic.P384()), asymmetric | inPairs},
	keySpec{"ECC_NIST_P521", signsOrAgrees("ECDSA_SHA_512"), newECDSA(elliptic.P521()), importECDSA(elliptic.P521()), asymmetric | inPairs},
	keySpec{"ECC_SECG_P256K1", signs("ECDSA_SHA_256"), newSecp256k1, importSecp256k1, asymmetric | inPairs},
	keySpec{"ECC_NIST_EDWARDS25519", signs("ED25519_SHA_512", "ED25519_PH_SHA_512"), newEd25519, nil, asymmetric | inPairs | recent},
	keySpec{"HMAC_224", authenticates("HMAC_SHA_224"), newHMAC(28), importHMAC(28), 0},
	keySpec{"HMAC_256", authenticates("HMAC_SHA_256"), newHMAC(32), importHMAC(32), 0},
	keySpec{"HMAC_384", authenticates("HMAC_SHA_384"), newHMAC(48), importHMAC(48), 0},
	keySpec{"HMAC_512", authenticates("HMAC_SHA_512"), newHMAC(64), importHMAC(64), 0},
	keySpec{"ML_DSA_44", signs("ML_DSA_SHAKE_256"), newMLDSA(mldsa.MLDSA44()), nil, asymmetric | recent},
	keySpec{"ML_DSA_65", signs("ML_DSA_SHAKE_256"), newMLDSA(mldsa.MLDSA65()), nil, asymmetric | recent},
	keySpec{"ML_DSA_87", signs("ML_DSA_SHAKE_256"), newMLDSA(mldsa.MLDSA87()), nil, asymmetric | recent},
	keySpec{"ML_KEM_512", encapsulates, newMLKEM(mlkem512.Scheme(), 1), nil, asymmetric | inPairs | recent},
	keySpec{"ML_KEM_768", encapsulates, newMLKEM(mlkem768.Scheme(), 2), nil, asymmetric | inPairs | recent},
	keySpec{"ML_KEM_1024", encapsulates, newMLKEM(mlkem1024.Scheme(), 3), nil, asymmetric | inPairs | recent},
)

var (
	rsaUses = map[string][]string{
		usageEncryptDecrypt: {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"},
		usageSignVerify: {
			"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
			"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
		},
	}
	encapsulates = map[string][]string{usageEncapsulation: {algorithmMLKEM}}
)

func encrypts(algorithms ...string) map[string][]string {
	return map[string][]string{usageEncryptDecrypt: algorithms}
}

func signs(algorithms ...string) map[string][]string {
	return map[string][]string{usageSignVerify: algorithms}
}

func signsOrAgrees(signature string) map[string][]string {
	return map[string][]string{usageSignVerify: {signature}, usageAgreement: {algorithmECDH}}
}

func authenticates(algorithms ...string) map[string][]string {
	return map[string][]string{usageMAC: algorithms}
}

func specsByName(rows ...keySpec) map[string]*keySpec {
	specs := make(map[string]*keySpec, len(rows))
	for i := range rows {
		specs[rows[i].name] = &rows[i]
	}
	return specs
}

// algorithms are what the key can be used with.
func (k *key) algorithms() []string { return k.spec.algorithms[k.usage] }

// algorithmsFor are the algorithms of a key that has this usage; nil otherwise.
func (k *key) algorithmsFor(usage string) []string {
	if k.usage != usage {
		return nil
	}
	return k.algorithms()
}

// symmetric keys alone rotate, and their ciphertexts name them.
func (k *key) symmetric() bool { return k.spec.name == symmetricDefault }

// accepts checks that the key's spec has the algorithm (K0031).
func (k *key) accepts(algorithm string) error {
	if !slices.Contains(k.algorithms(), algorithm) {
		return fail(invalidKeyUsage, "Algorithm %s is incompatible with key spec %s.", algorithm, k.spec.name)
	}
	return nil
}

// algorithmsOf lists every algorithm there is for a usage: the values of a
// parameter.
func algorithmsOf(usage string) []string {
	all := map[string]bool{}
	for _, spec := range keySpecs {
		for _, algorithm := range spec.algorithms[usage] {
			all[algorithm] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// keyKind is what KeyMetadata and the answer of GetPublicKey say of the kind of a
// key: only the list of its own usage is there (K0015).
type keyKind struct {
	CustomerMasterKeySpec   string
	EncapsulationAlgorithms []string `json:",omitempty"`
	EncryptionAlgorithms    []string `json:",omitempty"`
	KeyAgreementAlgorithms  []string `json:",omitempty"`
	KeySpec                 string
	KeyUsage                string
	MacAlgorithms           []string `json:",omitempty"`
	SigningAlgorithms       []string `json:",omitempty"`
}

func (k *key) kind() keyKind {
	return keyKind{
		CustomerMasterKeySpec: k.spec.name, KeySpec: k.spec.name, KeyUsage: k.usage,
		EncapsulationAlgorithms: k.algorithmsFor(usageEncapsulation),
		EncryptionAlgorithms:    k.algorithmsFor(usageEncryptDecrypt),
		KeyAgreementAlgorithms:  k.algorithmsFor(usageAgreement),
		MacAlgorithms:           k.algorithmsFor(usageMAC),
		SigningAlgorithms:       k.algorithmsFor(usageSignVerify),
	}
}

// materialID is the id of a key's material, which only symmetric keys show, and
// only if KMS holds their material.
func (k *key) materialID(m *material) string {
	if m == nil || !k.symmetric() || k.store != nil {
		return ""
	}
	return m.id
}
