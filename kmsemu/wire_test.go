package kmsemu_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// request is a raw request; its zero values make a valid one.
type request struct {
	service, target string
	body            string
	before          func(*http.Request) // signing
	key, secret     string
	at              time.Time
	change          func(*http.Request) // after signing
}

// raw signs with the SDK's signer and sends.
func (w *world) raw(r request) (*http.Response, string) {
	w.Helper()
	req := w.signed(r)
	if r.change != nil {
		r.change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w, err)
	return resp, string(body)
}

func (w *world) signed(r request) *http.Request {
	w.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.URL+"/", strings.NewReader(r.body))
	require.NoError(w, err)
	service := or(r.service, "kms")
	if service == "kms" {
		req.Header.Set("X-Amz-Target", "TrentService."+or(r.target, "ListKeys"))
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	} else {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	if r.before != nil {
		r.before(req)
	}
	if r.at.IsZero() {
		r.at = w.clock.Now()
	}
	sum := sha256.Sum256([]byte(r.body))
	credentials := aws.Credentials{AccessKeyID: or(r.key, "test"), SecretAccessKey: or(r.secret, "test")}
	require.NoError(w, v4.NewSigner().SignHTTP(w.ctx, credentials, req, hex.EncodeToString(sum[:]), service, region, r.at))
	return req
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// TestAuthentication: what is wrong with a request before its operation matters.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	stamp := func(at time.Time) string { return at.UTC().Format("20060102T150405Z") }
	now := w.clock.Now()
	early, late := now.Add(-5*time.Minute-time.Second), now.Add(5*time.Minute+time.Second)
	for name, row := range map[string]struct {
		request
		kmsCode, queryCode, message string
	}{
		"valid":              {request{}, "", "", ""},
		"five minutes early": {request{at: now.Add(-5 * time.Minute)}, "", "", ""},
		"five minutes late":  {request{at: now.Add(5 * time.Minute)}, "", "", ""},
		"too early":          {request{at: early}, "InvalidSignatureException", "SignatureDoesNotMatch", "Signature expired: " + stamp(early) + " is now earlier than " + stamp(now.Add(-5*time.Minute)) + " (" + stamp(now) + " - 5 min.)"},
		"too late":           {request{at: late}, "InvalidSignatureException", "SignatureDoesNotMatch", "Signature not yet current: " + stamp(late) + " is still later than " + stamp(now.Add(5*time.Minute)) + " (" + stamp(now) + " + 5 min.)"},
		"no header":          {request{change: func(r *http.Request) { r.Header.Del("Authorization") }}, "MissingAuthenticationTokenException", "MissingAuthenticationToken", "Missing Authentication Token"},
		"half a header":      {request{change: func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x") }}, "IncompleteSignatureException", "IncompleteSignature", "Authorization header requires 'SignedHeaders' parameter."},
		"other algorithm":    {request{change: func(r *http.Request) { r.Header.Set("Authorization", "Basic x") }}, "IncompleteSignatureException", "IncompleteSignature", "Authorization header requires algorithm AWS4-HMAC-SHA256."},
		"short scope":        {request{change: edit("Authorization", "/aws4_request", "")}, "IncompleteSignatureException", "IncompleteSignature", ""},
		"no date":            {request{change: edit("X-Amz-Date", "T", "")}, "IncompleteSignatureException", "IncompleteSignature", ""},
		"scope of yesterday": {request{change: edit("Authorization", now.UTC().Format("/20060102/"), "/20010101/")}, "InvalidSignatureException", "SignatureDoesNotMatch", ""},
		"unknown key":        {request{key: "AKIAIOSFODNN7EXAMPLE"}, "UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid."},
		"wrong secret":       {request{secret: "tset"}, "InvalidSignatureException", "SignatureDoesNotMatch", mismatch},
		"body changed":       {request{change: func(r *http.Request) { setBody(r, `{"Limit":1}`) }}, "InvalidSignatureException", "SignatureDoesNotMatch", mismatch},
		"header changed":     {request{change: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }}, "InvalidSignatureException", "SignatureDoesNotMatch", mismatch},
		"query added":        {request{change: func(r *http.Request) { r.URL.RawQuery = "a=b" }}, "InvalidSignatureException", "SignatureDoesNotMatch", mismatch},
		"host changed":       {request{change: func(r *http.Request) { r.Host = "kms.us-east-1.amazonaws.com" }}, "InvalidSignatureException", "SignatureDoesNotMatch", mismatch},
		"region changed":     {request{change: edit("Authorization", "us-east-1", "us-east-2")}, "InvalidSignatureException", "SignatureDoesNotMatch", mismatch},
		"not a region":       {request{change: edit("Authorization", "us-east-1", "moon")}, "InvalidSignatureException", "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "},
		"host not signed":    {request{change: edit("Authorization", ";host", "")}, "InvalidSignatureException", "SignatureDoesNotMatch", "'Host' must be a 'SignedHeader' in the AWS Authorization."},
	} {
		t.Run(name, func(t *testing.T) {
			row.body = `{}`
			resp, body := w.raw(row.request)
			checkJSONError(t, resp, body, row.kmsCode, row.message)
			row.service, row.body = "sts", "Action=GetCallerIdentity&Version=2011-06-15"
			resp, body = w.raw(row.request)
			if row.queryCode == "" {
				require.Equal(t, 200, resp.StatusCode, body)
				return
			}
			require.Contains(t, body, "<Type>Sender</Type><Code>"+row.queryCode+"</Code>")
			require.Equal(t, "text/xml", resp.Header.Get("Content-Type"))
		})
	}
	_, body := w.raw(request{body: `{}`, change: edit("Authorization", ";x-amz-target", "")})
	require.Contains(t, body, "'X-Amz-Target' must be a 'SignedHeader'")
}

// edit replaces a part of a header.
func edit(header, old, new string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, strings.Replace(r.Header.Get(header), old, new, 1)) }
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// checkJSONError asserts an error of the JSON protocol byte by byte: the field
// of its text too (K0004).
func checkJSONError(t *testing.T, resp *http.Response, body, code, message string) {
	t.Helper()
	if code == "" {
		require.Equal(t, 200, resp.StatusCode, body)
		return
	}
	require.Equal(t, 400, resp.StatusCode)
	require.Equal(t, "application/x-amz-json-1.1", resp.Header.Get("Content-Type"))
	var got map[string]string
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Equal(t, code, got["__type"], body)
	if message != "" {
		require.Equal(t, message, got["message"])
	}
}

// TestJSONProtocol: what can be wrong with a request to KMS.
func TestJSONProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	for name, row := range map[string]struct {
		target, body, code, message string
	}{
		"valid":                  {"ListKeys", `{}`, "", ""},
		"unknown field":          {"ListKeys", `{"Colour":"red"}`, "", ""},
		"not JSON":               {"ListKeys", `{`, "SerializationException", ""},
		"empty":                  {"ListKeys", ``, "SerializationException", ""},
		"two documents":          {"ListKeys", `{}{}`, "SerializationException", ""},
		"wrong type":             {"DescribeKey", `{"KeyId":7}`, "SerializationException", "A JSON number does not fit the field KeyId."},
		"fraction":               {"ListKeys", `{"Limit":1.5}`, "SerializationException", ""},
		"not UTF-8":              {"DescribeKey", "{\"KeyId\":\"\xff\"}", "SerializationException", "The request body is not UTF-8."},
		"not an object":          {"ListKeys", `[]`, "SerializationException", "The request body is a JSON array, not an object."},
		"not base64":             {"Encrypt", `{"KeyId":"` + key + `","Plaintext":"!"}`, "SerializationException", "A binary parameter is not in base64, with its padding."},
		"base64 without padding": {"Encrypt", `{"KeyId":"` + key + `","Plaintext":"eA"}`, "SerializationException", "A binary parameter is not in base64, with its padding."},
		"missing field":          {"DescribeKey", `{}`, "ValidationException", "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"},
		"missing blob":           {"Encrypt", `{"KeyId":"` + key + `"}`, "ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must not be null"},
		"missing ciphertext":     {"Decrypt", `{}`, "ValidationException", "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null"},
		"key id in other script": {"DescribeKey", `{"KeyId":"キー"}`, "ValidationException", "1 validation error detected: Value 'キー' at 'keyId' failed to satisfy constraint: Member must satisfy regular expression pattern: ^\\p{ASCII}+$"},
		"missing description":    {"UpdateKeyDescription", `{"KeyId":"` + key + `"}`, "ValidationException", ""},
		"missing tags":           {"TagResource", `{"KeyId":"` + key + `"}`, "ValidationException", ""},
		"missing tag keys":       {"UntagResource", `{"KeyId":"` + key + `"}`, "ValidationException", ""},
		"missing policy":         {"PutKeyPolicy", `{"KeyId":"` + key + `"}`, "ValidationException", ""},
		"context without value":  {"Encrypt", `{"KeyId":"` + key + `","Plaintext":"eA==","EncryptionContext":{"a":null}}`, "ValidationException", "The encryption context has no value for the key 'a'."},
		"context of numbers":     {"Encrypt", `{"KeyId":"` + key + `","Plaintext":"eA==","EncryptionContext":{"a":1}}`, "SerializationException", ""},
		"unknown operation":      {"MakeCoffee", `{}`, "UnknownOperationException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := w.raw(request{target: row.target, body: row.body})
			checkJSONError(t, resp, body, row.code, row.message)
		})
	}
	resp, body := w.raw(request{body: `{}`, service: "sts", change: nil})
	require.Equal(t, 400, resp.StatusCode)
	require.Contains(t, body, "<Code>InvalidAction</Code>")
}

// TestErrorBodies: denials spell Message with a capital (K0004), and some errors
// have no text (K0006).
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(withPolicy(keyPolicyOfRoot("kms:PutKeyPolicy")))
	_, body := w.raw(request{target: "DescribeKey", body: `{"KeyId":"` + key + `"}`})
	require.Contains(t, body, `"Message":"User: arn:aws:iam::000000000000:root is not authorized to perform: kms:DescribeKey on resource: `+key)
	require.NotContains(t, body, `"message"`)
	_, body = w.raw(request{target: "Decrypt", body: `{"CiphertextBlob":"eA=="}`})
	require.JSONEq(t, `{"__type":"InvalidCiphertextException"}`, body)
	_, body = w.raw(request{target: "CreateAlias", body: `{"AliasName":"alias/aws/x","TargetKeyId":"` + key + `"}`})
	require.JSONEq(t, `{"__type":"NotAuthorizedException"}`, body)
}

// TestEmptyAnswers (K0003).
func TestEmptyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	resp, body := w.raw(request{target: "EnableKey", body: `{"KeyId":"` + key + `"}`})
	require.Equal(t, 200, resp.StatusCode)
	require.Empty(t, body)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, resp.Header.Get("X-Amzn-Requestid"))
}

// TestResourceOwners: no keys are shared by RAM (K0550).
func TestResourceOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.key()
	for name, row := range map[string]struct {
		owners string
		keys   int
		code   string
	}{
		"null":      {`null`, 1, ""},
		"self":      {`["SELF"]`, 1, ""},
		"others":    {`["OTHER_ACCOUNTS_VIA_RAM"]`, 0, ""},
		"both":      {`["OTHER_ACCOUNTS_VIA_RAM","SELF"]`, 1, ""},
		"three":     {`["SELF","OTHER_ACCOUNTS_VIA_RAM","SELF"]`, 0, "ValidationException"},
		"nobody":    {`[]`, 0, "ValidationException"},
		"a strange": {`["FRIENDS"]`, 0, "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, body := w.raw(request{target: "ListKeys", body: `{"ResourceOwners":` + row.owners + `}`})
			var got struct {
				Type string `json:"__type"`
				Keys []any
			}
			require.NoError(t, json.Unmarshal([]byte(body), &got))
			require.Equal(t, row.code, got.Type, body)
			require.Len(t, got.Keys, row.keys)
		})
	}
}

// TestWrongService: the service of the signature must fit the request.
func TestWrongService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target := func(r *http.Request) { r.Header.Set("X-Amz-Target", "TrentService.ListKeys") }
	_, body := w.raw(request{service: "sts", body: `{}`, change: target})
	require.Contains(t, body, "must be a 'SignedHeader'", "the target was not signed")
	_, body = w.raw(request{body: "Action=ListBuckets", before: func(r *http.Request) { r.Header.Del("X-Amz-Target") }})
	require.Contains(t, body, "Credential should be scoped to one of the services sts, iam")
	_, body = w.raw(request{service: "iam", body: "Action=GetCallerIdentity&Version=2011-06-15"})
	require.Contains(t, body, "Could not find operation GetCallerIdentity for version 2011-06-15")
	_, body = w.raw(request{service: "sts", body: "Action=GetCallerIdentity&Version=2010-05-08"})
	require.Contains(t, body, "<Code>InvalidAction</Code>")
	_, body = w.raw(request{service: "sts", body: "Action=%zz"})
	require.Contains(t, body, "<Code>MalformedQueryString</Code>")
}

// TestLargeBody: a body over the limit is refused, and the server goes on.
func TestLargeBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := w.signed(request{body: `{}`})
	recorder := httptest.NewRecorder()
	req.Body = io.NopCloser(bytes.NewReader(make([]byte, 5<<20)))
	w.Server.ServeHTTP(recorder, req)
	require.Equal(t, 413, recorder.Code)
	require.Contains(t, recorder.Body.String(), `"__type":"RequestEntityTooLargeException"`)

	// Over the network the server may hang up while the client still sends.
	large := w.signed(request{body: `{}`})
	setBody(large, strings.Repeat("x", 5<<20))
	if resp, err := http.DefaultClient.Do(large); err == nil {
		require.Equal(t, 413, resp.StatusCode)
		resp.Body.Close()
	}
	_, err := w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
}

// TestClientsCorrectTheirClocks (K0102): the Date header follows the server's
// clock, so the SDK finds its way to a server in another year.
func TestClientsCorrectTheirClocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Advance(400 * day)
	_, err := w.root.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
}

// TestRequestsAfterTheClockWasTurned (K0113): a client that does not correct its clock
// signs by the one that was turned forward, and nothing but the time in between or a
// presigned URL is refused.
func TestRequestsAfterTheClockWasTurned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.clock.Now()
	after := w.Server.Advance(400 * day)
	for name, row := range map[string]struct {
		at   time.Time
		code string
	}{
		"by the turned clock":                 {after, ""},
		"early by the turned clock":           {after.Add(-5 * time.Minute), ""},
		"too early by the turned clock":       {after.Add(-5*time.Minute - time.Second), "InvalidSignatureException"},
		"by the clock as it was":              {before, ""},
		"late by the clock as it was":         {before.Add(5 * time.Minute), ""},
		"too late by the clock as it was":     {before.Add(5*time.Minute + time.Second), "InvalidSignatureException"},
		"too early by the clock as it was":    {before.Add(-5*time.Minute - time.Second), "InvalidSignatureException"},
		"too late by both":                    {after.Add(5*time.Minute + time.Second), "InvalidSignatureException"},
		"in the middle of what it was turned": {before.Add(200 * day), "InvalidSignatureException"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := w.raw(request{at: row.at, body: `{}`})
			checkJSONError(t, resp, body, row.code, "")
		})
	}
}

// TestPresignedAfterTheClockWasTurned (K0113): a URL expires by the turned clock, so
// that a test need not wait for it.
func TestPresignedAfterTheClockWasTurned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address, header := w.presign(w.root, "ListKeys", `{}`, "604800")
	w.Server.Advance(7 * day)
	status, body := w.get(http.MethodPost, address, `{}`, header)
	require.Equal(t, 200, status, body)
	w.Server.Advance(time.Second)
	status, body = w.get(http.MethodPost, address, `{}`, header)
	require.Equal(t, 400, status)
	require.Contains(t, body, "Signature expired: ")
}

// TestBrokenRandomSource: an internal failure is a server fault, and says nothing
// of its cause.
func TestBrokenRandomSource(t *testing.T) {
	t.Parallel()
	server, err := kmsemu.New(kmsemu.Config{Rand: bytes.NewReader(nil)})
	require.NoError(t, err)
	for _, row := range []struct{ target, want string }{
		{"TrentService.ListKeys", `{"__type":"KMSInternalException","message":"The request failed because of an internal error."}`},
		{"", `<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>The request failed because of an internal error.</Message></Error><RequestId></RequestId></ErrorResponse>`},
	} {
		req := httptest.NewRequest(http.MethodPost, "/", nil)
		req.Header.Set("X-Amz-Target", row.target)
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, req)
		require.Equal(t, 500, recorder.Code)
		require.Equal(t, row.want, recorder.Body.String())
	}
}

// TestErrorTable: each code has a name and a fitting status in at least one
// protocol, and no two codes share a name in one.
func TestErrorTable(t *testing.T) {
	t.Parallel()
	seen := [2]map[string]bool{{}, {}}
	for i, row := range kmsemu.WireCodes() {
		require.False(t, row.Name == "" && row.QueryName == "", "row %d is empty", i)
		for protocol, side := range []struct {
			name   string
			status int
		}{{row.Name, row.Status}, {row.QueryName, row.QueryStatus}} {
			if side.name == "" {
				require.Zero(t, side.status, "row %d", i)
				continue
			}
			require.False(t, seen[protocol][side.name], side.name)
			seen[protocol][side.name] = true
			require.GreaterOrEqual(t, side.status, 400, side.name)
			require.Less(t, side.status, 600, side.name)
			require.Equal(t, serverFault.MatchString(side.name), side.status >= 500, side.name)
		}
	}
}

// serverFault is in the names of errors that are not the caller's.
var serverFault = regexp.MustCompile("Internal|Unavailable|DependencyTimeout")

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	i, err := kmsemu.Start(kmsemu.Config{})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(i.URL, "http://127.0.0.1:"))
	require.NoError(t, i.Close())
	require.NoError(t, i.Close())
	_, err = http.Get(i.URL)
	require.Error(t, err)
}
