package kmsemu_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// TestGoodCallsProveNothing: what the server remembers of a caller's good calls does
// not let in one that is not good, and a bad one spoils none.
func TestGoodCallsProveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user := w.user(allow("kms:*", "*"))
	keys, err := user.Credentials.Retrieve(w.ctx)
	require.NoError(t, err)
	good := request{body: `{"Limit":1}`, key: keys.AccessKeyID, secret: keys.SecretAccessKey}
	bad := good
	bad.secret = strings.ToLower(keys.SecretAccessKey)
	active := func(status types.StatusType) func() {
		return func() {
			_, err := w.root.iam.UpdateAccessKey(w.ctx, &iam.UpdateAccessKeyInput{UserName: user.name(), AccessKeyId: &keys.AccessKeyID, Status: status})
			require.NoError(t, err)
		}
	}
	for _, step := range []struct {
		name   string
		before func()
		call   request
		want   string
	}{
		{"good", func() {}, good, ""},
		{"other secret", func() {}, bad, "InvalidSignatureException"},
		{"good again", func() {}, good, ""},
		{"inactive", active(types.StatusTypeInactive), good, "UnrecognizedClientException"},
		{"active", active(types.StatusTypeActive), good, ""},
		{"next day", func() { w.clock.Advance(24 * time.Hour) }, good, ""},
	} {
		step.before()
		resp, body := w.raw(step.call)
		checkJSONError(t, resp, body, step.want, "")
	}
	good.at = w.clock.Now().Add(-24 * time.Hour)
	resp, body := w.raw(good)
	require.Equal(t, 400, resp.StatusCode)
	require.Contains(t, body, "Signature expired")
}

// TestScopesAreForgotten: nobody can fill the server's memory with credentials.
func TestScopesAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anonymous := w.signed(request{body: `{}`})
	for i := range kmsemu.MaxScopes + 10 {
		anonymous.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%d/20300101/us-east-1/kms/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0", i))
		w.Server.ServeHTTP(httptest.NewRecorder(), anonymous)
		require.LessOrEqual(t, kmsemu.Scopes(w.Server), kmsemu.MaxScopes)
	}
	before := kmsemu.Scopes(w.Server)
	w.raw(request{body: `{}`, key: strings.Repeat("x", 300)})
	require.Equal(t, before, kmsemu.Scopes(w.Server), "a long one is not remembered")
	resp, body := w.raw(request{body: `{}`})
	checkJSONError(t, resp, body, "", "")
}
