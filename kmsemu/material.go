package kmsemu

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// material is one backing key. All but its secret is plain data.
type material struct {
	id   string // 64 hexadecimal digits
	spec *keySpec
	seed []byte // seedLength random bytes, which with the spec decide the secret
	// imported material has what was imported for its seed: nil while it is deleted.
	imported    bool
	description string
	validTo     time.Time // when it expires; zero for never
	since       time.Time
	rotation    string // kind of rotation that made it; "" for the first

	// secret is the key itself. It is made when it is first wanted, for an RSA key
	// may take a second: ask for it by [secretOf].
	once   sync.Once
	secret any
	err    error
}

// seedLength is how many random bytes decide a key, whatever its spec.
const seedLength = 32

// newMaterial makes material of a spec. Its id says nothing about it.
func (s *keySpec) newMaterial(random io.Reader) (*material, error) {
	b, err := randomBytes(random, seedLength+materialIDLength)
	if err != nil {
		return nil, err
	}
	return &material{id: hex.EncodeToString(b[seedLength:]), spec: s, seed: b[:seedLength:seedLength]}, nil
}

// secretOf returns a material's secret as what an operation needs of it. The key's
// usage, checked before, says that it is one: see [key.accepts]. The first call
// may take long, so make it with the state unlocked.
func secretOf[T any](m *material) (T, error) {
	m.once.Do(func() { m.secret, m.err = m.makeSecret() })
	if m.err != nil {
		var none T
		return none, m.err
	}
	return m.secret.(T), nil
}

func (m *material) makeSecret() (any, error) {
	if m.imported {
		return m.spec.importSecret(m.seed)
	}
	return m.spec.newSecret(m.seed)
}

// What secrets do, by KeyUsage; and what those of asymmetric keys do besides.
type (
	encrypter interface {
		seal(random io.Reader, plaintext []byte, how sealing) ([]byte, error)
		// open tells nobody why it fails.
		open(ciphertext []byte, how sealing) ([]byte, error)
	}
	signer interface {
		sign(random io.Reader, m message) ([]byte, error)
		verify(m message, signature []byte) (bool, error)
	}
	authenticator interface {
		authenticate(algorithm string, text []byte) []byte
	}
	agreer interface {
		// agree takes the peer's public key as a SubjectPublicKeyInfo.
		agree(peer []byte) ([]byte, error)
	}
	encapsulator interface {
		encapsulate(random io.Reader) (ciphertext, shared []byte, err error)
		decapsulate(ciphertext []byte) ([]byte, error)
	}
	keyPair interface {
		// public is a SubjectPublicKeyInfo (RFC 5280), private a PKCS #8
		// PrivateKeyInfo (RFC 5958), both DER (K0214).
		public() ([]byte, error)
		private() ([]byte, error)
	}
)

// sealing is how to encrypt: the algorithm and, for symmetric keys, what the
// ciphertext says of the key, and the encryption context.
type sealing struct {
	algorithm string
	header    header
	context   encryptionContext
}

// symmetricSecret is an AES-256 key.
type symmetricSecret struct{ cipher.AEAD }

func newSymmetric(seed []byte) (any, error) {
	aead, err := newAEAD(seed)
	return symmetricSecret{aead}, err
}

func newAEAD(seed []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(seed)
	if err != nil {
		return nil, fmt.Errorf("making an AES-256 key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("making an AES-GCM cipher: %w", err)
	}
	return aead, nil
}

// A ciphertext is a header, a check of the header, a nonce, and the sealed
// plaintext:
//
//	version (1) account (12) key id (36) material id (32) check (4) nonce (12) sealed (n + 16)
//
// KMS's own format is opaque too; that Decrypt finds the key by it is documented
// (K0036). Header and check are authenticated together with the encryption
// context. The check tells a damaged header, which is an invalid ciphertext,
// from a sound one that names a key out of reach (K0033).
const (
	ciphertextVersion = 1
	accountLength     = 12
	keyIDLength       = 36
	materialIDLength  = 32
	headerLength      = 1 + accountLength + keyIDLength + materialIDLength
	checkLength       = 4
	nonceLength       = 12
)

// header is what a ciphertext says about itself.
type header struct{ account, keyID, materialID string }

func (h header) encode() ([]byte, error) {
	id, err := hex.DecodeString(h.materialID)
	if err != nil {
		return nil, fmt.Errorf("encoding material id %q: %w", h.materialID, err)
	}
	b := make([]byte, 0, headerLength+checkLength)
	b = append(b, ciphertextVersion)
	b = append(b, h.account...)
	b = append(b, h.keyID...)
	b = append(b, id...)
	return append(b, headerCheck(b)...), nil
}

func headerCheck(header []byte) []byte {
	sum := sha256.Sum256(header)
	return sum[:checkLength]
}

// readHeader reads the header of a ciphertext; false if it is damaged.
func readHeader(ciphertext []byte) (header, bool) {
	if len(ciphertext) < headerLength+checkLength+nonceLength || ciphertext[0] != ciphertextVersion {
		return header{}, false
	}
	b := ciphertext[:headerLength]
	if string(headerCheck(b)) != string(ciphertext[headerLength:headerLength+checkLength]) {
		return header{}, false
	}
	account, rest := b[1:1+accountLength], b[1+accountLength:]
	return header{string(account), string(rest[:keyIDLength]), hex.EncodeToString(rest[keyIDLength:])}, true
}

func (s symmetricSecret) seal(random io.Reader, plaintext []byte, how sealing) ([]byte, error) {
	out, err := how.header.encode()
	if err != nil {
		return nil, err
	}
	nonce, err := randomBytes(random, nonceLength)
	if err != nil {
		return nil, err
	}
	data := how.context.authenticatedData(out)
	return s.Seal(append(out, nonce...), nonce, plaintext, data), nil
}

// open takes a ciphertext whose header was read before.
func (s symmetricSecret) open(ciphertext []byte, how sealing) ([]byte, error) {
	prefix, rest := ciphertext[:headerLength+checkLength], ciphertext[headerLength+checkLength:]
	plaintext, err := s.Open(nil, rest[:nonceLength], rest[nonceLength:], how.context.authenticatedData(prefix))
	if err != nil {
		return nil, fail(invalidCiphertext, "")
	}
	return plaintext, nil
}

// authenticatedData is what GCM authenticates besides the plaintext: the header,
// then the encryption context with every key and value preceded by its length,
// in key order. Without the lengths {a:b} and {ab:""} would be the same.
func (e encryptionContext) authenticatedData(header []byte) []byte {
	data := slices.Clone(header)
	for _, key := range sortedKeys(e) {
		for _, text := range []string{key, e[key]} {
			data = binary.BigEndian.AppendUint32(data, uint32(len(text)))
			data = append(data, text...)
		}
	}
	return data
}
