package kmsemu

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha512"
	"crypto/x509"
	"fmt"
	"io"
)

// ecdsaSecret is a key on a NIST curve. It signs or agrees on secrets; KeyUsage
// says which.
type ecdsaSecret struct {
	standardPair
	key *ecdsa.PrivateKey
}

func newECDSA(curve elliptic.Curve) func(seed []byte) (any, error) {
	bits := curve.Params().BitSize
	size := (bits + 7) / 8
	return func(seed []byte) (any, error) {
		random := stream(seed)
		for {
			b, err := randomBytes(random, size)
			if err != nil {
				return nil, err
			}
			b[0] &= 0xff >> (8*size - bits)
			// A number outside the group is the one thing that can be wrong here.
			if key, err := ecdsa.ParseRawPrivateKey(curve, b); err == nil {
				return ecdsaSecret{standardPair{key}, key}, nil
			}
		}
	}
}

func (s ecdsaSecret) sign(random io.Reader, m message) ([]byte, error) {
	signature, err := ecdsa.SignASN1(random, s.key, m.text)
	if err != nil {
		return nil, fmt.Errorf("signing with ECDSA: %w", err)
	}
	return signature, nil
}

func (s ecdsaSecret) verify(m message, signature []byte) (bool, error) {
	return ecdsa.VerifyASN1(&s.key.PublicKey, m.text, signature), nil
}

func (s ecdsaSecret) agree(peer []byte) ([]byte, error) {
	own, err := s.key.ECDH()
	if err != nil {
		return nil, fmt.Errorf("using a key for ECDH: %w", err)
	}
	public, ok := nistPublicKey(peer)
	if !ok || public.Curve() != own.Curve() {
		return nil, fail(validation, "") // no message: K0006
	}
	shared, err := own.ECDH(public)
	if err != nil {
		return nil, fmt.Errorf("deriving a shared secret: %w", err)
	}
	return shared, nil
}

// nistPublicKey reads a public key on a NIST curve; false if it is none.
func nistPublicKey(der []byte) (*ecdh.PublicKey, bool) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, false
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, false
	}
	peer, err := public.ECDH()
	return peer, err == nil
}

// ed25519Secret is a key on the curve Ed25519.
type ed25519Secret struct {
	standardPair
	key ed25519.PrivateKey
}

func newEd25519(seed []byte) (any, error) {
	key := ed25519.NewKeyFromSeed(seed)
	return ed25519Secret{standardPair{key}, key}, nil
}

// prehash is what Ed25519ph signs: the hash of a message that KMS wants to be a
// digest already, and hashes again (K0206).
func (ed25519Secret) prehash(m message) ([]byte, *ed25519.Options) {
	if m.hash == 0 {
		return m.text, &ed25519.Options{}
	}
	sum := sha512.Sum512(m.text)
	return sum[:], &ed25519.Options{Hash: crypto.SHA512}
}

func (s ed25519Secret) sign(random io.Reader, m message) ([]byte, error) {
	text, options := s.prehash(m)
	signature, err := s.key.Sign(random, text, options)
	if err != nil {
		return nil, fmt.Errorf("signing with Ed25519: %w", err)
	}
	return signature, nil
}

func (s ed25519Secret) verify(m message, signature []byte) (bool, error) {
	text, options := s.prehash(m)
	public := s.key.Public().(ed25519.PublicKey)
	return ed25519.VerifyWithOptions(public, text, signature, options) == nil, nil
}
