package kmsemu

import "sync"

// maxSigningKeys bounds the memory of a server that many callers use.
const maxSigningKeys = 1 << 12

// signingKeys remembers the keys that follow from secrets, for each takes four
// MACs to make and serves for a day.
type signingKeys struct {
	mu   sync.Mutex
	keys map[keySource][]byte
}

// keySource is what a signing key is made from.
type keySource struct{ secret, date, region, service string }

func (k *signingKeys) of(secret string, s *signature) []byte {
	from := keySource{secret, s.date, s.region, s.service}
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.keys[from]; key != nil {
		return key
	}
	if k.keys == nil || len(k.keys) == maxSigningKeys {
		k.keys = map[keySource][]byte{}
	}
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, "aws4_request"} {
		key = mac(key, []byte(part))
	}
	k.keys[from] = key
	return key
}
