package kmsemu

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature Version 4, in a header or in the query. Source: IAM User Guide,
// "Create a signed AWS API request".
const (
	signingAlgorithm = "AWS4-HMAC-SHA256"
	signingTime      = "20060102T150405Z"
	signingSkew      = 5 * time.Minute
)

// signature is the Authorization header, taken apart, with the headers that
// belong to it; or the parameters of a presigned URL that stand for them.
type signature struct {
	*credentialScope
	signedHeaders string // names with semicolons between
	value         string
	time          string // X-Amz-Date
	token         string // X-Amz-Security-Token; "" for long-term keys
	// good is how long the signature is good: five minutes, or as long as a
	// presigned URL says.
	good time.Duration
}

// readSignature parses a request's Authorization header, or what presigned URLs
// have instead.
func (k *credentialScopes) readSignature(r *http.Request) (*signature, error) {
	if presigned(r) {
		return k.readQuerySignature(r)
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, fail(missingToken, "Missing Authentication Token")
	}
	rest, ok := strings.CutPrefix(header, signingAlgorithm+" ")
	if !ok {
		return nil, fail(incompleteSignature, "Authorization header requires algorithm %s.", signingAlgorithm)
	}
	s := &signature{time: r.Header.Get("X-Amz-Date"), token: r.Header.Get("X-Amz-Security-Token"), good: signingSkew}
	var credential string
	fields := [...]struct {
		name  string
		value *string
	}{{"Credential", &credential}, {"SignedHeaders", &s.signedHeaders}, {"Signature", &s.value}}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		for _, field := range fields {
			if field.name == name {
				*field.value = value
			}
		}
	}
	for _, field := range fields {
		if *field.value == "" {
			return nil, fail(incompleteSignature, "Authorization header requires '%s' parameter.", field.name)
		}
	}
	return s, k.complete(s, credential, r.Header)
}

// mustBeSigned are the headers that a signature must cover where they are sent.
var mustBeSigned = []struct{ name, signedAs string }{
	{"Host", "host"}, {"X-Amz-Date", "x-amz-date"}, {"X-Amz-Security-Token", "x-amz-security-token"}, {targetHeader, "x-amz-target"},
}

// complete adds a Credential parameter to a signature, and checks that it covers
// what it must.
func (k *credentialScopes) complete(s *signature, text string, h http.Header) (err error) {
	if s.credentialScope, err = k.read(text); err != nil {
		return err
	}
	for _, header := range mustBeSigned {
		if (header.signedAs == "host" || h.Get(header.name) != "") && !s.covers(header.signedAs) {
			return fail(invalidSignature, "'%s' must be a 'SignedHeader' in the AWS Authorization.", header.name)
		}
	}
	return nil
}

func (s *signature) covers(header string) bool {
	for name := range strings.SplitSeq(s.signedHeaders, ";") {
		if name == header {
			return true
		}
	}
	return false
}

// checkTime refuses a request signed more than five minutes before or after now
// (K0103), or a presigned URL later than its expiry (K0429).
func (s *signature) checkTime(now time.Time) error {
	signed, err := time.Parse(signingTime, s.time)
	if err != nil {
		return fail(incompleteSignature, "Authorization header requires existence of a 'X-Amz-Date' header in the form YYYYMMDDTHHMMSSZ.")
	}
	if !strings.HasPrefix(s.time, s.date) {
		return fail(invalidSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", s.date, s.time[:8], s.time)
	}
	now = now.UTC()
	if earliest := now.Add(-s.good); signed.Before(earliest.Truncate(time.Second)) {
		return fail(invalidSignature, "Signature expired: %s is now earlier than %s (%s - %d min.)", s.time, earliest.Format(signingTime), now.Format(signingTime), int(s.good.Minutes()))
	}
	if latest := now.Add(signingSkew); signed.After(latest) {
		return fail(invalidSignature, "Signature not yet current: %s is still later than %s (%s + 5 min.)", s.time, latest.Format(signingTime), now.Format(signingTime))
	}
	return nil
}

// verify computes the signature anew and compares.
func (s *signature) verify(r *http.Request, body []byte, key *signingKey) error {
	canonical := s.canonicalRequest(r, body)
	want := key.sign(signingAlgorithm, "\n", s.time, "\n", s.scope, "\n", hex.EncodeToString(canonical[:]))
	if !hmac.Equal(want[:], []byte(s.value)) {
		return fail(invalidSignature, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return nil
}

func appendAll(to []byte, texts ...string) []byte {
	for _, text := range texts {
		to = append(to, text...)
	}
	return to
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// canonicalRequest is the digest of the canonical request.
func (s *signature) canonicalRequest(r *http.Request, body []byte) [sha256.Size]byte {
	payload := sha256.Sum256(body)
	b := make([]byte, 0, 1024) // on the stack, as long as it is large enough
	// The path needs no escaping: the operations live at "/" alone, and any other
	// path is refused.
	b = appendAll(b, r.Method, "\n/\n", canonicalQuery(r.URL), "\n")
	for name := range strings.SplitSeq(s.signedHeaders, ";") {
		b = appendAll(b, name, ":", canonicalHeader(r, name), "\n")
	}
	b = appendAll(b, "\n", s.signedHeaders, "\n")
	return sha256.Sum256(hex.AppendEncode(b, payload[:]))
}

func canonicalQuery(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	query := u.Query()
	query.Del(querySignature)
	for _, values := range query {
		slices.Sort(values)
	}
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}

// headerValues finds a header by its name in lower case: nearly all are among the
// same few.
func headerValues(h http.Header, name string) []string {
	for _, header := range mustBeSigned {
		if header.signedAs == name {
			return h[header.name]
		}
	}
	return h.Values(name)
}

// canonicalHeader is a header's value as the client signed it. The server's
// parser takes the host and the length out of the header map.
func canonicalHeader(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := headerValues(r.Header, name)
	if len(values) == 1 && !strings.ContainsAny(values[0], " \t") {
		return values[0]
	}
	values = slices.Clone(values)
	for i, value := range values {
		values[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(values, ",")
}
