// Package kmsload makes KMS calls at little cost, to measure servers with: on two
// cores that server and client share, an SDK would mostly measure itself. It cuts
// no corner that a server could notice: every call is signed afresh, and every
// answer is read as a whole and checked. It is for benchmarks.
package kmsload

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"
)

// Credentials are those of AWS. Token is "" for long-term ones.
type Credentials struct{ AccessKey, Secret, Token string }

// Client calls KMS at one endpoint over one connection, which it keeps as long as
// the server does. Make one with [NewClient]. It is for one goroutine at a time.
type Client struct {
	host        string
	region      string
	credentials Credentials

	conn         net.Conn
	reader       *bufio.Reader
	out, scratch []byte
	body         []byte // of the pair of calls
	in           bytes.Buffer

	day    string // the signer is good for
	signer hash.Hash
}

// NewClient makes a client of an endpoint such as "http://127.0.0.1:4566"; no TLS.
func NewClient(endpoint, region string, credentials Credentials) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("reading endpoint %q: %w", endpoint, err)
	}
	if u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("endpoint %q is not of the form http://HOST:PORT", endpoint)
	}
	return &Client{host: u.Host, region: region, credentials: credentials}, nil
}

// Close ends the connection.
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn = nil
	return conn.Close()
}

// Call runs an operation, such as "Encrypt": it sends in as JSON and decodes the
// answer into out, if that is not nil. An answer other than 200 is an error that
// quotes it.
func (c *Client) Call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encoding the input of %s: %w", operation, err)
	}
	answer, err := c.exchange(ctx, operation, body)
	if err != nil {
		return fmt.Errorf("calling %s at %s: %w", operation, c.host, err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decoding the answer of %s: %w", operation, err)
	}
	return nil
}

// exchange sends a request and reads the answer. A server may close a kept
// connection at any time, which only the next request finds out: that is made
// again.
func (c *Client) exchange(ctx context.Context, operation string, body []byte) ([]byte, error) {
	c.write(operation, body)
	kept := c.conn != nil
	answer, err := c.attempt(ctx)
	if kept && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(*net.OpError))) {
		answer, err = c.attempt(ctx)
	}
	return answer, err
}

func (c *Client) attempt(ctx context.Context) ([]byte, error) {
	if c.conn == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.host)
		if err != nil {
			return nil, err
		}
		c.conn, c.reader = conn, bufio.NewReader(conn)
	}
	answer, reusable, err := c.roundTrip()
	if err == nil && reusable {
		return answer, nil
	}
	return answer, errors.Join(err, c.Close())
}

func (c *Client) roundTrip() (answer []byte, reusable bool, err error) {
	if _, err := c.conn.Write(c.out); err != nil {
		return nil, false, err
	}
	head, err := readHead(c.reader)
	if err != nil {
		return nil, false, err
	}
	c.in.Reset()
	switch {
	case head.chunked:
		if _, err = c.in.ReadFrom(httputil.NewChunkedReader(c.reader)); err == nil {
			_, err = readHead(c.reader) // the trailer, which is empty
		}
	case head.length >= 0:
		_, err = io.CopyN(&c.in, c.reader, head.length)
	default: // until the server closes
		_, err = c.in.ReadFrom(c.reader)
	}
	if err != nil {
		return nil, false, err
	}
	if !head.ok {
		return nil, head.keep, fmt.Errorf("%s: %s", head.status, &c.in)
	}
	return c.in.Bytes(), head.keep, nil
}

const (
	contentType     = "application/x-amz-json-1.1"
	signedHeaders   = "content-type;host;x-amz-date;x-amz-target"
	signedWithToken = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
)

// write makes the request, signed with Signature Version 4. Source: IAM User
// Guide, "Create a signed AWS API request".
func (c *Client) write(operation string, body []byte) {
	at := time.Now().UTC().Format("20060102T150405Z")
	scope := at[:8] + "/" + c.region + "/kms/aws4_request"
	names, tokenName, tokenHeader, newLine, crlf := signedHeaders, "", "", "", ""
	if c.credentials.Token != "" {
		names, tokenName, tokenHeader, newLine, crlf = signedWithToken, "x-amz-security-token:", "X-Amz-Security-Token: ", "\n", "\r\n"
	}
	b := appendAll(c.scratch[:0], "POST\n/\n\ncontent-type:", contentType, "\nhost:", c.host, "\nx-amz-date:", at, "\n",
		tokenName, c.credentials.Token, newLine, "x-amz-target:TrentService.", operation, "\n\n", names, "\n")
	canonical := sha256.Sum256(appendDigest(b, body))
	b = appendAll(c.scratch[:0], "AWS4-HMAC-SHA256\n", at, "\n", scope, "\n")
	c.scratch = hex.AppendEncode(b, canonical[:])

	b = appendAll(c.out[:0], "POST / HTTP/1.1\r\nHost: ", c.host, "\r\nContent-Type: ", contentType, "\r\nX-Amz-Date: ", at, "\r\n",
		tokenHeader, c.credentials.Token, crlf, "X-Amz-Target: TrentService.", operation,
		"\r\nAuthorization: AWS4-HMAC-SHA256 Credential=", c.credentials.AccessKey, "/", scope, ", SignedHeaders=", names, ", Signature=")
	b = hex.AppendEncode(b, c.sign(at[:8], c.scratch))
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(body)), 10)
	c.out = append(append(b, "\r\n\r\n"...), body...)
}

func appendAll(to []byte, texts ...string) []byte {
	for _, text := range texts {
		to = append(to, text...)
	}
	return to
}

// sign makes a signature. The signing key is good for a day, and clients of AWS
// keep it too.
func (c *Client) sign(day string, text []byte) []byte {
	if c.day != day {
		key := []byte("AWS4" + c.credentials.Secret)
		for _, part := range []string{day, c.region, "kms", "aws4_request"} {
			key = mac(hmac.New(sha256.New, key), []byte(part))
		}
		c.day, c.signer = day, hmac.New(sha256.New, key)
	}
	return mac(c.signer, text)
}

func mac(h hash.Hash, text []byte) []byte {
	h.Reset()
	_, _ = h.Write(text) // a hash never fails
	return h.Sum(nil)
}

func appendDigest(to, of []byte) []byte {
	sum := sha256.Sum256(of)
	return hex.AppendEncode(to, sum[:])
}
