package kmsemu_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// admin asks the admin endpoint, and returns the status and the answer.
func (w *world) admin(method, path, body string, change ...func(*http.Request)) (int, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.ctx, method, w.URL+"/_keywright/"+path, strings.NewReader(body))
	require.NoError(w, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(w, err)
	require.Equal(w, "application/json", resp.Header.Get("Content-Type"))
	return resp.StatusCode, string(text)
}

func administered(t *testing.T) *world {
	t.Helper()
	return seeded(t, kmsemu.Config{Admin: true, Seed: "admin"})
}

// docExample is a command of docs/serve.md and what it prints.
var docExample = regexp.MustCompile("(?s)```sh\n(curl .*?)\n```\n```json\n(.*?)\n```\n")

// TestServeExamples runs the examples of the documentation, in their order.
func TestServeExamples(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the examples need curl, which is not on PATH")
	}
	text, err := os.ReadFile("../docs/serve.md")
	require.NoError(t, err)
	examples := docExample.FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(examples), 12)
	require.Equal(t, strings.Count(string(text), "\ncurl "), len(examples), "every example tells what it prints")
	w := administered(t)
	for _, example := range examples {
		cmd := exec.CommandContext(w.ctx, "sh", "-c", example[1])
		cmd.Env = append(os.Environ(), "ENDPOINT="+w.URL)
		out, err := cmd.Output()
		require.NoError(t, err, example[1])
		require.JSONEq(t, example[2], string(out), example[1])
	}
	for path, methods := range kmsemu.AdminRoutes() {
		require.Contains(t, string(text), "/_keywright/"+path+"`", "every path is in the table")
		for _, method := range methods {
			if method != http.MethodGet {
				require.Regexp(t, "-X "+method+" .*/_keywright/"+path+`\b`, string(text), "and every change has an example")
			}
		}
	}
}

// TestAdminIsOff unless the Config says so; what is on for the loopback is not for
// others.
func TestAdminIsOff(t *testing.T) {
	t.Parallel()
	status, body := newWorld(t).admin(http.MethodGet, "clock", "")
	require.Equal(t, 404, status)
	require.JSONEq(t, `{"error":"the admin endpoint is off: set Config.Admin"}`, body)
	w := administered(t)
	for name, row := range map[string]struct {
		from, host string
		status     int
	}{
		"loopback":           {"127.0.0.1:1234", "127.0.0.1:4566", 200},
		"localhost":          {"127.0.0.1:1234", "localhost:4566", 200},
		"without a port":     {"127.0.0.1:1234", "localhost", 200},
		"IPv6":               {"[::1]:1234", "[::1]:4566", 200},
		"IPv6 without port":  {"[::1]:1234", "[::1]", 200},
		"from elsewhere":     {"192.0.2.1:1234", "127.0.0.1:4566", 403},
		"under another name": {"127.0.0.1:1234", "attacker.example.com", 403},
		"by another address": {"127.0.0.1:1234", "192.0.2.1:4566", 403},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, "/_keywright/clock", nil)
			req.RemoteAddr, req.Host = row.from, row.host
			recorder := httptest.NewRecorder()
			w.Server.ServeHTTP(recorder, req)
			require.Equal(t, row.status, recorder.Code)
		})
	}
}

// TestAdminRefuses: what is wrong with a request is told, and nothing changes.
func TestAdminRefuses(t *testing.T) {
	t.Parallel()
	w := administered(t)
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	plain := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	none := func(*http.Request) {}
	for name, row := range map[string]struct {
		method, path, body string
		change             func(*http.Request)
		status             int
		want               string
	}{
		"unknown path":    {"GET", "coffee", "", none, 404, "there is no /_keywright/coffee: use one of clock, "},
		"no path":         {"GET", "", "", none, 404, "use one of"},
		"unknown method":  {"PATCH", "clock", "", none, 405, "does not take PATCH: use GET, POST"},
		"content type":    {"POST", "clock", `{"advance":"1s"}`, plain, 415, "send Content-Type: application/json"},
		"not JSON":        {"POST", "clock", `{`, none, 400, "reading the body: unexpected EOF"},
		"unknown field":   {"POST", "clock", `{"advanse":"1s"}`, none, 400, `unknown field \"advanse\"`},
		"two documents":   {"POST", "clock", `{"advance":"1s"}{}`, none, 400, "something follows the JSON document"},
		"not wanted":      {"POST", "reset", `{"hard":true}`, none, 400, `unknown field \"hard\"`},
		"no duration":     {"POST", "clock", `{"advance":"a while"}`, none, 400, `duration \"a while\" is not of the form`},
		"backwards":       {"POST", "clock", `{"advance":"-1s"}`, none, 400, "is not of the form"},
		"standing still":  {"POST", "clock", `{}`, none, 400, "say how far"},
		"large":           {"PUT", "quotas", `{"rates":{"` + strings.Repeat("x", 1<<20) + `":1}}`, none, 413, "larger than"},
		"bad quota":       {"PUT", "quotas", `{"rates":{"Coffee":1}}`, none, 400, `there is no quota \"Coffee\"`},
		"bad fault":       {"PUT", "faults", `{"faults":[{"operation":"Encrypt"}]}`, none, 400, "fault 1 of 1: it does nothing"},
		"negative delay":  {"PUT", "consistency", `{"keys":"-1s"}`, none, 400, "is not of the form"},
		"event parameter": {"GET", "events?colour=red", "", none, 400, `not by \"colour\"`},
		"twice":           {"GET", "events?name=a&name=b", "", none, 400, `not by \"name\"`},
		"query":           {"GET", "events?name=%zz", "", none, 400, "reading the query"},
		"no issuer":       {"POST", "tokens", `{"keys":["x"]}`, none, 400, "name the issuer and its keys"},
		"no keys":         {"POST", "tokens", `{"issuer":"https://a"}`, none, 400, "name the issuer and its keys"},
		"key not PEM":     {"POST", "tokens", `{"issuer":"https://a","keys":["x"]}`, none, 400, "key 1 of 1 is not a PEM block PUBLIC KEY"},
		"key not DER":     {"POST", "tokens", tokensBody(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})), none, 400, "reading key 1 of 1"},
		"no snapshot":     {"PUT", "snapshot", "x", none, 400, "it ends too early"},
		"key cannot sign": {"POST", "tokens", tokensBody(t, pemOf(t, public)), none, 400, "ed25519.PublicKey cannot sign them"},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.Server.Now()
			status, body := w.admin(row.method, row.path, row.body, row.change)
			require.Equal(t, row.status, status, body)
			require.Contains(t, body, row.want)
			require.Equal(t, before, w.Server.Now())
			require.Empty(t, w.Server.Faults())
			require.Equal(t, kmsemu.Quotas{}, w.Server.Quotas())
		})
	}
}

func pemOf(t *testing.T, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func tokensBody(t *testing.T, keys ...[]byte) string {
	t.Helper()
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = string(key)
	}
	text, err := json.Marshal(map[string]any{"issuer": issuerURL, "keys": texts})
	require.NoError(t, err)
	return string(text)
}

// TestAdminControls: what is set over the endpoint takes effect.
func TestAdminControls(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Admin: true})
	done := func(method, path, body string) string {
		status, answer := w.admin(method, path, body)
		require.Equal(t, 200, status, answer)
		return answer
	}
	key := w.key()
	list := w.listing(once(w.root))

	done("PUT", "faults", `{"faults":[{"error":"KMSInternalException","times":1}]}`)
	fails(t, list(), "KMSInternalException", "")
	require.JSONEq(t, `{"faults":[{"error":"KMSInternalException","times":1,"matched":1,"struck":1}]}`, done("GET", "faults", ""))
	done("DELETE", "faults", "")

	done("PUT", "quotas", `{"enforced":true,"rates":{"ListKeys":1}}`)
	require.NoError(t, list())
	fails(t, list(), throttled, "")
	done("POST", "clock", `{"advance":"1s"}`)
	require.NoError(t, list())
	done("DELETE", "quotas", "")
	require.NoError(t, list())
	require.JSONEq(t, fmt.Sprintf(`{"now":%q}`, w.clock.Now().Add(time.Second).UTC().Format(time.RFC3339)), done("GET", "clock", ""))

	done("PUT", "consistency", `{"keys":"5s"}`)
	fails(t, w.encrypting(w.root, key)(), missing, "")
	require.Contains(t, done("GET", "consistency", ""), `"keys":"5s"`)
	done("DELETE", "consistency", "")
	require.NoError(t, w.encrypting(w.root, key)())
}

// TestAdminEvents selects by each parameter, in CloudTrail's form.
func TestAdminEvents(t *testing.T) {
	t.Parallel()
	w := administered(t)
	role, session := w.roleAndSession()
	key := w.key()
	require.NoError(t, w.encrypting(w.root, key)())
	fails(t, w.encrypting(session, key)(), refused, "")
	_, err := w.callerIn("eu-west-1", other, "test", "").kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	for query, want := range map[string][]string{
		"name=Encrypt":                         {"Encrypt", "Encrypt"},
		"name=Encrypt&error=NoError":           {"Encrypt"},
		"error=AccessDenied":                   {"Encrypt"},
		"principal=" + role:                    {"Encrypt"},
		"principal=" + rootARN + "&key=" + key: {"CreateKey", "Encrypt"},
		"account=" + other:                     {"ListKeys"},
		"region=eu-west-1":                     {"ListKeys"},
		"name=Decrypt":                         nil,
	} {
		status, body := w.admin(http.MethodGet, "events?"+query, "")
		require.Equal(t, 200, status)
		var log struct{ Records []map[string]any }
		require.NoError(t, json.Unmarshal([]byte(body), &log))
		var names []string
		for _, record := range log.Records {
			names = append(names, record["eventName"].(string))
		}
		require.Equal(t, want, names, query)
	}
	_, body := w.admin(http.MethodGet, "events?error=AccessDenied", "")
	require.Contains(t, body, `"verdict":"denied"`)
	require.NotEmpty(t, w.Server.Events())
	w.admin(http.MethodDelete, "events", "")
	require.Empty(t, w.Server.Events())
}

// TestAdminTokens: tokens of an issuer are taken when its keys were sent.
func TestAdminTokens(t *testing.T) {
	t.Parallel()
	w := administered(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	second, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	status, body := w.admin(http.MethodPost, "tokens", tokensBody(t, pemOf(t, &key.PublicKey), pemOf(t, &second.PublicKey)))
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"issuer":"`+issuerURL+`","keys":2}`, body)
	require.Equal(t, 2, kmsemu.TokenKeys(w.Server, issuerURL))
}

// TestReset: afterwards the server is as new, but for its clock.
func TestReset(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, kmsemu.Config{Admin: true, Seed: "reset", Quotas: kmsemu.Quotas{Enforced: true, Rates: map[string]float64{"CreateKey": 1}}})
	by := once(w.root)
	create := func() (string, error) {
		out, err := by.kms.CreateKey(w.ctx, &kms.CreateKeyInput{})
		if err != nil {
			return "", err
		}
		return *out.KeyMetadata.Arn, nil
	}
	first, err := create()
	require.NoError(t, err)
	session := w.role("")
	w.plan(kmsemu.Fault{Operation: "ListKeys", Error: "DisabledException"})
	require.NoError(t, w.Server.SetConsistency(kmsemu.Consistency{Keys: kmsemu.Duration(time.Minute)}))
	require.NoError(t, w.Server.SetQuotas(kmsemu.Quotas{}))
	now := w.Server.Advance(time.Minute)

	status, body := w.admin(http.MethodPost, "reset", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, fmt.Sprintf(`{"now":%q}`, now.UTC().Format(time.RFC3339)), body)
	require.Empty(t, w.Server.Events())
	list, err := by.kms.ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
	require.Empty(t, list.Keys)
	_, err = session.sts.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	fails(t, err, "InvalidClientTokenId", "")
	again, err := create()
	require.NoError(t, err)
	require.Equal(t, first, again, "the seed begins anew")
	_, err = create()
	fails(t, err, throttled, "")
	require.Empty(t, w.Server.Faults())
	require.Equal(t, kmsemu.Consistency{}, w.Server.Consistency())
}

// TestResetDuringCalls: calls that are under way end as they may, and break
// nothing.
func TestResetDuringCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			out, err := w.root.kms.CreateKey(ctx, &kms.CreateKeyInput{})
			if err == nil {
				_ = w.encrypting(w.root, *out.KeyMetadata.KeyId)()
			}
		}
	}()
	for range 20 {
		w.Server.Reset()
		_, err := w.root.kms.CreateAlias(w.ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: aws.String(w.key())})
		require.NoError(t, err)
	}
	stop()
	<-done
}

// TestLocalStackPages (K0591): what LocalStack's users poll.
func TestLocalStackPages(t *testing.T) {
	t.Parallel()
	w := seeded(t, kmsemu.Config{})
	w.Server.Advance(90 * time.Second)
	for path, want := range map[string]string{
		"health": `{"services":{"kms":"running","sts":"running","iam":"running"},"edition":"keywright","version":"devel"}`,
		"info":   `{"version":"devel","edition":"keywright","is_license_activated":false,"system":"` + kmsemu.System + `","is_docker":false,"server_time_utc":"2030-01-01T00:01:30","uptime":90}`,
		"init":   `{"completed":{"BOOT":true,"START":true,"READY":true,"SHUTDOWN":false},"scripts":[]}`,
	} {
		resp, err := http.Get(w.URL + "/_localstack/" + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
		require.JSONEq(t, want, string(body), path)
		resp, err = http.Head(w.URL + "/_localstack/" + path)
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
		resp, err = http.Post(w.URL+"/_localstack/"+path, "application/json", strings.NewReader(`{"action":"kill"}`))
		require.NoError(t, err)
		require.Equal(t, 405, resp.StatusCode)
		require.Equal(t, "GET, HEAD", resp.Header.Get("Allow"))
	}
}
