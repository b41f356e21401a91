package kmsload

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
)

// head is what the client needs to know of the head of an answer.
type head struct {
	status  string // such as "400 Bad Request"; "" for success
	ok      bool   // 200
	keep    bool   // the connection may be used again
	chunked bool
	length  int64 // of the body; -1 if not told
}

// readHead reads a status line, header lines and the empty line after them; or, of
// a trailer, the empty line alone. Source: RFC 9112.
func readHead(r *bufio.Reader) (head, error) {
	h := head{length: -1}
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return h, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			h.keep = h.keep && (h.chunked || h.length >= 0)
			return h, nil
		}
		if !first {
			err = h.field(line)
		} else {
			err = h.statusLine(line)
		}
		if err != nil {
			return h, err
		}
	}
}

func (h *head) statusLine(line []byte) error {
	protocol, status, found := bytes.Cut(line, []byte(" "))
	if !found || !bytes.HasPrefix(protocol, []byte("HTTP/1.")) {
		return fmt.Errorf("the answer begins with %q, which is not HTTP/1", line)
	}
	if h.ok = bytes.HasPrefix(status, []byte("200")); !h.ok {
		h.status = string(status)
	}
	h.keep = string(protocol) == "HTTP/1.1"
	return nil
}

func (h *head) field(line []byte) (err error) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		if h.length, err = strconv.ParseInt(string(value), 10, 64); err != nil || h.length < 0 {
			return fmt.Errorf("the answer has the Content-Length %q", value)
		}
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("Connection")):
		h.keep = !bytes.EqualFold(value, []byte("close"))
	}
	return nil
}
