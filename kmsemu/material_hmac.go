package kmsemu

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// hmacSecret is an HMAC key.
type hmacSecret struct{ key []byte }

// newHMAC makes keys as long as what their hash puts out. Source: KMS Developer
// Guide, "HMAC keys in AWS KMS".
func newHMAC(size int) func(seed []byte) (any, error) {
	return func(seed []byte) (any, error) {
		key, err := randomBytes(stream(seed), size)
		if err != nil {
			return nil, err
		}
		return hmacSecret{key}, nil
	}
}

var hmacHashes = map[string]func() hash.Hash{
	"HMAC_SHA_224": sha256.New224, "HMAC_SHA_256": sha256.New, "HMAC_SHA_384": sha512.New384, "HMAC_SHA_512": sha512.New,
}

func (s hmacSecret) authenticate(algorithm string, text []byte) []byte {
	h := hmac.New(hmacHashes[algorithm], s.key)
	_, _ = h.Write(text) // a hash never fails
	return h.Sum(nil)
}
