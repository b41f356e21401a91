package kmsemu_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// FuzzAuthorization sends arbitrary signatures, in the header and in the query:
// none gets in, and none breaks the server.
func FuzzAuthorization(f *testing.F) {
	const scope = "test/20300101/us-east-1/kms/aws4_request"
	f.Add("AWS4-HMAC-SHA256 Credential="+scope+", SignedHeaders=host;x-amz-date;x-amz-target, Signature=00", "20300101T000000Z", "")
	f.Add("AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;;;, Signature==", "", "")
	f.Add("AWS4-HMAC-SHA256 ,,,", "now", "")
	f.Add("Basic dGVzdDp0ZXN0", "", "")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="+scope+"&X-Amz-Date=20300101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Expires=60")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=-1")
	f.Add("", "", "X-Amz-Algorithm&%zz")
	server, err := kmsemu.New(kmsemu.Config{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		for _, target := range []string{"TrentService.GenerateRandom", ""} {
			req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"NumberOfBytes":8}`))
			req.URL.RawQuery = query
			req.Header.Set("Authorization", authorization)
			req.Header.Set("X-Amz-Date", date)
			req.Header.Set("X-Amz-Target", target)
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, req)
			if recorder.Code < 400 || recorder.Code >= 500 {
				t.Fatalf("got status %d: %s", recorder.Code, recorder.Body)
			}
		}
	})
}

// FuzzCiphertext decrypts arbitrary ciphertexts, and genuine ones that were
// changed: none opens but the genuine one.
func FuzzCiphertext(f *testing.F) {
	w := newWorldOf(f, kmsemu.Config{Seed: "fuzz"}) // every worker has the same ciphertext
	key := w.key()
	genuine, err := w.encrypt(w.root, key, nil)
	require.NoError(f, err)
	f.Add(genuine, 0, byte(0))
	f.Add(genuine, len(genuine)-1, byte(1))
	f.Add(genuine[:len(genuine)/2], 3, byte(7))
	f.Add([]byte{1}, 0, byte(0))
	f.Fuzz(func(t *testing.T, ciphertext []byte, at int, mask byte) {
		w := &world{TB: t, ctx: t.Context(), clock: w.clock, Instance: w.Instance}
		changed := append([]byte{}, ciphertext...)
		if len(changed) > 0 {
			changed[uint(at)%uint(len(changed))] ^= mask
		}
		for _, body := range []string{`{"CiphertextBlob":%q}`, `{"CiphertextBlob":%q,"KeyId":"` + key + `"}`} {
			recorder := httptest.NewRecorder()
			w.Server.ServeHTTP(recorder, w.signed(request{target: "Decrypt", body: fmt.Sprintf(body, base64.StdEncoding.EncodeToString(changed))}))
			if opened := recorder.Code == http.StatusOK; opened != (string(changed) == string(genuine)) || recorder.Code >= 500 {
				t.Fatalf("got status %d: %s", recorder.Code, recorder.Body)
			}
		}
	})
}

// FuzzAdmin sends arbitrary bodies to every change of the admin endpoint.
func FuzzAdmin(f *testing.F) {
	type change struct{ method, path string }
	var changes []change
	for path, methods := range kmsemu.AdminRoutes() {
		for _, method := range methods {
			changes = append(changes, change{method, path})
		}
	}
	for i := range changes {
		f.Add(uint8(i), `{"advance":"1h","faults":[{"operation":"*","caller":"?","key":"[","every":1,"error":"KMSInternalException"}]}`)
		f.Add(uint8(i), `{"enforced":true,"rates":{"CreateKey":1e308},"keys":["1s"],"issuer":"https://a"}`)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		server, err := kmsemu.New(kmsemu.Config{Admin: true})
		require.NoError(t, err)
		c := changes[int(which)%len(changes)]
		req := httptest.NewRequest(c.method, "/_keywright/"+c.path, strings.NewReader(body))
		req.RemoteAddr, req.Host = "127.0.0.1:1", "localhost"
		req.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, req)
		if recorder.Code >= 500 {
			t.Fatalf("got status %d: %s", recorder.Code, recorder.Body)
		}
	})
}
