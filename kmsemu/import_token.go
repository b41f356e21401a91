package kmsemu

import (
	"crypto/cipher"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// An import token is a nonce and what it says, sealed with a key of the KMS key it
// is for: so it can be neither forged nor used for another key, and nothing need
// be remembered of the tokens given out.

// importTokenLifetime is how long a token and its wrapping key are good (K0433).
const importTokenLifetime = 24 * time.Hour

// importToken is what a token says: how material will be wrapped, and with what.
type importToken struct {
	Algorithm string
	ValidTo   time.Time
	// WrappingKey is the private half, PKCS #8 in DER.
	WrappingKey []byte
}

// newWrappingKey makes a key to wrap with, in DER: the public half for who wraps,
// the private half for the token. The seed decides it.
func newWrappingKey(bits int, seed []byte) (public, private []byte, err error) {
	key, err := rsaKey(stream(seed), bits)
	if err != nil {
		return nil, nil, err
	}
	pair := standardPair{key}
	if public, err = pair.public(); err != nil {
		return nil, nil, err
	}
	private, err = pair.private()
	return public, private, err
}

// seal writes the token down.
func (t *importToken) seal(random io.Reader, with cipher.AEAD) ([]byte, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encoding an import token: %w", err)
	}
	nonce, err := randomBytes(random, with.NonceSize())
	if err != nil {
		return nil, err
	}
	return with.Seal(nonce, nonce, plain, nil), nil
}

// openImportToken reads a token that is still good.
func openImportToken(sealed []byte, with cipher.AEAD, now time.Time) (*importToken, error) {
	if len(sealed) < with.NonceSize() {
		return nil, fail(invalidImportToken, "")
	}
	plain, err := with.Open(nil, sealed[:with.NonceSize()], sealed[with.NonceSize():], nil)
	if err != nil {
		return nil, fail(invalidImportToken, "")
	}
	t := &importToken{}
	if err := json.Unmarshal(plain, t); err != nil {
		return nil, fmt.Errorf("reading an import token: %w", err)
	}
	if !now.Before(t.ValidTo) {
		return nil, fail(expiredImportToken, "")
	}
	return t, nil
}

// unwrap returns the key material that was wrapped with the token's key. What is
// wrong with it, but for its length, is not told.
func (t *importToken) unwrap(wrapped []byte) ([]byte, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(t.WrappingKey)
	if err != nil {
		return nil, fmt.Errorf("reading a wrapping key: %w", err)
	}
	how, key := wrappingAlgorithms[t.Algorithm], parsed.(*rsa.PrivateKey)
	if len(wrapped) < key.Size() || !how.hybrid && len(wrapped) > key.Size() {
		return nil, fail(validation, "Invalid encrypted key size.")
	}
	if !how.hybrid {
		return openOAEP(how, key, wrapped)
	}
	kek, err := openOAEP(how, key, wrapped[:key.Size()])
	if err != nil {
		return nil, err
	}
	material, err := unwrapPadded(kek, wrapped[key.Size():])
	if err != nil {
		return nil, fail(invalidCiphertext, "")
	}
	return material, nil
}

func openOAEP(how wrappingAlgorithm, key *rsa.PrivateKey, wrapped []byte) ([]byte, error) {
	plain, err := rsa.DecryptOAEP(how.hash(), nil, key, wrapped, nil)
	if err != nil {
		return nil, fail(invalidCiphertext, "")
	}
	return plain, nil
}
