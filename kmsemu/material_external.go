package kmsemu

import "crypto/cipher"

// doubleSpec is the spec of keys in external key stores: that of symmetric keys,
// encrypted twice.
var doubleSpec = func() *keySpec {
	spec := *keySpecs[symmetricDefault]
	spec.newSecret = newDouble
	return &spec
}()

// keySpecFor is the spec of a new key.
func keySpecFor(name, origin string) *keySpec {
	if origin == originExternalKeyStore {
		return doubleSpec
	}
	return keySpecs[name]
}

// doubleSecret is the material of a key in an external key store: KMS's own, and
// the external key (K0528).
type doubleSecret struct{ symmetricSecret }

func newDouble(seed []byte) (any, error) {
	inner, err := newAEAD(seed)
	if err != nil {
		return nil, err
	}
	outer, err := newAEAD(mac(seed, []byte("external key")))
	if err != nil {
		return nil, err
	}
	return doubleSecret{symmetricSecret{doubleAEAD{outer, inner}}}, nil
}

// open words a failure as the external key manager's: its layer is the outer one.
func (d doubleSecret) open(ciphertext []byte, how sealing) ([]byte, error) {
	plaintext, err := d.symmetricSecret.open(ciphertext, how)
	if err != nil {
		return nil, fail(invalidState, "The external key store proxy rejected the request because the specified ciphertext or additional authenticated data is corrupted, missing, or otherwise invalid.")
	}
	return plaintext, nil
}

// doubleAEAD encrypts with one key, and the result with another. One nonce serves
// both, for no key sees it twice.
type doubleAEAD struct{ outer, inner cipher.AEAD }

// NonceSize is that of either key.
func (d doubleAEAD) NonceSize() int { return d.outer.NonceSize() }

// Overhead is that of both keys.
func (d doubleAEAD) Overhead() int { return d.outer.Overhead() + d.inner.Overhead() }

// Seal encrypts with the inner key, then with the outer one.
func (d doubleAEAD) Seal(dst, nonce, plaintext, data []byte) []byte {
	return d.outer.Seal(dst, nonce, d.inner.Seal(nil, nonce, plaintext, data), data)
}

// Open decrypts with the outer key, then with the inner one.
func (d doubleAEAD) Open(dst, nonce, ciphertext, data []byte) ([]byte, error) {
	once, err := d.outer.Open(nil, nonce, ciphertext, data)
	if err != nil {
		return nil, err
	}
	return d.inner.Open(dst, nonce, once, data)
}
