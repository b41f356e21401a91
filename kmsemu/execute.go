package kmsemu

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"
)

// outcome is what became of a call.
type outcome struct {
	result any // nil if the operation answers without a body
	err    *apiError
	// connection is what happens to the connection: see [Fault]; "" for nothing.
	connection string
}

// execute runs the operation of a call, unless a fault is planned for it or its
// quota is used up.
func (s *Server) execute(c *call) outcome {
	fault, err := s.faults.strike(c)
	if err != nil {
		return outcome{err: asAPIError(err)}
	}
	if fault.Latency > 0 && s.config.Wait(c.context, time.Duration(fault.Latency)) != nil {
		return outcome{connection: DropBefore} // the client has left
	}
	switch {
	case fault.Connection == DropBefore:
		return outcome{connection: DropBefore}
	case fault.Error != "":
		code, _ := c.codeNamed(fault.Error)
		return outcome{err: &apiError{code: code, message: fault.Message}}
	}
	if err := s.throttled(c); err != nil {
		return outcome{err: asAPIError(err)}
	}
	result, err := c.op.run(c)
	if err != nil {
		return outcome{err: asAPIError(err), connection: fault.Connection}
	}
	return outcome{result: result, connection: fault.Connection}
}

// realWait waits by the clock of the machine.
func realWait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send writes an answer, as far as the connection lets it.
func (answer reply) send(w http.ResponseWriter, p protocol) {
	write := p.writeResult
	if answer.err != nil {
		write = p.writeError
	}
	if answer.connection == "" {
		write(w, answer)
		return
	}
	if answer.connection == Truncate {
		whole := heldAnswer{ResponseWriter: w}
		write(&whole, answer)
		whole.sendHalf()
	}
	// The server closes the connection then, and logs nothing.
	panic(http.ErrAbortHandler)
}

// heldAnswer holds an answer back.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write keeps a part of the body.
func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }

// sendHalf sends half of the body and promises all of it.
func (h *heldAnswer) sendHalf() {
	h.Header().Set("Content-Length", strconv.Itoa(h.body.Len()))
	h.ResponseWriter.WriteHeader(h.status)
	_, _ = h.ResponseWriter.Write(h.body.Bytes()[:h.body.Len()/2]) // a client that left needs no answer
	// Where it cannot be flushed, as in a recorder, it has been written.
	_ = http.NewResponseController(h.ResponseWriter).Flush()
}
