package kmsemu

import (
	"cmp"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"time"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// wrappingAlgorithm is how key material is wrapped with an RSA key: by OAEP or, if
// it is hybrid, with an AES key that is wrapped by OAEP and stands before it.
type wrappingAlgorithm struct {
	hash   func() hash.Hash
	hybrid bool
}

// wrappingAlgorithms and wrappingKeyBits are those there are outside China. KMS
// gave up RSAES_PKCS1_V1_5 in 2023 (K0432).
var (
	wrappingAlgorithms = map[string]wrappingAlgorithm{
		"RSAES_OAEP_SHA_1":         {sha1.New, false},
		"RSAES_OAEP_SHA_256":       {sha256.New, false},
		"RSA_AES_KEY_WRAP_SHA_1":   {sha1.New, true},
		"RSA_AES_KEY_WRAP_SHA_256": {sha256.New, true},
	}
	wrappingKeyBits = map[string]int{"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
)

// The values the KMS API knows, supported here or not.
var (
	wrappingAlgorithmRule = textRule{min: 1, enum: []string{
		"RSAES_PKCS1_V1_5", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256", "SM2PKE",
	}}
	wrappingKeySpecRule = textRule{min: 1, enum: []string{"RSA_2048", "RSA_3072", "RSA_4096", "SM2"}}
)

type getParametersForImportInput struct {
	keyInput
	WrappingAlgorithm string
	WrappingKeySpec   string
}

func (in *getParametersForImportInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("wrappingAlgorithm", in.WrappingAlgorithm, wrappingAlgorithmRule)
	k.checkText("wrappingKeySpec", in.WrappingKeySpec, wrappingKeySpecRule)
}

type getParametersForImportOutput struct {
	ImportToken       []byte
	KeyID             string `json:"KeyId"`
	ParametersValidTo epoch
	PublicKey         []byte
}

func getParametersForImport(c *call, in *getParametersForImportInput) (work[getParametersForImportOutput], error) {
	conditions := keypolicy.Context{}
	conditions.Set("kms:WrappingAlgorithm", in.WrappingAlgorithm)
	conditions.Set("kms:WrappingKeySpec", in.WrappingKeySpec)
	k, err := c.key(in.KeyID, conditions)
	if err != nil {
		return nil, err
	}
	if err := k.wrappedBy(in.WrappingAlgorithm, in.WrappingKeySpec); err != nil {
		return nil, err
	}
	with, err := k.tokenCipher()
	if err != nil {
		return nil, err
	}
	seed, err := randomBytes(c.random, seedLength)
	if err != nil {
		return nil, err
	}
	validTo := c.now.Add(importTokenLifetime)
	return func() (*getParametersForImportOutput, error) {
		public, private, err := newWrappingKey(wrappingKeyBits[in.WrappingKeySpec], seed)
		if err != nil {
			return nil, err
		}
		token := &importToken{in.WrappingAlgorithm, validTo, private}
		sealed, err := token.seal(c.random, with)
		if err != nil {
			return nil, err
		}
		return &getParametersForImportOutput{sealed, k.arn, epoch{validTo}, public}, nil
	}, nil
}

// wrappedBy checks that the key's material can be wrapped so: hybrid wrapping is
// for private keys, and OAEP alone for what it has room for (K0432).
func (k *key) wrappedBy(algorithm, wrappingSpec string) error {
	how, known := wrappingAlgorithms[algorithm]
	room := !k.spec.has(long) && (k.spec.name != "ECC_NIST_P521" || wrappingSpec != "RSA_2048")
	fits := how.hybrid && k.spec.has(asymmetric) || !how.hybrid && room
	if !known || wrappingKeyBits[wrappingSpec] == 0 || !fits {
		return fail(validation, "Wrapping algorithm %s and wrapping key spec %s cannot be used to import a %s key.", algorithm, wrappingSpec, k.spec.name)
	}
	return nil
}

// tokenCipher seals the import tokens of a key.
func (k *key) tokenCipher() (cipher.AEAD, error) {
	secret, err := newSymmetric(k.tokenKey)
	if err != nil {
		return nil, err
	}
	return secret.(symmetricSecret).AEAD, nil
}

// maxExpiry is how far off material may expire (K0438).
const maxExpiry = 365 * day

var (
	materialTextPattern = lazyregexp.New(`^[a-zA-Z0-9:/_\s.-]+$`)
	materialIDPattern   = lazyregexp.New(`^[a-f0-9]+$`)
)

// checkMaterialID checks an optional KeyMaterialId.
func (k *checker) checkMaterialID(value string) {
	k.checkOptional("keyMaterialId", value, textRule{min: 64, max: 64, pattern: materialIDPattern})
}

type importKeyMaterialInput struct {
	keyInput
	EncryptedKeyMaterial   blob
	ExpirationModel        string
	ImportToken            blob
	ImportType             string
	KeyMaterialDescription string
	KeyMaterialID          string `json:"KeyMaterialId"`
	ValidTo                *epoch
}

func (in *importKeyMaterialInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkBlob("importToken", in.ImportToken, ciphertextLimits)
	k.checkBlob("encryptedKeyMaterial", in.EncryptedKeyMaterial, ciphertextLimits)
	k.checkText("expirationModel", in.ExpirationModel, textRule{enum: []string{expires, doesNotExpire}})
	k.checkText("importType", in.ImportType, textRule{enum: []string{newMaterial, existingMaterial}})
	k.checkText("keyMaterialDescription", in.KeyMaterialDescription, textRule{max: 256, pattern: materialTextPattern})
	k.checkMaterialID(in.KeyMaterialID)
	if in.ImportType == newMaterial && in.KeyMaterialID != "" {
		k.fail(validation, "You cannot specify a KeyMaterialId if the ImportType is %s.", newMaterial)
	}
	switch expiring := in.expirationModel() == expires; {
	case expiring && in.ValidTo == nil:
		k.fail(validation, "A validTo date must be set if the ExpirationModel is %s", expires)
	case !expiring && in.ValidTo != nil:
		k.fail(validation, "A validTo date must not be set if the ExpirationModel is %s", doesNotExpire)
	}
}

func (in *importKeyMaterialInput) expirationModel() string {
	return cmp.Or(in.ExpirationModel, expires)
}

// checkDate needs the time, which the other checks do not have.
func (in *importKeyMaterialInput) checkDate(now time.Time) error {
	if in.ValidTo == nil || in.ValidTo.After(now) && !in.ValidTo.After(now.Add(maxExpiry)) {
		return nil
	}
	return fail(validation, "The validTo date must be in the future, and not more than 365 days from now.")
}

func (in *importKeyMaterialInput) conditions() keypolicy.Context {
	conditions := keypolicy.Context{}
	conditions.Set("kms:ExpirationModel", in.expirationModel())
	if in.ValidTo != nil {
		conditions.Set("kms:ValidTo", in.ValidTo.UTC().Format(time.RFC3339))
	}
	return conditions
}

// importation is what the request asks of the key.
func (in *importKeyMaterialInput) importation() importation {
	out := importation{kind: in.ImportType, id: in.KeyMaterialID, description: in.KeyMaterialDescription}
	if in.ValidTo != nil {
		out.validTo = in.ValidTo.Time
	}
	return out
}

// checkFor refuses what only symmetric keys have a use for: other keys have one
// material for ever (K0436).
func (in *importKeyMaterialInput) checkFor(k *key) error {
	if !k.symmetric() && (in.ImportType != "" || in.KeyMaterialDescription != "" || in.KeyMaterialID != "") {
		return fail(unsupported, "ImportType, KeyMaterialDescription and KeyMaterialId are not supported for key spec %s.", k.spec.name)
	}
	return nil
}

type importedOutput struct {
	KeyID         string `json:"KeyId"`
	KeyMaterialID string `json:"KeyMaterialId,omitempty"`
}

// importKeyMaterial works with the state locked all through, a few milliseconds
// of RSA: the key must not change between the token and the material.
func importKeyMaterial(c *call, in *importKeyMaterialInput) (*importedOutput, error) {
	if err := in.checkDate(c.now); err != nil {
		return nil, err
	}
	k, err := c.key(in.KeyID, in.conditions())
	if err != nil {
		return nil, err
	}
	if err := in.checkFor(k); err != nil {
		return nil, err
	}
	with, err := k.tokenCipher()
	if err != nil {
		return nil, err
	}
	token, err := openImportToken(in.ImportToken, with, c.now)
	if err != nil {
		return nil, err
	}
	raw, err := token.unwrap(in.EncryptedKeyMaterial)
	if err != nil {
		return nil, err
	}
	m, err := k.importedMaterial(raw)
	if err != nil {
		return nil, err
	}
	if err := k.take(m, in.importation()); err != nil {
		return nil, err
	}
	return &importedOutput{k.arn, k.materialID(m)}, nil
}

type deleteImportedKeyMaterialInput struct {
	keyInput
	KeyMaterialID string `json:"KeyMaterialId"`
}

func (in *deleteImportedKeyMaterialInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkMaterialID(in.KeyMaterialID)
}

func deleteImportedKeyMaterial(c *call, in *deleteImportedKeyMaterialInput) (*importedOutput, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	m := k.current()
	if in.KeyMaterialID != "" {
		if m = k.imported(in.KeyMaterialID); m == nil {
			return nil, fail(notFound, "Key material '%s' is not associated with KMS key %s.", in.KeyMaterialID, k.arn)
		}
	}
	// Deleting what is not there has no effect (K0439).
	if m != nil {
		k.lose(m)
	}
	return &importedOutput{k.arn, k.materialID(m)}, nil
}
