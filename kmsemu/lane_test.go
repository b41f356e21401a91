package kmsemu_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// exchange writes texts, one write each, and reads n answers.
func exchange(t *testing.T, conn net.Conn, n int, texts ...string) []string {
	t.Helper()
	for _, text := range texts {
		_, err := io.WriteString(conn, text)
		require.NoError(t, err)
	}
	reader := bufio.NewReader(conn)
	var answers []string
	for range n {
		resp, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		answers = append(answers, fmt.Sprint(resp.StatusCode, " ", string(body)))
	}
	require.Zero(t, reader.Buffered(), "nothing more was answered")
	return answers
}

// TestRequestsAfterPlainOnes: whatever comes after plain requests on a connection,
// each request has its own answer, in order, and plain ones are answered after it.
func TestRequestsAfterPlainOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := w.bytesOf(request{body: `{}`})
	account := w.bytesOf(request{service: "sts", body: "Action=GetCallerIdentity&Version=2011-06-15"})
	outside := w.bytesOf(request{body: list})
	lines := strings.SplitAfter(list, "\r\n")
	with := func(header string) string { return lines[0] + header + "\r\n" + strings.Join(lines[1:], "") }
	chunked := strings.Replace(list, "Content-Length: 2", "Transfer-Encoding: chunked", 1)
	chunked = strings.Replace(chunked, "\r\n\r\n{}", "\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 1)
	const keys, identity, noJSON, unsigned = "200 {\"Keys\"", "200 <GetCallerIdentityResponse", "400 {\"__type\":\"SerializationException\"", "400 {\"__type\":\"InvalidSignatureException\""
	for name, row := range map[string]struct {
		writes []string
		want   []string
	}{
		"plain":             {[]string{list}, []string{keys}},
		"other protocol":    {[]string{account}, []string{identity}},
		"two at once":       {[]string{list + account}, []string{keys, identity}},
		"one and a half":    {[]string{list + account[:100], account[100:]}, []string{keys, identity}},
		"byte and rest":     {[]string{list[:1], list[1:]}, []string{keys}},
		"head and body":     {[]string{list[:len(list)-2], list[len(list)-2:]}, []string{keys}},
		"body is a request": {[]string{outside[:len(outside)-len(list)], list}, []string{noJSON}},
		"chunked":           {[]string{chunked}, []string{unsigned}}, // the length was signed
		"HTTP/1.0":          {[]string{strings.Replace(with("Connection: keep-alive"), "HTTP/1.1", "HTTP/1.0", 1)}, []string{keys}},
		"GET":               {[]string{"GET /_localstack/health HTTP/1.1\r\nHost: x\r\n\r\n"}, []string{"200 {"}},
		"folded header":     {[]string{with("X-A: a\r\n b")}, []string{keys}},
		"tab":               {[]string{with("X-A: a\tb")}, []string{keys}},
		"beyond ASCII":      {[]string{with("X-A: \xe4\u00e4")}, []string{keys}},
		"odd name":          {[]string{with("X.A: a")}, []string{keys}},
		"upgrade":           {[]string{with("Connection: Upgrade\r\nUpgrade: websocket")}, []string{keys}},
		"line feeds alone":  {[]string{strings.ReplaceAll(list, "\r\n", "\n")}, []string{keys}},
		"large":             {[]string{with("X-A: " + strings.Repeat("a", 8<<10))}, []string{keys}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := w.dial()
			for _, answer := range exchange(t, conn, 1, list) {
				require.Contains(t, answer, keys)
			}
			for i, answer := range exchange(t, conn, len(row.want), row.writes...) {
				require.Contains(t, answer, row.want[i])
			}
			require.Contains(t, exchange(t, conn, 1, list)[0], keys)
		})
	}
}

// TestExpectAfterPlainOnes: a client that asks before it sends a body is told to.
func TestExpectAfterPlainOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.bytesOf(request{body: `{}`})
	conn := w.dial()
	exchange(t, conn, 1, call)
	head, body, _ := strings.Cut(call, "\r\n\r\n")
	_, err := io.WriteString(conn, head+"\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = io.WriteString(conn, body)
	require.NoError(t, err)
	_, err = reader.ReadString('\n')
	require.NoError(t, err)
	line, err = reader.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 200 OK\r\n", line)
}

// TestConnectionEnds: a client that says so gets no second answer.
func TestConnectionEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.bytesOf(request{body: `{}`})
	conn := w.dial()
	require.Contains(t, exchange(t, conn, 1, strings.Replace(call, "\r\n", "\r\nConnection: close\r\n", 1))[0], "200")
	_, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

// gate is a source of randomness that can be shut.
type gate struct {
	arrived, open chan struct{}
	broken        atomic.Bool
}

func (g *gate) Read(p []byte) (int, error) {
	if g.broken.Load() {
		panic("no more randomness")
	}
	if len(p) > 16 { // not a request's id
		g.arrived <- struct{}{}
		<-g.open
	}
	return len(p), nil
}

// TestCloseWaits: a call under way is finished before the emulator is closed, and
// its client gets the answer; connections without one do not keep it waiting.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := &gate{arrived: make(chan struct{}), open: make(chan struct{})}
	instance, err := kmsemu.Start(kmsemu.Config{Clock: w.clock.Now, Rand: g})
	require.NoError(t, err)
	w.Instance = instance
	list, create := w.bytesOf(request{body: `{}`}), w.bytesOf(request{target: "CreateKey", body: `{}`})
	fresh, used, busy := w.dial(), w.dial(), w.dial()
	exchange(t, used, 1, list)
	exchange(t, busy, 1, list)
	_, err = io.WriteString(busy, create)
	require.NoError(t, err)
	<-g.arrived
	closed := make(chan error)
	go func() { closed <- instance.Close() }()
	for _, idle := range []net.Conn{fresh, used} {
		_, err := idle.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	}
	select {
	case err := <-closed:
		require.Fail(t, "closed while a call was under way", err)
	default:
	}
	close(g.open)
	require.Contains(t, exchange(t, busy, 1)[0], "200")
	require.NoError(t, <-closed)
	_, err = busy.Read(make([]byte, 1))
	require.Error(t, err)
	_, err = net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	require.Error(t, err)
}

// TestPanic: what breaks while a call is answered breaks its connection alone.
func TestPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := &gate{}
	instance, err := kmsemu.Start(kmsemu.Config{Clock: w.clock.Now, Rand: g})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, instance.Close()) })
	w.Instance = instance
	call := w.bytesOf(request{body: `{}`})
	conn := w.dial()
	exchange(t, conn, 1, call)
	g.broken.Store(true)
	_, err = io.WriteString(conn, call)
	require.NoError(t, err)
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	g.broken.Store(false)
	exchange(t, w.dial(), 1, call)
}

// TestIdle: a connection on which nothing comes is closed, and not before.
func TestIdle(t *testing.T) {
	t.Parallel()
	w := impatient(t)
	began := time.Now()
	_, err := w.dial().Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.GreaterOrEqual(t, time.Since(began), 90*time.Millisecond)
}
