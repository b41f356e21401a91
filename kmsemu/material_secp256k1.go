package kmsemu

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// secp256k1Secret is a key on the curve of Bitcoin and Ethereum, which the
// standard library does not have.
type secp256k1Secret struct{ key *secp256k1.PrivateKey }

func newSecp256k1(seed []byte) (any, error) {
	random := stream(seed)
	for {
		b, err := randomBytes(random, secp256k1.PrivKeyBytesLen)
		if err != nil {
			return nil, err
		}
		var d secp256k1.ModNScalar
		if tooLarge := d.SetByteSlice(b); !tooLarge && !d.IsZero() {
			return secp256k1Secret{secp256k1.NewPrivateKey(&d)}, nil
		}
	}
}

type ecdsaSignature struct{ R, S *big.Int }

// sign makes s either of the two numbers that will do. The library always takes
// the lower, as Bitcoin and Ethereum demand; KMS does not, and who forgets to
// must find out here (K0207).
func (s secp256k1Secret) sign(random io.Reader, m message) ([]byte, error) {
	coin, err := randomBytes(random, 1)
	if err != nil {
		return nil, err
	}
	signature := ecdsa.Sign(s.key, m.text)
	first, second := signature.R(), signature.S()
	if coin[0]&1 == 1 {
		second.Negate()
	}
	return encode(ecdsaSignature{scalarInt(&first), scalarInt(&second)})
}

func scalarInt(n *secp256k1.ModNScalar) *big.Int {
	b := n.Bytes()
	return new(big.Int).SetBytes(b[:])
}

func (s secp256k1Secret) verify(m message, signature []byte) (bool, error) {
	var parsed ecdsaSignature
	if rest, err := asn1.Unmarshal(signature, &parsed); err != nil || len(rest) > 0 {
		return false, nil //nolint:nilerr // what is no signature is a wrong one
	}
	var first, second secp256k1.ModNScalar
	if !setScalar(&first, parsed.R) || !setScalar(&second, parsed.S) {
		return false, nil
	}
	return ecdsa.NewSignature(&first, &second).Verify(m.text, s.key.PubKey()), nil
}

// setScalar reports whether n is in the group.
func setScalar(to *secp256k1.ModNScalar, n *big.Int) bool {
	if n.Sign() <= 0 || n.BitLen() > 256 {
		return false
	}
	tooLarge := to.SetByteSlice(n.Bytes())
	return !tooLarge
}

// Source: RFC 5480, section 2.1.1; SEC 2, "Recommended Elliptic Curve Domain
// Parameters", appendix A.2.1; RFC 5915.
var (
	ecPublicKeyID  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	secp256k1ID    = asn1.ObjectIdentifier{1, 3, 132, 0, 10}
	ecPrivateKeyV1 = 1
)

func secp256k1Algorithm() (pkix.AlgorithmIdentifier, error) {
	curve, err := encode(secp256k1ID)
	return pkix.AlgorithmIdentifier{Algorithm: ecPublicKeyID, Parameters: asn1.RawValue{FullBytes: curve}}, err
}

func (s secp256k1Secret) public() ([]byte, error) {
	algorithm, err := secp256k1Algorithm()
	if err != nil {
		return nil, err
	}
	return encodePublic(algorithm, s.key.PubKey().SerializeUncompressed())
}

func (s secp256k1Secret) private() ([]byte, error) {
	algorithm, err := secp256k1Algorithm()
	if err != nil {
		return nil, err
	}
	key, err := encode(struct {
		Version int
		Key     []byte
		Public  asn1.BitString `asn1:"explicit,tag:1"`
	}{ecPrivateKeyV1, s.key.Serialize(), bits(s.key.PubKey().SerializeUncompressed())})
	if err != nil {
		return nil, err
	}
	return encodePrivate(algorithm, key)
}
