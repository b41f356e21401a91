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

	"github.com/keywright/keywright/internal/lazyregexp"
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
	accessKey     string
	date          string // yyyymmdd of the credential scope
	region        string
	service       string
	signedHeaders []string
	value         string
	time          string // X-Amz-Date
	token         string // X-Amz-Security-Token; "" for long-term keys
	// good is how long the signature is good: five minutes, or as long as a
	// presigned URL says.
	good time.Duration
}

func (s *signature) scope() string {
	return strings.Join([]string{s.date, s.region, s.service, "aws4_request"}, "/")
}

var regionPattern = lazyregexp.New(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)

// readSignature parses a request's Authorization header, or what presigned URLs
// have instead.
func readSignature(r *http.Request) (*signature, error) {
	if presigned(r) {
		return readQuerySignature(r)
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, fail(missingToken, "Missing Authentication Token")
	}
	rest, ok := strings.CutPrefix(header, signingAlgorithm+" ")
	if !ok {
		return nil, fail(incompleteSignature, "Authorization header requires algorithm %s.", signingAlgorithm)
	}
	fields := map[string]string{}
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if fields[name] == "" {
			return nil, fail(incompleteSignature, "Authorization header requires '%s' parameter.", name)
		}
	}
	s := &signature{
		signedHeaders: strings.Split(fields["SignedHeaders"], ";"),
		value:         fields["Signature"],
		time:          r.Header.Get("X-Amz-Date"),
		token:         r.Header.Get("X-Amz-Security-Token"),
		good:          signingSkew,
	}
	return s, s.readCredential(fields["Credential"], r.Header)
}

// mustBeSigned are the headers that a signature must cover where they are sent.
var mustBeSigned = []struct{ name, signedAs string }{
	{"Host", "host"}, {"X-Amz-Date", "x-amz-date"}, {"X-Amz-Security-Token", "x-amz-security-token"}, {targetHeader, "x-amz-target"},
}

func (s *signature) readCredential(credential string, h http.Header) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return fail(incompleteSignature, "Credential must have the form ACCESS-KEY/DATE/REGION/SERVICE/aws4_request.")
	}
	// Keys and the trail keep the first and the third, and must not keep the header.
	s.accessKey, s.date, s.region, s.service = shared(parts[0]), parts[1], shared(parts[2]), parts[3]
	if !regionPattern.MatchString(s.region) {
		return fail(invalidSignature, "Credential should be scoped to a valid region. ")
	}
	for _, header := range mustBeSigned {
		if (header.signedAs == "host" || h.Get(header.name) != "") && !slices.Contains(s.signedHeaders, header.signedAs) {
			return fail(invalidSignature, "'%s' must be a 'SignedHeader' in the AWS Authorization.", header.name)
		}
	}
	return nil
}

// checkTime refuses a request signed more than five minutes before or after now
// (K0103), or a presigned URL later than its expiry (K0429).
func (s *signature) checkTime(now time.Time) error {
	signed, err := time.Parse(signingTime, s.time)
	if err != nil {
		return fail(incompleteSignature, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header in the form %s.", signingTime)
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

// verify computes the signature anew with the secret and compares.
func (s *signature) verify(r *http.Request, body, signingKey []byte) error {
	canonical := s.canonicalRequest(r, body)
	toSign := appendAll(make([]byte, 0, 256), signingAlgorithm, "\n", s.time, "\n", s.scope(), "\n")
	toSign = hex.AppendEncode(toSign, canonical[:])
	want := hex.AppendEncode(nil, mac(signingKey, toSign))
	if !hmac.Equal(want, []byte(s.value)) {
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
	for _, name := range s.signedHeaders {
		b = appendAll(b, name, ":", canonicalHeader(r, name), "\n")
	}
	b = appendAll(b, "\n", strings.Join(s.signedHeaders, ";"), "\n")
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
