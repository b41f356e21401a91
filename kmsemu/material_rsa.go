package kmsemu

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/big"
	"sync"
)

// rsaSecret is an RSA key. It encrypts or signs; KeyUsage says which.
type rsaSecret struct {
	standardPair
	key  *rsa.PrivateKey
	spec string
}

func newRSA(bits int) func(seed []byte) (any, error) {
	return func(seed []byte) (any, error) {
		key, err := rsaKey(stream(seed), bits)
		if err != nil {
			return nil, err
		}
		return rsaSecret{standardPair{key}, key, fmt.Sprintf("RSA_%d", bits)}, nil
	}
}

// publicExponent is that of every RSA key made by KMS.
const publicExponent = 65537

// rsaKey makes a key. That of crypto/rsa takes no source of randomness any more,
// and then a server's Config would not decide its keys.
func rsaKey(random io.Reader, bits int) (*rsa.PrivateKey, error) {
	one := big.NewInt(1)
	for {
		p, q := prime(random, bits/2), prime(random, bits/2)
		totient := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(big.NewInt(publicExponent), totient)
		if d == nil || p.Cmp(q) == 0 {
			continue
		}
		key := &rsa.PrivateKey{
			PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: publicExponent},
			D:         d, Primes: []*big.Int{p, q},
		}
		key.Precompute()
		if err := key.Validate(); err != nil {
			return nil, fmt.Errorf("making an RSA key of %d bits: %w", bits, err)
		}
		return key, nil
	}
}

// prime finds a prime with its two highest bits set, so that the product of two
// has twice the bits. The candidates are random, so that the Baillie-PSW test,
// for which no composite is known to pass, is enough.
func prime(random io.Reader, bits int) *big.Int {
	b := make([]byte, bits/8)
	p, gcd := new(big.Int), new(big.Int)
	for {
		_, _ = io.ReadFull(random, b) // a stream never ends
		b[0] |= 0xc0
		b[len(b)-1] |= 1
		p.SetBytes(b)
		if gcd.GCD(nil, nil, p, smallPrimes()).IsInt64() && gcd.Int64() == 1 && p.ProbablyPrime(0) {
			return p
		}
	}
}

// smallPrimes is the product of the odd primes below 4096: most composites share
// a factor with it, which is found much faster than by a test.
var smallPrimes = sync.OnceValue(func() *big.Int {
	product := big.NewInt(1)
	for n := int64(3); n < 4096; n += 2 {
		if p := big.NewInt(n); p.ProbablyPrime(0) {
			product.Mul(product, p)
		}
	}
	return product
})

// oaepHashes are the hashes of the encryption algorithms, of the label and of the
// mask alike.
var oaepHashes = map[string]func() hash.Hash{"RSAES_OAEP_SHA_1": sha1.New, "RSAES_OAEP_SHA_256": sha256.New}

func (s rsaSecret) seal(random io.Reader, plaintext []byte, how sealing) ([]byte, error) {
	h := oaepHashes[how.algorithm]()
	// K0030.
	if limit := s.key.Size() - 2*h.Size() - 2; len(plaintext) > limit {
		return nil, fail(validation, "Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", how.algorithm, s.spec, limit)
	}
	sealed, err := rsa.EncryptOAEP(h, random, &s.key.PublicKey, plaintext, nil)
	if err != nil {
		return nil, fmt.Errorf("encrypting with RSA: %w", err)
	}
	return sealed, nil
}

func (s rsaSecret) open(ciphertext []byte, how sealing) ([]byte, error) {
	if len(ciphertext) != s.key.Size() {
		return nil, fail(invalidCiphertext, "")
	}
	plaintext, err := rsa.DecryptOAEP(oaepHashes[how.algorithm](), nil, s.key, ciphertext, nil)
	if err != nil {
		return nil, fail(invalidCiphertext, "")
	}
	return plaintext, nil
}

// saltAsHash: the salt of a PSS signature is as long as its digest (K0035).
var saltAsHash = rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}

func (s rsaSecret) sign(random io.Reader, m message) ([]byte, error) {
	var options crypto.SignerOpts = m.hash
	if m.pss {
		options = &rsa.PSSOptions{SaltLength: saltAsHash.SaltLength, Hash: m.hash}
	}
	signature, err := s.key.Sign(random, m.text, options)
	if err != nil {
		return nil, fmt.Errorf("signing with RSA: %w", err)
	}
	return signature, nil
}

func (s rsaSecret) verify(m message, signature []byte) (bool, error) {
	if m.pss {
		return rsa.VerifyPSS(&s.key.PublicKey, m.hash, m.text, signature, &saltAsHash) == nil, nil
	}
	return rsa.VerifyPKCS1v15(&s.key.PublicKey, m.hash, m.text, signature) == nil, nil
}
