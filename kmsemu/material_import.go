package kmsemu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// What key material must be to be imported, by key spec (K0434). Private keys are
// PKCS #8 in DER; KMS takes other BER as well.

func importSymmetric(material []byte) (any, error) {
	if len(material) != seedLength {
		return nil, badMaterial("a key of 32 bytes")
	}
	return newSymmetric(material)
}

// maxHMACKey is 1024 bits.
const maxHMACKey = 128

// importHMAC takes keys that are at least as long as what their hash puts out.
func importHMAC(size int) func(material []byte) (any, error) {
	return func(material []byte) (any, error) {
		if len(material) < size || len(material) > maxHMACKey {
			return nil, badMaterial(fmt.Sprintf("a key of %d to %d bytes", size, maxHMACKey))
		}
		return hmacSecret{material}, nil
	}
}

func importRSA(bits int) func(material []byte) (any, error) {
	return func(material []byte) (any, error) {
		key, ok := parsePrivateKey[*rsa.PrivateKey](material)
		if !ok || key.N.BitLen() != bits || len(key.Primes) != 2 {
			return nil, badMaterial(fmt.Sprintf("an RSA private key of %d bits with two primes, as PKCS #8", bits))
		}
		return rsaSecret{standardPair{key}, key, fmt.Sprintf("RSA_%d", bits)}, nil
	}
}

func importECDSA(curve elliptic.Curve) func(material []byte) (any, error) {
	return func(material []byte) (any, error) {
		key, ok := parsePrivateKey[*ecdsa.PrivateKey](material)
		if !ok || key.Curve != curve {
			return nil, badMaterial(fmt.Sprintf("a private key on the named curve %s, as PKCS #8", curve.Params().Name))
		}
		return ecdsaSecret{standardPair{key}, key}, nil
	}
}

// parsePrivateKey reads a key of a kind that package x509 knows, with nothing
// behind it; false if it is none.
func parsePrivateKey[T any](der []byte) (key T, ok bool) {
	if rest, err := asn1.Unmarshal(der, &asn1.RawValue{}); err != nil || len(rest) > 0 {
		return key, false
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return key, false
	}
	key, ok = parsed.(T)
	return key, ok
}

func importSecp256k1(material []byte) (any, error) {
	d, ok := parseSecp256k1(material)
	if !ok {
		return nil, badMaterial("a private key on the named curve secp256k1, as PKCS #8")
	}
	return secp256k1Secret{secp256k1.NewPrivateKey(d)}, nil
}

// parseSecp256k1 reads a private key. Its public key, if it is there, is not
// needed. Source: RFC 5208, section 5; RFC 5915, section 3.
func parseSecp256k1(der []byte) (*secp256k1.ModNScalar, bool) {
	var outer struct {
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		Key        []byte
		Attributes asn1.RawValue `asn1:"optional,tag:0"`
	}
	var inner struct {
		Version int
		Key     []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		Public  asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
	var curve asn1.ObjectIdentifier
	if !decode(der, &outer) || !outer.Algorithm.Algorithm.Equal(ecPublicKeyID) ||
		!decode(outer.Algorithm.Parameters.FullBytes, &curve) || !curve.Equal(secp256k1ID) ||
		!decode(outer.Key, &inner) || len(inner.Key) > secp256k1.PrivKeyBytesLen ||
		inner.Curve != nil && !inner.Curve.Equal(secp256k1ID) {
		return nil, false
	}
	d := &secp256k1.ModNScalar{}
	tooLarge := d.SetByteSlice(inner.Key)
	return d, !tooLarge && !d.IsZero()
}

// decode reads DER with nothing behind it.
func decode(der []byte, into any) bool {
	rest, err := asn1.Unmarshal(der, into)
	return err == nil && len(rest) == 0
}

func badMaterial(wanted string) error {
	return fail(incorrectMaterial, "The key material is not valid for this key: it must be %s.", wanted)
}

// importedMaterial makes material of what was imported for a key. Its id depends
// on the key and on the material alone, however it was encoded, so that what is
// imported again is known again (K0435).
func (k *key) importedMaterial(raw []byte) (*material, error) {
	secret, err := k.spec.importSecret(raw)
	if err != nil {
		return nil, err
	}
	canonical := raw
	if pair, ok := secret.(keyPair); ok {
		if canonical, err = pair.private(); err != nil {
			return nil, err
		}
	}
	m := &material{id: hex.EncodeToString(mac(canonical, []byte(k.id))), spec: k.spec, seed: canonical, imported: true}
	m.once.Do(func() { m.secret = secret })
	return m, nil
}
