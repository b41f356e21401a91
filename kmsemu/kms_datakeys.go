package kmsemu

// dataKeySizes are the data key specs and their lengths in bytes (K0029).
var dataKeySizes = map[string]int{"AES_128": 16, "AES_256": 32}

// dataKeySpecRule: KMS tells who sends another value those of another parameter
// (K0622).
var dataKeySpecRule = textRule{enum: []string{"AES_256", "AES_128"}, told: []string{
	"RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519",
	symmetricDefault, "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87",
}}

type generateDataKeyInput struct {
	keyInput
	EncryptionContext encryptionContext
	KeySpec           string
	NumberOfBytes     *int
	callOptions
}

func (in *generateDataKeyInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("keySpec", in.KeySpec, dataKeySpecRule)
	k.checkInt("numberOfBytes", in.NumberOfBytes, randomLimits)
	if (in.KeySpec == "") == (in.NumberOfBytes == nil) {
		k.fail(validation, "Please specify either number of bytes or key spec.")
	}
	in.callOptions.check(k)
}

func (in *generateDataKeyInput) size() int {
	return valueOr(in.NumberOfBytes, dataKeySizes[in.KeySpec])
}

type dataKeyWithoutPlaintextOutput struct {
	CiphertextBlob []byte
	KeyID          string `json:"KeyId"`
	usedMaterial
}

type dataKeyOutput struct {
	dataKeyWithoutPlaintextOutput
	Plaintext []byte
}

func generateDataKey(c *call, in *generateDataKeyInput) (work[dataKeyOutput], error) {
	k, err := c.cipherKey(in.KeyID, symmetricDefault, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	if k.spec.has(asymmetric) {
		return nil, fail(invalidKeyUsage, "You cannot generate a data key with an asymmetric CMK") // K0622
	}
	s, err := k.toSeal(symmetricDefault, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return func() (*dataKeyOutput, error) {
		plaintext, err := randomBytes(c.random, in.size())
		if err != nil {
			return nil, err
		}
		sealed, err := s.seal(c.random, plaintext)
		if err != nil {
			return nil, err
		}
		return finish(&in.dryRunOption, &dataKeyOutput{dataKeyWithoutPlaintextOutput{sealed, k.arn, usedMaterial{k.materialID(s.material)}}, plaintext})
	}, nil
}

func generateDataKeyWithoutPlaintext(c *call, in *generateDataKeyInput) (work[dataKeyWithoutPlaintextOutput], error) {
	generate, err := generateDataKey(c, in)
	if err != nil {
		return nil, err
	}
	return func() (*dataKeyWithoutPlaintextOutput, error) {
		out, err := generate()
		if err != nil {
			return nil, err
		}
		return &out.dataKeyWithoutPlaintextOutput, nil
	}, nil
}

type generateRandomInput struct {
	CustomKeyStoreID string `json:"CustomKeyStoreId"`
	NumberOfBytes    *int
	Recipient        absent
}

func (in *generateRandomInput) check(k *checker) {
	k.checkInt("numberOfBytes", in.NumberOfBytes, randomLimits)
	if in.NumberOfBytes == nil {
		k.fail(validation, "NumberOfBytes is required.")
	}
	k.checkOptional("customKeyStoreId", in.CustomKeyStoreID, storeIDRule)
	k.refuse("Recipient", in.Recipient)
}

type generateRandomOutput struct{ Plaintext []byte }

func generateRandom(c *call, in *generateRandomInput) (*generateRandomOutput, error) {
	r, err := c.own(nil)
	if err != nil {
		return nil, err
	}
	if err := c.checkRandomSource(r, in.CustomKeyStoreID); err != nil {
		return nil, err
	}
	random, err := randomBytes(c.random, *in.NumberOfBytes)
	if err != nil {
		return nil, err
	}
	return &generateRandomOutput{random}, nil
}
