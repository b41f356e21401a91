package kmsemu

import (
	"slices"
)

type getPublicKeyInput struct {
	keyInput
	grantTokens
}

func (in *getPublicKeyInput) check(k *checker) {
	in.keyInput.check(k)
	in.grantTokens.check(k)
}

type publicKeyOutput struct {
	KeyID     string `json:"KeyId"`
	PublicKey []byte
	keyKind
}

// getPublicKey is for asymmetric keys (K0213).
func getPublicKey(c *call, in *getPublicKeyInput) (work[publicKeyOutput], error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	if !k.spec.has(asymmetric) {
		return nil, fail(unsupported, "")
	}
	current := k.current()
	return func() (*publicKeyOutput, error) {
		pair, err := secretOf[keyPair](current)
		if err != nil {
			return nil, err
		}
		public, err := pair.public()
		if err != nil {
			return nil, err
		}
		return &publicKeyOutput{k.arn, public, k.kind()}, nil
	}, nil
}

// dataKeyPairSpecs are those that can be made, and SM2, which only China Regions
// have.
var dataKeyPairSpecs = slices.DeleteFunc(slices.Clone(apiKeySpecs), func(name string) bool {
	spec := keySpecs[name]
	return spec != nil && !spec.has(inPairs)
})

type generateDataKeyPairInput struct {
	keyInput
	EncryptionContext encryptionContext
	KeyPairSpec       string
	callOptions
}

func (in *generateDataKeyPairInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("keyPairSpec", in.KeyPairSpec, textRule{min: 1, enum: dataKeyPairSpecs})
	if slices.Contains(dataKeyPairSpecs, in.KeyPairSpec) && keySpecs[in.KeyPairSpec] == nil {
		k.fail(unsupported, "This emulator does not support KeyPairSpec %s, which only China Regions have.", in.KeyPairSpec)
	}
	in.callOptions.check(k)
}

type dataKeyPairWithoutPlaintextOutput struct {
	KeyID string `json:"KeyId"`
	usedMaterial
	KeyPairSpec              string
	PrivateKeyCiphertextBlob []byte
	PublicKey                []byte
}

type dataKeyPairOutput struct {
	dataKeyPairWithoutPlaintextOutput
	PrivateKeyPlaintext []byte
}

func generateDataKeyPair(c *call, in *generateDataKeyPairInput) (work[dataKeyPairOutput], error) {
	f, err := c.find(in.KeyID)
	if err != nil {
		return nil, err
	}
	n := c.cipherNeed(c.action, symmetricDefault, in.EncryptionContext)
	n.context.Set("kms:DataKeyPairSpec", in.KeyPairSpec)
	k, err := c.open(f, n)
	if err != nil {
		return nil, err
	}
	s, err := k.toSeal(symmetricDefault, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	out := &dataKeyPairOutput{dataKeyPairWithoutPlaintextOutput: dataKeyPairWithoutPlaintextOutput{KeyID: k.arn, usedMaterial: usedMaterial{k.materialID(s.material)}, KeyPairSpec: in.KeyPairSpec}}
	return func() (*dataKeyPairOutput, error) {
		if err := in.stop(); err != nil {
			return nil, err
		}
		return out, out.fill(c, s)
	}, nil
}

// fill makes the pair.
func (o *dataKeyPairOutput) fill(c *call, s sealer) error {
	m, err := keySpecs[o.KeyPairSpec].newMaterial(c.random)
	if err != nil {
		return err
	}
	pair, err := secretOf[keyPair](m)
	if err != nil {
		return err
	}
	if o.PublicKey, err = pair.public(); err != nil {
		return err
	}
	if o.PrivateKeyPlaintext, err = pair.private(); err != nil {
		return err
	}
	o.PrivateKeyCiphertextBlob, err = s.seal(c.random, o.PrivateKeyPlaintext)
	return err
}

func generateDataKeyPairWithoutPlaintext(c *call, in *generateDataKeyPairInput) (work[dataKeyPairWithoutPlaintextOutput], error) {
	generate, err := generateDataKeyPair(c, in)
	if err != nil {
		return nil, err
	}
	return func() (*dataKeyPairWithoutPlaintextOutput, error) {
		out, err := generate()
		if err != nil {
			return nil, err
		}
		return &out.dataKeyPairWithoutPlaintextOutput, nil
	}, nil
}
