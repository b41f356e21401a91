package kmsemu

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
)

// maxSigningKeys bounds the memory of a server that many callers use.
const maxSigningKeys = 1 << 12

// signingKeys remembers the keys that follow from secrets, for each takes four
// MACs to make and serves for a day.
type signingKeys struct {
	mu   sync.Mutex
	keys map[keySource]*signingKey
}

// keySource is what a signing key is made from.
type keySource struct{ secret, date, region, service string }

func (k *signingKeys) of(secret string, c *credentialScope) *signingKey {
	from := keySource{secret, c.date, c.region, c.service}
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.keys[from]; key != nil {
		return key
	}
	if k.keys == nil || len(k.keys) == maxSigningKeys {
		k.keys = map[keySource]*signingKey{}
	}
	key := newSigningKey(from)
	k.keys[from] = key
	return key
}

// signingKey makes signatures. It keeps the MACs that are not at work, for one takes
// longer to make than to use.
type signingKey struct{ macs sync.Pool }

type signingMAC struct {
	hash.Hash
	text []byte
}

func newSigningKey(from keySource) *signingKey {
	key := []byte("AWS4" + from.secret)
	for _, part := range []string{from.date, from.region, from.service, "aws4_request"} {
		key = mac(key, []byte(part))
	}
	return &signingKey{sync.Pool{New: func() any { return &signingMAC{Hash: hmac.New(sha256.New, key)} }}}
}

// sign is the signature of a text, given in parts, in hexadecimal digits.
func (k *signingKey) sign(parts ...string) (digits [2 * sha256.Size]byte) {
	m := k.macs.Get().(*signingMAC)
	defer k.macs.Put(m)
	m.text = appendAll(m.text[:0], parts...)
	m.Reset()
	_, _ = m.Write(m.text) // a hash never fails
	m.text = m.Sum(m.text[:0])
	hex.Encode(digits[:], m.text)
	return digits
}
