package kmsemu

import (
	"net/http"
)

// protocol is one of the two wire protocols: JSON 1.1 for KMS, the query
// protocol (a form in, XML out) for STS and IAM.
type protocol interface {
	// operation names the call's operation and finds it in the service's table.
	operation(c *call, r *http.Request) error
	// name is the error's code as this protocol spells it.
	name(code) string
	writeResult(w http.ResponseWriter, answer reply)
	writeError(w http.ResponseWriter, answer reply)
}

// protocolOf tells the protocols apart by the target only JSON requests have, so
// that a caller without credentials too is answered in its own language.
func protocolOf(r *http.Request) protocol {
	if targetOf(r) != "" {
		return jsonProtocol{}
	}
	return queryProtocol{}
}

// operation is one row of a service's table: how to run an operation, and what
// its documentation page says of the keys it takes.
type operation struct {
	run handler
	// byAlias: the key may be named by alias, not only by id or ARN (K0013).
	byAlias bool
	// states is which key states it refuses, origins which origins of keys it
	// takes.
	states  stateRule
	origins originRule
	// usage is the KeyUsage of the keys it works with; "" for any.
	usage string
}

// handler runs an operation: the wire funnels [jsonOperation], [jsonWork] and
// [queryOperation] make one from a typed function.
type handler func(*call) (any, error)

// empty is the result of an operation that answers without a body.
type empty struct{}

// done is what such an operation returns.
func done() (*empty, error) { return nil, nil }

// whileLocked runs f with the state locked, after time has made its changes, and
// keeps what it changed.
func whileLocked[T any](c *call, f func() (T, error)) (out T, err error) {
	err = c.server.whileLocked(func() error {
		if err := c.server.catchUp(c.now); err != nil {
			return err
		}
		defer func() { c.noteChanges(err) }()
		out, err = f()
		return err
	})
	return out, err
}

// locked is whileLocked, and turns a nil result into no result.
func locked[Out any](c *call, f func() (*Out, error)) (any, error) {
	out, err := whileLocked(c, f)
	if out == nil || err != nil {
		return nil, err
	}
	return out, nil
}
