package kmsemu

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// keySpec is a KeySpec of the KMS API: what its keys can do and how their
// material is made.
type keySpec struct {
	name                 string
	usages               []string
	encryptionAlgorithms []string
	newMaterial          func(random io.Reader) (material, error)
}

// keySpecs are the specs that can be created.
var keySpecs = map[string]*keySpec{
	symmetricDefault: {
		name:                 symmetricDefault,
		usages:               []string{usageEncryptDecrypt},
		encryptionAlgorithms: []string{symmetricDefault},
		newMaterial:          newSymmetricMaterial,
	},
}

// material is one backing key.
type material struct {
	id       string // 64 hexadecimal digits
	aead     cipher.AEAD
	since    time.Time
	rotation string // kind of rotation that made it; "" for the first
}

// newSymmetricMaterial makes an AES-256 key. Its id says nothing about it.
func newSymmetricMaterial(random io.Reader) (material, error) {
	b, err := randomBytes(random, 64)
	if err != nil {
		return material{}, err
	}
	block, err := aes.NewCipher(b[:32])
	if err != nil {
		return material{}, fmt.Errorf("making an AES-256 key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return material{}, fmt.Errorf("making an AES-GCM cipher: %w", err)
	}
	return material{id: hex.EncodeToString(b[32:]), aead: aead}, nil
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

// seal encrypts with the key's current material.
func (k *key) seal(random io.Reader, plaintext []byte, context encryptionContext) ([]byte, error) {
	m := k.current()
	out, err := header{k.account, k.id, m.id}.encode()
	if err != nil {
		return nil, err
	}
	nonce, err := randomBytes(random, nonceLength)
	if err != nil {
		return nil, err
	}
	data := context.authenticatedData(out)
	return m.aead.Seal(append(out, nonce...), nonce, plaintext, data), nil
}

// open decrypts with the material the ciphertext names. It tells nobody why it
// fails.
func (k *key) open(ciphertext []byte, context encryptionContext) ([]byte, *material, error) {
	h, ok := readHeader(ciphertext)
	m := k.material(h.materialID)
	if !ok || m == nil {
		return nil, nil, fail(invalidCiphertext, "")
	}
	prefix, rest := ciphertext[:headerLength+checkLength], ciphertext[headerLength+checkLength:]
	plaintext, err := m.aead.Open(nil, rest[:nonceLength], rest[nonceLength:], context.authenticatedData(prefix))
	if err != nil {
		return nil, nil, fail(invalidCiphertext, "")
	}
	return plaintext, m, nil
}

// authenticatedData is what GCM authenticates besides the plaintext: the header,
// then the encryption context with every key and value preceded by its length,
// in key order. Without the lengths {a:b} and {ab:""} would be the same.
func (e encryptionContext) authenticatedData(header []byte) []byte {
	data := slices.Clone(header)
	for _, key := range slices.Sorted(maps.Keys(e)) {
		for _, text := range []string{key, e[key]} {
			data = binary.BigEndian.AppendUint32(data, uint32(len(text)))
			data = append(data, text...)
		}
	}
	return data
}
