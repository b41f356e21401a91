package kmsemu

import (
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// randomness is where a server takes randomness from: without a seed from one
// source, with a seed from a stream for each purpose, time after time. So what one
// call draws moves nothing that another gets.
type randomness struct {
	source io.Reader // without a seed
	seed   string

	mu    sync.Mutex
	drawn map[string]uint64 // streams begun so far, by purpose
}

// stream begins the next stream for a purpose.
func (r *randomness) stream(purpose string) io.Reader {
	if r.seed == "" {
		return r.source
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drawn[purpose]++
	return stream(fmt.Appendf(nil, "%q %q %d", r.seed, purpose, r.drawn[purpose]))
}

// stirred is randomness that depends on records too. A source that begins anew, as
// that of a seed does, would make again what the records hold.
func (r *randomness) stirred(records []namedRecord) (*randomness, error) {
	if len(records) == 0 {
		return r, nil
	}
	shake := sha3.NewSHAKE256()
	for _, record := range records {
		_, _ = shake.Write(record.Body) // a hash never fails
	}
	if r.seed != "" {
		sum, _ := randomBytes(shake, seedLength) // nor does its output end
		return &randomness{source: r.source, seed: fmt.Sprintf("%s %x", r.seed, sum), drawn: map[string]uint64{}}, nil
	}
	fresh, err := randomBytes(r.source, seedLength)
	_, _ = shake.Write(fresh)
	return &randomness{source: &lockedReader{source: shake}}, err
}

// callRandom is the randomness of one call. Its stream begins when it is first
// read, so that a call that is refused before does not count.
type callRandom struct {
	from    *randomness
	purpose string
	stream  io.Reader
}

// Read fills p entirely, or fails.
func (r *callRandom) Read(p []byte) (int, error) {
	if r.stream == nil {
		r.stream = r.from.stream(r.purpose)
	}
	return io.ReadFull(r.stream, p)
}

// randomOf is the randomness of a call: with a seed, that of the n-th such call of
// an account in a Region.
func (s *Server) randomOf(c *call) io.Reader {
	random := s.random.Load()
	if random.seed == "" {
		return random.source
	}
	return &callRandom{from: random, purpose: c.action + " " + c.caller.account + " " + c.region}
}

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
	text := hex.AppendEncode(make([]byte, 0, 36), b[:4])
	for _, part := range [][]byte{b[4:6], b[6:8], b[8:10], b[10:]} {
		text = hex.AppendEncode(append(text, '-'), part)
	}
	return string(text)
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
