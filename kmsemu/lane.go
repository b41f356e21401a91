package kmsemu

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// lane is a connection on which plain requests are answered one after the other.
// Nearly all requests are plain, and net/http takes as long over one as the
// emulator does, for it prepares for a client that leaves, a body of any size and an
// answer of any size. A plain request is none of that: it is a small POST to "/",
// there as a whole and alone, of a form about which there are no two opinions,
// while no fault is planned. With the first request that is not plain the
// connection goes to net/http for good, as if nobody had read it: with its limits
// and its errors.
type lane struct {
	net.Conn
	lanes  *lanes
	remote string

	until   time.Time // the deadline of reading
	in, out []byte
	head    bytes.Reader
	reader  *bufio.Reader // of head
	body    laneBody
	answer  laneAnswer
}

const (
	// maxPlain is the size of a request, with its head, that may be plain.
	maxPlain = 4 << 10
	// maxKept is the size of an answer whose memory is used again.
	maxKept = 16 << 10
)

func newLane(conn net.Conn, all *lanes) *lane {
	return &lane{Conn: conn, lanes: all, remote: conn.RemoteAddr().String(), in: make([]byte, maxPlain), reader: bufio.NewReader(nil)}
}

// run answers requests until the client leaves, is idle for too long, or sends one
// that is not plain. The connection is closed afterwards, or net/http's.
func (l *lane) run() {
	defer l.lanes.leave(l)
	patience := l.lanes.limits.readHeader
	for {
		l.renew(patience)
		if l.lanes.closing() {
			break
		}
		n, err := l.Read(l.in)
		if err != nil {
			break
		}
		r := l.plain(l.in[:n])
		if r == nil {
			l.lanes.pass(&readAhead{l.Conn, l.in[:n]})
			return
		}
		if !l.serve(r) {
			break
		}
		patience = l.lanes.limits.idle
	}
	_ = l.Close() // nothing is to be saved
}

// renew sets the deadlines anew, unless that was done a moment ago. An error shows
// when the connection is used.
func (l *lane) renew(patience time.Duration) {
	now := time.Now() // not the server's clock: a test turns that
	until := now.Add(patience)
	if until.Sub(l.until) < patience/100 {
		return
	}
	l.until = until
	_ = l.SetReadDeadline(until)
	_ = l.SetWriteDeadline(now.Add(l.lanes.limits.write))
}

var (
	plainStart = []byte("POST / HTTP/1.1\r\n")
	lineEnd    = []byte("\r\n")
	headEnd    = []byte("\r\n\r\n")
)

// plain is the request that a text is; nil if it is not plain.
func (l *lane) plain(text []byte) *http.Request {
	end := bytes.Index(text, headEnd)
	if end < 0 || !bytes.HasPrefix(text, plainStart) || !plainHead(text[:end]) || l.lanes.server.faults.planned() {
		return nil
	}
	end += len(headEnd)
	l.head.Reset(text[:end])
	l.reader.Reset(&l.head)
	r, err := http.ReadRequest(l.reader)
	if err != nil || r.ContentLength != int64(len(text)-end) || r.TransferEncoding != nil || r.Close ||
		r.Header["Expect"] != nil || r.Header["Upgrade"] != nil || strings.ContainsFunc(r.Host, oddInHost) {
		return nil
	}
	l.body.Reset(text[end:])
	r.Body, r.RemoteAddr = &l.body, l.remote
	return r
}

// plainHead reports whether a head is a request line and header lines of plain
// characters, of which one names the host.
func plainHead(head []byte) bool {
	_, lines, more := bytes.Cut(head, lineEnd)
	hosts := 0
	for more {
		var line []byte
		line, lines, more = bytes.Cut(lines, lineEnd)
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found || slices.ContainsFunc(name, oddInName) || slices.ContainsFunc(value, isControl) {
			return false
		}
		if bytes.EqualFold(name, []byte("Host")) {
			hosts++
		}
	}
	return hosts == 1
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// oddInName are characters that names of headers seldom have, if they may.
func oddInName(c byte) bool {
	return (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-'
}

// oddInHost are characters that names and addresses of hosts, with their ports, do
// not have.
func oddInHost(c rune) bool {
	return c > unicode.MaxASCII || oddInName(byte(c)) && !strings.ContainsRune("._:[]", c)
}

// serve answers a request, and reports whether the connection goes on.
func (l *lane) serve(r *http.Request) (goesOn bool) {
	defer l.recover()
	l.answer.reset()
	l.lanes.server.ServeHTTP(&l.answer, r)
	l.out = l.answer.append(l.out[:0])
	_, err := l.Write(l.out)
	if cap(l.out) > maxKept {
		l.out, l.answer.body = nil, nil
	}
	return err == nil
}

// recover ends a panic as net/http does: it breaks the connection, and the server
// lives.
func (l *lane) recover() {
	problem := recover()
	if err, _ := problem.(error); problem != nil && !errors.Is(err, http.ErrAbortHandler) {
		l.lanes.server.log.Error("answering a request panicked", "problem", problem, "stack", string(debug.Stack()))
	}
}

// readAhead is a connection of which something has been read already.
type readAhead struct {
	net.Conn
	ahead []byte
}

// Read reads what was read already first.
func (r *readAhead) Read(p []byte) (int, error) {
	if len(r.ahead) == 0 {
		return r.Conn.Read(p)
	}
	n := copy(p, r.ahead)
	r.ahead = r.ahead[n:]
	return n, nil
}

// CloseWrite tells the client that nothing more comes, where the connection can.
func (r *readAhead) CloseWrite() error {
	if half, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// laneBody is a body that is there as a whole.
type laneBody struct{ bytes.Reader }

// Close does nothing.
func (*laneBody) Close() error { return nil }

// laneAnswer holds an answer until it is whole.
type laneAnswer struct {
	header http.Header
	status int
	body   []byte
}

func (a *laneAnswer) reset() {
	if a.header == nil {
		a.header = http.Header{}
	}
	clear(a.header)
	a.status, a.body = http.StatusOK, a.body[:0]
}

// Header are the fields of the answer.
func (a *laneAnswer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *laneAnswer) WriteHeader(status int) { a.status = status }

// Write keeps a part of the body.
func (a *laneAnswer) Write(p []byte) (int, error) {
	a.body = append(a.body, p...)
	return len(p), nil
}

// append writes the answer as HTTP/1.1. Source: RFC 9112.
func (a *laneAnswer) append(to []byte) []byte {
	to = append(strconv.AppendInt(append(to, "HTTP/1.1 "...), int64(a.status), 10), ' ')
	to = appendAll(to, http.StatusText(a.status), "\r\n")
	for name, values := range a.header {
		for _, value := range values {
			to = appendAll(to, name, ": ", value, "\r\n")
		}
	}
	to = strconv.AppendInt(append(to, "Content-Length: "...), int64(len(a.body)), 10)
	return append(append(to, headEnd...), a.body...)
}
