package kmsemu_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// hostile sends a signed request after a change that the signature does not cover,
// or covers no more.
func (w *world) hostile(r request, change func(*http.Request)) (int, string) {
	w.Helper()
	r.change = change
	resp, body := w.raw(r)
	return resp.StatusCode, body
}

// TestHostileRequests: whatever is wrong with a request gets the error that says
// so, and nothing but an error.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	target := func(value string) func(*http.Request) { return header("X-Amz-Target", value) }
	path := func(path string) func(*http.Request) { return func(r *http.Request) { r.URL.Path = path } }
	method := func(name string) func(*http.Request) { return func(r *http.Request) { r.Method = name } }
	same := func(*http.Request) {}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte(`{"Limit":1}`))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	encrypt := func(rest string) request {
		return request{target: "Encrypt", body: `{"KeyId":"` + key + `","Plaintext":"eA=="` + rest + `}`}
	}
	pairs := make([]string, 20_000)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(`"%d":"%d"`, i, i)
	}
	const unknown, serialization, signature = "UnknownOperationException", "SerializationException", "InvalidSignatureException"
	for name, row := range map[string]struct {
		request request
		change  func(*http.Request)
		status  int
		want    string // within the answer
	}{
		"valid": {request{body: `{}`}, same, 200, `"Keys"`},
		// Signatures cover method, path, body and target; what is left is refused
		// all the same.
		"method":                {request{body: `{}`}, method("PUT"), 400, signature},
		"GET with a target":     {request{body: `{}`}, method("GET"), 400, signature},
		"unsigned target":       {request{body: `{}`}, target("TrentService.CreateKey"), 400, signature},
		"path":                  {request{body: `{}`}, path("/keys"), 400, unknown},
		"path climbing":         {request{body: `{}`}, path("/../../etc/passwd"), 400, unknown},
		"signed method":         {request{body: `{}`, before: method("PUT")}, same, 400, unknown},
		"signed GET":            {request{body: `{}`, before: method("GET")}, same, 400, unknown},
		"target without a name": {request{body: `{}`, before: target("TrentService.")}, same, 400, unknown},
		"target without a dot":  {request{body: `{}`, before: target("ListKeys")}, same, 400, unknown},
		"other service":         {request{body: `{}`, before: target("DynamoDB_20120810.ListTables")}, same, 400, unknown},
		"small letters":         {request{body: `{}`, before: target("trentservice.ListKeys")}, same, 400, unknown},
		"two targets":           {request{body: `{}`, before: func(r *http.Request) { r.Header.Add("X-Amz-Target", "TrentService.CreateKey") }}, same, 200, `"Keys"`},
		"long target":           {request{body: `{}`, before: target("TrentService." + strings.Repeat("x", 10_000))}, same, 400, unknown},
		"body is gzip":          {request{body: zipped.String()}, header("Content-Encoding", "gzip"), 400, serialization},
		"byte order mark":       {request{body: "\ufeff{}"}, same, 400, serialization},
		"UTF-16":                {request{body: "\xff\xfe{\x00}\x00"}, same, 400, serialization},
		"NaN":                   {request{body: `{"Limit":NaN}`}, same, 400, serialization},
		"large number":          {request{body: `{"Limit":1e999}`}, same, 400, serialization},
		"list":                  {request{body: `[{}]`}, same, 400, serialization},
		"nested":                {request{body: strings.Repeat(`{"a":`, 20_000) + strings.Repeat(`}`, 20_000)}, same, 400, serialization},
		"nested lists":          {request{body: `{"x":` + strings.Repeat(`[`, 20_000) + strings.Repeat(`]`, 20_000) + `}`}, same, 400, serialization},
		"nested, not deep":      {request{body: `{"x":` + strings.Repeat(`[`, 5_000) + strings.Repeat(`]`, 5_000) + `}`}, same, 200, `"Keys"`},
		"twice":                 {request{body: `{"Limit":0,"Limit":1}`}, same, 200, `"Keys"`},
		"twice, wrong":          {request{body: `{"Limit":1,"Limit":0}`}, same, 400, "ValidationException"},
		"huge context":          {encrypt(`,"EncryptionContext":{` + strings.Join(pairs, ",") + `}`), same, 200, `"CiphertextBlob"`},
		"context twice":         {encrypt(`,"EncryptionContext":{"a":"b","a":"c"}`), same, 200, `"CiphertextBlob"`},
		"escaped NUL":           {request{target: "DescribeKey", body: `{"KeyId":"\u0000"}`}, same, 400, "NotFoundException"},
		"half a surrogate":      {request{target: "DescribeKey", body: `{"KeyId":"\ud800"}`}, same, 400, "ValidationException"},
		"large headers":         {request{body: `{}`}, header("X-Large", strings.Repeat("x", 2*kmsemu.MaxHeaders)), 431, "Request Header Fields Too Large"},
		"many headers": {request{body: `{}`}, func(r *http.Request) {
			for i := range 20_000 {
				r.Header.Add(fmt.Sprint("X-", i), "x")
			}
		}, 431, ""},
		"session token of 32 KiB": {request{body: `{}`}, header("X-Amz-Security-Token", strings.Repeat("x", 32<<10)), 400, "must be a 'SignedHeader'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := w.hostile(row.request, row.change)
			require.Equal(t, row.status, status, body)
			require.Contains(t, body, row.want)
		})
	}
}

// TestContentType (K0592): KMS takes its own type alone, with or without
// parameters.
func TestContentType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for value, want := range map[string]string{
		"application/x-amz-json-1.1":                "",
		"Application/X-AMZ-JSON-1.1":                "",
		"application/x-amz-json-1.1; charset=utf-8": "",
		"application/x-amz-json-1.0":                "UnknownOperationException",
		"application/json":                          "UnknownOperationException",
		"application/x-www-form-urlencoded":         "UnknownOperationException",
		"text/plain":                                "UnknownOperationException",
		"none at all":                               "UnknownOperationException",
	} {
		t.Run(value, func(t *testing.T) {
			resp, body := w.raw(request{body: `{}`, before: func(r *http.Request) { r.Header.Set("Content-Type", value) }})
			checkJSONError(t, resp, body, want, "")
		})
	}
}

// TestDuplicatePairs: of a pair that is sent twice the last counts,
// when encrypting as when decrypting.
func TestDuplicatePairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key()
	sealed, err := w.encrypt(w.root, key, map[string]string{"a": "c"})
	require.NoError(t, err)
	body := fmt.Sprintf(`{"CiphertextBlob":%q,"EncryptionContext":{"a":%%q,"a":%%q}}`, base64.StdEncoding.EncodeToString(sealed))
	resp, text := w.raw(request{target: "Decrypt", body: fmt.Sprintf(body, "b", "c")})
	require.Equal(t, 200, resp.StatusCode, text)
	resp, text = w.raw(request{target: "Decrypt", body: fmt.Sprintf(body, "c", "b")})
	checkJSONError(t, resp, text, "InvalidCiphertextException", "")
}

// dial opens a connection of bytes to the emulator.
func (w *world) dial() net.Conn {
	w.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	require.NoError(w, err)
	w.Cleanup(func() { conn.Close() })
	require.NoError(w, conn.SetDeadline(time.Now().Add(time.Minute)))
	return conn
}

// bytesOf is a signed request as it goes over the wire.
func (w *world) bytesOf(r request) string {
	w.Helper()
	var b bytes.Buffer
	require.NoError(w, w.signed(r).Write(&b))
	return b.String()
}

// neighbour calls the emulator until stop is called, which says how often, and
// fails the test if it is ever disturbed.
func (w *world) neighbour() (stop func() int) {
	key := w.key()
	quit, done := make(chan struct{}), make(chan error, 1)
	calls := 0
	go func() {
		for {
			select {
			case <-quit:
				done <- nil
				return
			default:
			}
			if err := w.encrypting(w.root, key)(); err != nil {
				done <- err
				return
			}
			calls++
		}
	}()
	return func() int {
		w.Helper()
		close(quit)
		require.NoError(w, <-done)
		return calls
	}
}

// impatient is a world whose server waits for a header or a request only briefly.
func impatient(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	short, err := kmsemu.StartLimited(kmsemu.Config{Clock: w.clock.Now}, 100*time.Millisecond, 200*time.Millisecond)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, short.Close()) })
	w.Instance = short
	w.root = w.caller("test", "test", "")
	return w
}

// dribble writes a text byte by byte, so that something always comes and the end
// never does, until the other side has enough. It returns what that answers.
func dribble(t *testing.T, conn net.Conn, text string) string {
	t.Helper()
	answer := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(conn) // a reset ends it too
		answer <- string(b)
	}()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i = (i + 1) % len(text) {
		select {
		case got := <-answer:
			return got
		case <-tick.C:
			_, _ = conn.Write([]byte{text[i]}) // the answer tells when it is over
		}
	}
}

// TestSlowClients: who sends a header or a body too slowly is cut off, however
// steadily the bytes come, and nobody else waits.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	w := impatient(t)
	stop := w.neighbour()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			conn := w.dial()
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\n")
			if err != nil {
				t.Error(err)
				return
			}
			if got := dribble(t, conn, "X-Slow: x\r\n"); strings.Contains(got, " 200 ") {
				t.Errorf("a slow header was answered: %s", got)
			}
		})
		group.Go(func() {
			conn := w.dial()
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: TrentService.ListKeys\r\nContent-Length: 100000\r\n\r\n")
			if err != nil {
				t.Error(err)
				return
			}
			if got := dribble(t, conn, " "); !strings.Contains(got, `"__type":"SerializationException"`) {
				t.Errorf("a slow body was answered: %s", got)
			}
		})
	}
	group.Wait()
	require.Positive(t, stop())
}

// TestManyConnections: a thousand idle connections and a thousand that call at the
// same time.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.neighbour()
	const n = 1000
	call := w.bytesOf(request{body: `{}`})
	for range n {
		w.dial()
	}
	connections := make([]net.Conn, n)
	for i := range connections {
		connections[i] = w.dial()
	}
	problems := make(chan error, n)
	for _, conn := range connections {
		go func() {
			for range 3 { // the connection is kept
				if _, err := io.WriteString(conn, call); err != nil {
					problems <- err
					return
				}
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					problems <- err
					return
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
					problems <- fmt.Errorf("got status %d: %w", resp.StatusCode, err)
					return
				}
			}
			problems <- nil
		}()
	}
	for range n {
		require.NoError(t, <-problems)
	}
	require.Positive(t, stop())
}

// TestEndlessBody: a body without end is refused after a mebibyte, whether or not
// its sender ever stops, and takes no more memory than that.
func TestEndlessBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.neighbour()
	const senders = 20
	type end struct {
		sent   int
		answer string
	}
	ends := make(chan end, senders)
	for range senders {
		conn := w.dial()
		_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: TrentService.ListKeys\r\nTransfer-Encoding: chunked\r\n\r\n")
		require.NoError(t, err)
		go func() {
			chunk := []byte("10000\r\n" + strings.Repeat("x", 1<<16) + "\r\n")
			answer := make(chan string, 1)
			go func() {
				line, _ := bufio.NewReader(conn).ReadString('\n')
				answer <- line
			}()
			var e end
			for {
				written, err := conn.Write(chunk)
				e.sent += written
				if err != nil {
					break
				}
			}
			e.answer = <-answer
			ends <- e
		}()
	}
	for range senders {
		e := <-ends
		// The answer may be lost when the connection is reset over it.
		require.Contains(t, []string{"HTTP/1.1 413 Request Entity Too Large\r\n", ""}, e.answer)
		require.Less(t, e.sent, 32<<20)
	}
	require.Positive(t, stop())
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	require.Less(t, memory.HeapAlloc, uint64(1<<30))
}

// TestOldAndBrokenHTTP: HTTP/1.0 is spoken, what is no HTTP is refused.
func TestOldAndBrokenHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.neighbour()
	call := w.bytesOf(request{body: `{}`})
	for name, row := range map[string]struct{ send, want string }{
		"HTTP/1.0":           {strings.Replace(call, "HTTP/1.1", "HTTP/1.0", 1), "HTTP/1.0 200"},
		"HTTP/2 by surprise": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 403"},
		"no version":         {"GET /\r\n\r\n", "HTTP/1.1 400"},
		"TLS":                {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "HTTP/1.1 400"},
		"no host":            {"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400"},
		"two hosts":          {"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400"},
		"two lengths":        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", "HTTP/1.1 400"},
		"negative length":    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"},
		"NUL in a header":    {"POST / HTTP/1.1\r\nHost: a\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400"},
		"space in a name":    {"POST / HTTP/1.1\r\nHost: a\r\nX A: b\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400"},
		"odd encoding":       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: smoke\r\n\r\n", "HTTP/1.1 501"},
		"bad chunk":          {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
		"method of letters":  {strings.Repeat("X", 1000) + " / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 403"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := w.dial()
			_, err := io.WriteString(conn, row.send)
			require.NoError(t, err)
			line, err := bufio.NewReader(conn).ReadString('\n')
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(line, row.want+" "), line)
		})
	}
	require.Positive(t, stop())
}

// TestClientsThatLeave: who hangs up in the middle of a request leaves nothing
// behind.
func TestClientsThatLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.bytesOf(request{target: "CreateKey", body: `{}`})
	for cut := 1; cut < len(call); cut += 7 {
		conn := w.dial()
		_, err := io.WriteString(conn, call[:cut])
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	list, err := w.root.kms.ListKeys(w.ctx, &kms.ListKeysInput{Limit: aws.Int32(1)})
	require.NoError(t, err)
	require.Empty(t, list.Keys)
	require.NoError(t, w.Close(), "no request is left under way")
	_, err = net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	var refusal *net.OpError
	require.True(t, errors.As(err, &refusal))
}
