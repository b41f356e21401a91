package kmsemu

import (
	"bytes"
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"slices"

	"filippo.io/mldsa"
	"filippo.io/mldsa/mldsacrypto"
	"github.com/cloudflare/circl/kem"
)

// mldsaSecret is an ML-DSA key.
type mldsaSecret struct {
	standardPair
	key *mldsa.PrivateKey
}

func newMLDSA(parameters mldsa.Parameters) func(seed []byte) (any, error) {
	return func(seed []byte) (any, error) {
		key, err := mldsa.NewPrivateKey(parameters, seed)
		if err != nil {
			return nil, fmt.Errorf("making an %s key: %w", parameters, err)
		}
		return mldsaSecret{standardPair{key}, key}, nil
	}
}

// sign is deterministic, the same for a message and for its representative: see
// [mldsaSecret.verify].
func (s mldsaSecret) sign(_ io.Reader, m message) ([]byte, error) {
	var options crypto.SignerOpts = &mldsa.Options{}
	if m.kind == externalMu {
		options = mldsacrypto.MLDSAMu
	}
	signature, err := s.key.SignDeterministic(m.text, options)
	if err != nil {
		return nil, fmt.Errorf("signing with ML-DSA: %w", err)
	}
	return signature, nil
}

// verify has no way to check a signature against a message representative, so
// it signs that again: nobody else has the key, so every valid signature is one
// of the emulator's own (K0208).
func (s mldsaSecret) verify(m message, signature []byte) (bool, error) {
	if m.kind != externalMu {
		return mldsa.Verify(s.key.PublicKey(), m.text, signature, nil) == nil, nil
	}
	own, err := s.sign(nil, m)
	return bytes.Equal(own, signature), err
}

// mlkemSecret is an ML-KEM key.
type mlkemSecret struct {
	scheme    kem.Scheme
	algorithm pkix.AlgorithmIdentifier
	seed      []byte
	encap     kem.PublicKey
	decap     kem.PrivateKey
}

// mlkemID is the object identifier above those of the three parameter sets.
// Source: IETF LAMPS, draft-ietf-lamps-kyber-certificates, "Algorithm Identifiers".
var mlkemID = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4}

func newMLKEM(scheme kem.Scheme, number int) func(seed []byte) (any, error) {
	id := slices.Concat(mlkemID, asn1.ObjectIdentifier{number})
	return func(seed []byte) (any, error) {
		long, err := randomBytes(stream(seed), scheme.SeedSize())
		if err != nil {
			return nil, err
		}
		encap, decap := scheme.DeriveKeyPair(long)
		return mlkemSecret{scheme, pkix.AlgorithmIdentifier{Algorithm: id}, long, encap, decap}, nil
	}
}

func (s mlkemSecret) encapsulate(random io.Reader) (ciphertext, shared []byte, err error) {
	seed, err := randomBytes(random, s.scheme.EncapsulationSeedSize())
	if err != nil {
		return nil, nil, err
	}
	if ciphertext, shared, err = s.scheme.EncapsulateDeterministically(s.encap, seed); err != nil {
		return nil, nil, fmt.Errorf("encapsulating a secret: %w", err)
	}
	return ciphertext, shared, nil
}

// decapsulate refuses a wrong length alone; from any other wrong ciphertext comes
// a wrong secret (K0040).
func (s mlkemSecret) decapsulate(ciphertext []byte) ([]byte, error) {
	if len(ciphertext) != s.scheme.CiphertextSize() {
		return nil, fail(invalidCiphertext, "")
	}
	shared, err := s.scheme.Decapsulate(s.decap, ciphertext)
	if err != nil {
		return nil, fmt.Errorf("decapsulating a secret: %w", err)
	}
	return shared, nil
}

func (s mlkemSecret) public() ([]byte, error) {
	key, err := s.encap.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encoding an ML-KEM public key: %w", err)
	}
	return encodePublic(s.algorithm, key)
}

// private writes the seed, of the three forms of a private key the one that the
// standard prefers (K0209).
func (s mlkemSecret) private() ([]byte, error) {
	key, err := encode(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: s.seed})
	if err != nil {
		return nil, err
	}
	return encodePrivate(s.algorithm, key)
}
