package kmsemu

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"filippo.io/mldsa/x509"
)

// standardPair encodes the keys that package x509 knows.
type standardPair struct {
	key interface {
		crypto.PrivateKey
		Public() crypto.PublicKey
	}
}

func (p standardPair) public() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(p.key.Public())
	if err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	return der, nil
}

func (p standardPair) private() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return der, nil
}

// encodePublic and encodePrivate write the other keys.
func encodePublic(algorithm pkix.AlgorithmIdentifier, key []byte) ([]byte, error) {
	return encode(struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}{algorithm, bits(key)})
}

func encodePrivate(algorithm pkix.AlgorithmIdentifier, key []byte) ([]byte, error) {
	return encode(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}{0, algorithm, key})
}

func bits(b []byte) asn1.BitString { return asn1.BitString{Bytes: b, BitLength: 8 * len(b)} }

func encode(value any) ([]byte, error) {
	der, err := asn1.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding a %T as DER: %w", value, err)
	}
	return der, nil
}
