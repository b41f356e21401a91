package kmsemu

import (
	"fmt"
	"io"
)

// sealer is a key's material ready to encrypt or decrypt when the state is
// unlocked again.
type sealer struct {
	material *material
	how      sealing
}

func (s sealer) seal(random io.Reader, plaintext []byte) ([]byte, error) {
	secret, err := secretOf[encrypter](s.material)
	if err != nil {
		return nil, err
	}
	return secret.seal(random, plaintext, s.how)
}

func (s sealer) open(ciphertext []byte) ([]byte, error) {
	secret, err := secretOf[encrypter](s.material)
	if err != nil {
		return nil, err
	}
	return secret.open(ciphertext, s.how)
}

// toSeal readies the key's current material to encrypt.
func (k *key) toSeal(algorithm string, context encryptionContext) (sealer, error) {
	if err := k.accepts(algorithm); err != nil {
		return sealer{}, err
	}
	return k.sealer(k.current(), algorithm, context)
}

// opens checks that a ciphertext is this key's own (K0032), before the key's state
// and spec matter (K0202, K0621); that of an RSA key says nothing.
func (k *key) opens(algorithm string, ciphertext blob) error {
	if k.usage != usageEncryptDecrypt {
		return errIncorrectKey()
	}
	if algorithm != symmetricDefault {
		return nil
	}
	h, ok := readHeader(ciphertext)
	if !ok {
		return fail(invalidCiphertext, "")
	}
	if h.account != k.account || h.keyID != k.id {
		return errIncorrectKey()
	}
	return nil
}

// toOpen readies the material that made a ciphertext of the key.
func (k *key) toOpen(algorithm string, context encryptionContext, ciphertext blob) (sealer, error) {
	if err := k.accepts(algorithm); err != nil {
		return sealer{}, err
	}
	if !k.symmetric() {
		return k.sealer(k.current(), algorithm, context)
	}
	h, _ := readHeader(ciphertext) // opens read it
	m := k.material(h.materialID)
	if m == nil {
		return sealer{}, fail(invalidCiphertext, "")
	}
	return k.sealer(m, algorithm, context)
}

func errIncorrectKey() error {
	return fail(incorrectKey, "The key ID in the request does not identify a CMK that can perform this operation.")
}

// sealer refuses an encryption context where there is no place for it (K0204).
func (k *key) sealer(m *material, algorithm string, context encryptionContext) (sealer, error) {
	if len(context) > 0 && !k.symmetric() {
		return sealer{}, fail(validation, "An encryption context is not supported with key spec %s.", k.spec.name)
	}
	return sealer{m, sealing{algorithm, header{k.account, k.id, m.id}, context}}, nil
}

// usedMaterial is the part of an answer that tells which material of the key made
// it.
type usedMaterial struct {
	KeyMaterialID string `json:"KeyMaterialId,omitempty"`
}

func (u usedMaterial) materials() KeyMaterials { return KeyMaterials{KeyMaterialID: u.KeyMaterialID} }

// ignoreCiphertext is the one DryRunModifier (K0203).
const ignoreCiphertext = "IGNORE_CIPHERTEXT"

// ciphertextInput is what operations on ciphertexts have in common.
type ciphertextInput struct {
	CiphertextBlob  blob
	DryRunModifiers []string
	callOptions
}

func (in *ciphertextInput) check(k *checker) {
	for i, modifier := range in.DryRunModifiers {
		k.checkText(fmt.Sprintf("dryRunModifiers.%d.member", i+1), modifier, textRule{min: 1, enum: []string{ignoreCiphertext}})
	}
	if in.CiphertextBlob != nil || !in.ignored() {
		k.checkBlob("ciphertextBlob", in.CiphertextBlob, ciphertextLimits)
	}
	in.callOptions.check(k)
}

// need is [call.cipherNeed] of a permission to open the ciphertext, which must be
// the key's, unless it is ignored.
func (in *ciphertextInput) need(c *call, action, algorithm string, context encryptionContext) need {
	n := c.cipherNeed(action, algorithm, context)
	n.fit = func(k *key) error { return k.opens(algorithm, in.CiphertextBlob) }
	if in.ignored() {
		n.fit = nil
	}
	return n
}

// ignored: this dry run asks for permissions alone, whatever the ciphertext.
func (in *ciphertextInput) ignored() bool { return in.DryRun && len(in.DryRunModifiers) > 0 }

// find finds the key a request names, or else the one its ciphertext names, for an
// action. A key id will do for a key of another account that the ciphertext names
// (K0624).
func (in *ciphertextInput) find(c *call, keyID, action string) (found, error) {
	h, ok := readHeader(in.CiphertextBlob)
	if keyID == "" || ok && h.keyID == keyID && h.account != c.caller.account {
		return c.findSealed(in.CiphertextBlob, action)
	}
	return c.find(keyID)
}
