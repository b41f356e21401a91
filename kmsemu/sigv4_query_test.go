package kmsemu_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"
)

// get calls a presigned URL, with the signed headers but no others.
func (w *world) get(method, address, body string, header http.Header) (int, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.ctx, method, address, strings.NewReader(body))
	require.NoError(w, err)
	for name, values := range header {
		if name != "Host" {
			req.Header[name] = values
		}
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(w, err)
	return resp.StatusCode, string(text)
}

// presign signs a request of KMS with the SDK's signer, for the given seconds.
func (w *world) presign(c *caller, target, body, expires string) (string, http.Header) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.URL+"/?X-Amz-Expires="+expires, strings.NewReader(body))
	require.NoError(w, err)
	req.Header.Set("X-Amz-Target", "TrentService."+target)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	sum := sha256.Sum256([]byte(body))
	address, header, err := v4.NewSigner().PresignHTTP(w.ctx, credentialsOf(w, c), req, hex.EncodeToString(sum[:]), "kms", region, w.clock.Now())
	require.NoError(w, err)
	return address, header
}

// TestPresignedCallerIdentity (K0429): the URL that proves who one is, as EKS and
// Vault use it, is good for fifteen minutes.
func TestPresignedCallerIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	for name, c := range map[string]*caller{"user": w.user(""), "session": w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})} {
		t.Run(name, func(t *testing.T) {
			signed, err := sts.NewPresignClient(c.sts).PresignGetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
			require.NoError(t, err)
			status, body := w.get(signed.Method, signed.URL, "", signed.SignedHeader)
			require.Equal(t, 200, status, body)
			require.Contains(t, body, "<Arn>"+c.arn+"</Arn>")
			for parameter := range w.event("GetCallerIdentity").RequestParameters {
				require.NotContains(t, strings.ToLower(parameter), "amz", "neither signature nor token is recorded")
			}
			status, body = w.get(signed.Method, strings.Replace(signed.URL, "GetCallerIdentity", "GetSessionToken", 1), "", signed.SignedHeader)
			require.Equal(t, 403, status)
			require.Contains(t, body, "<Code>SignatureDoesNotMatch</Code>")
		})
	}
}

// TestPresignedExpiry (K0429): a URL is good until its time has passed, and again
// and again until then.
func TestPresignedExpiry(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		expires string
		good    time.Duration
	}{"a minute": {"60", time.Minute}, "not given": {"", 15 * time.Minute}, "a week": {"604800", 7 * day}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			address, header := w.presign(w.root, "ListKeys", `{}`, row.expires)
			for range 2 {
				status, body := w.get(http.MethodPost, address, `{}`, header)
				require.Equal(t, 200, status, body)
			}
			w.clock.Advance(row.good)
			status, _ := w.get(http.MethodPost, address, `{}`, header)
			require.Equal(t, 200, status)
			w.clock.Advance(time.Second)
			status, body := w.get(http.MethodPost, address, `{}`, header)
			require.Equal(t, 400, status)
			require.Contains(t, body, "Signature expired: ")
		})
	}
}

// TestPresignedKMS (K0429): a call of KMS signed in the query is decided like any
// other, and is bound to its body.
func TestPresignedKMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	may, mayNot := w.user(allow("kms:Encrypt", key)), w.user("")
	body := `{"KeyId":"` + key + `","Plaintext":"eA=="}`
	call := func(c *caller, change func(string) string, body string) (int, map[string]any) {
		address, header := w.presign(c, "Encrypt", `{"KeyId":"`+key+`","Plaintext":"eA=="}`, "60")
		status, text := w.get(http.MethodPost, change(address), body, header)
		var out map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &out), text)
		return status, out
	}
	same := func(address string) string { return address }
	without := func(name string) func(string) string {
		return func(address string) string {
			u, err := url.Parse(address)
			require.NoError(t, err)
			query := u.Query()
			query.Del(name)
			u.RawQuery = query.Encode()
			return u.String()
		}
	}
	replaced := func(old, new string) func(string) string {
		return func(address string) string { return strings.Replace(address, old, new, 1) }
	}
	status, out := call(may, same, body)
	require.Equal(t, 200, status, out)
	require.Equal(t, key, out["KeyId"])
	for name, row := range map[string]struct {
		by     *caller
		change func(string) string
		body   string
		code   string
	}{
		"denied":            {mayNot, same, body, "AccessDeniedException"},
		"other body":        {may, same, strings.Replace(body, "eA==", "eQ==", 1), "InvalidSignatureException"},
		"other operation":   {may, replaced("TrentService.Encrypt", "TrentService.DescribeKey"), body, "InvalidSignatureException"},
		"longer":            {may, replaced("X-Amz-Expires=60", "X-Amz-Expires=61"), body, "InvalidSignatureException"},
		"too long":          {may, replaced("X-Amz-Expires=60", "X-Amz-Expires=604801"), body, "IncompleteSignatureException"},
		"no credential":     {may, without("X-Amz-Credential"), body, "IncompleteSignatureException"},
		"no date":           {may, without("X-Amz-Date"), body, "IncompleteSignatureException"},
		"no signature":      {may, without("X-Amz-Signature"), body, "IncompleteSignatureException"},
		"no signed headers": {may, without("X-Amz-SignedHeaders"), body, "IncompleteSignatureException"},
		"other algorithm":   {may, replaced("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), body, "IncompleteSignatureException"},
		"no algorithm":      {may, without("X-Amz-Algorithm"), body, "MissingAuthenticationTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := call(row.by, row.change, row.body)
			require.Equal(t, 400, status, out)
			require.Equal(t, row.code, out["__type"])
		})
	}
}

// TestPresignedSession: the token of a session is part of the URL, and ends with
// its role.
func TestPresignedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.roleARN(w.root, "")
	session := w.session(w.root, &sts.AssumeRoleInput{RoleArn: &role})
	address, header := w.presign(session, "GenerateRandom", `{"NumberOfBytes":8}`, "600")
	status, body := w.get(http.MethodPost, address, `{"NumberOfBytes":8}`, header)
	require.Equal(t, 400, status)
	require.Contains(t, body, "AccessDeniedException")
	name := aws.String(roleName(role))
	_, err := w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("kms:GenerateRandom", "*"))})
	require.NoError(t, err)
	status, _ = w.get(http.MethodPost, address, `{"NumberOfBytes":8}`, header)
	require.Equal(t, 200, status)
	_, err = w.root.iam.DeleteRolePolicy(w.ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("p")})
	require.NoError(t, err)
	_, err = w.root.iam.DeleteRole(w.ctx, &iam.DeleteRoleInput{RoleName: name})
	require.NoError(t, err)
	status, body = w.get(http.MethodPost, address, `{"NumberOfBytes":8}`, header)
	require.Equal(t, 400, status)
	require.Contains(t, body, "UnrecognizedClientException")
	_, err = session.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	fails(t, err, "UnrecognizedClientException", "")
}
