package kmsemu

import (
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// lockedReader makes a random source safe for concurrent use.
type lockedReader struct {
	mu     sync.Mutex
	source io.Reader
}

// Read fills p entirely, or fails.
func (r *lockedReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return io.ReadFull(r.source, p)
}

// stream draws a seed out into as many bytes as are wanted. It never fails.
func stream(seed []byte) io.Reader {
	shake := sha3.NewSHAKE256()
	_, _ = shake.Write(seed)
	return shake
}

func randomBytes(random io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, fmt.Errorf("reading %d random bytes: %w", n, err)
	}
	return b, nil
}

// newUUID makes a random (version 4) UUID. Source: RFC 9562, section 5.4.
func newUUID(random io.Reader) (string, error) {
	b, err := randomBytes(random, 16)
	if err != nil {
		return "", err
	}
	return formatUUID(b), nil
}

// formatUUID stamps version and variant on 16 random bytes and writes them out.
func formatUUID(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// idAlphabet is that of IAM's unique ids and access key ids.
const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// newID makes an id of n random characters behind a prefix such as "AROA".
func newID(random io.Reader, prefix string, n int) (string, error) {
	b, err := randomBytes(random, n)
	if err != nil {
		return "", err
	}
	for i := range b {
		b[i] = idAlphabet[b[i]%byte(len(idAlphabet))]
	}
	return prefix + string(b), nil
}

// newSecret makes a secret of n random bytes in base64.
func newSecret(random io.Reader, n int) (string, error) {
	b, err := randomBytes(random, n)
	return base64.StdEncoding.EncodeToString(b), err
}
