package kmsemu

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

const (
	targetHeader  = "X-Amz-Target"
	targetPrefix  = "TrentService."
	jsonMediaType = "application/x-amz-json-1.1"
)

var jsonContentType = []string{jsonMediaType}

// jsonProtocol is AWS JSON 1.1, spoken by KMS (K0001).
type jsonProtocol struct{}

func (jsonProtocol) operation(c *call, r *http.Request) error {
	name, ok := strings.CutPrefix(targetOf(r), targetPrefix)
	op, known := kmsOperations[name]
	if !ok || !known || !isJSON(r) || r.Method != http.MethodPost || r.URL.Path != "/" {
		return fail(unknownOperation, "")
	}
	if c.service != serviceKMS {
		return fail(invalidSignature, "Credential should be scoped to correct service: '%s'. ", serviceKMS)
	}
	c.name, c.op, c.protocol = name, op, jsonProtocol{}
	return nil
}

// isJSON reports whether a request has the Content-Type of the protocol (K0592).
func isJSON(r *http.Request) bool {
	value := r.Header.Get("Content-Type")
	if value == jsonMediaType {
		return true // as clients write it
	}
	media, _, err := mime.ParseMediaType(value)
	return err == nil && media == jsonMediaType
}

// targetOf names the operation: in a header or, of a presigned URL, in the query.
func targetOf(r *http.Request) string {
	if target := r.Header.Get(targetHeader); target != "" || r.URL.RawQuery == "" {
		return target
	}
	return r.URL.Query().Get(targetHeader)
}

func (jsonProtocol) name(c code) string { return codes[c].name }

func (jsonProtocol) writeResult(w http.ResponseWriter, answer reply) {
	if answer.result == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	writeJSON(w, http.StatusOK, answer.result)
}

func (jsonProtocol) writeError(w http.ResponseWriter, answer reply) {
	row := codes[answer.err.code]
	body := map[string]string{"__type": row.name}
	if answer.err.message != "" {
		body[messageField(answer.err.code)] = answer.err.message
	}
	writeJSON(w, row.status, body)
}

// messageField is where the text of an error stands: denials alone spell it with
// a capital (K0004).
func messageField(c code) string {
	if c == accessDenied {
		return "Message"
	}
	return "message"
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = broken, []byte(`{"__type":"KMSInternalException"}`)
	}
	w.Header()["Content-Type"] = jsonContentType
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that left needs no answer
}

// input is what every JSON input must do: check its own shape.
type input[In any] interface {
	*In
	check(*checker)
}

// jsonOperation is the funnel of all KMS operations: decode, check the shape,
// note the parameters for the trail, run with the state locked.
func jsonOperation[In, Out any, P input[In]](run func(*call, P) (*Out, error)) handler {
	return func(c *call) (any, error) {
		in, err := readInput[In, P](c)
		if err != nil {
			return nil, err
		}
		return locked(c, func() (*Out, error) { return run(c, in) })
	}
}

// work is what remains of an operation when the state is unlocked again: the
// cryptography, which takes long and needs nothing but what was found.
type work[Out any] func() (*Out, error)

// jsonWork is [jsonOperation] for operations that leave work.
func jsonWork[In, Out any, P input[In]](run func(*call, P) (work[Out], error)) handler {
	return func(c *call) (any, error) {
		in, err := readInput[In, P](c)
		if err != nil {
			return nil, err
		}
		rest, err := whileLocked(c, func() (work[Out], error) { return run(c, in) })
		if err != nil {
			return nil, err
		}
		return rest()
	}
}

// completable is an input that fills in what the API assumes where it is silent.
type completable interface{ complete() }

// readInput decodes an input, notes it for the trail and checks its shape.
func readInput[In any, P input[In]](c *call) (P, error) {
	in := P(new(In))
	if err := decodeJSON(c.body, in); err != nil {
		return nil, err
	}
	if silent, ok := any(in).(completable); ok {
		silent.complete()
	}
	c.event.request = requestText(in)
	if carrier, ok := any(in).(tokenCarrier); ok {
		c.tokens = carrier.tokens()
	}
	shape := checker{blank: blankMembers(c.body)}
	in.check(&shape)
	return in, shape.err()
}

// blankMembers are the members of an object that are the empty string, by the name
// that messages give them; nil for none.
func blankMembers(body []byte) map[string]bool {
	if !bytes.Contains(body, []byte(`""`)) {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil
	}
	blank := map[string]bool{}
	for name, value := range members {
		if string(value) == `""` {
			blank[lowerFirst(name)] = true
		}
	}
	return blank
}

// decodeJSON is strict where leniency would change a meaning: text that is not
// UTF-8 would decode to the same replacement character whatever it was.
func decodeJSON(body []byte, into any) error {
	if !utf8.Valid(body) {
		return fail(malformedBody, "The request body is not UTF-8.")
	}
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	var problem *apiError
	if errors.As(err, &problem) {
		return problem
	}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		field := mismatch.Field[strings.LastIndexByte(mismatch.Field, '.')+1:]
		if field == "" {
			return fail(malformedBody, "The request body is a JSON %s, not an object.", mismatch.Value)
		}
		return fail(malformedBody, "A JSON %s does not fit the field %s.", mismatch.Value, field)
	}
	var blob base64.CorruptInputError
	if errors.As(err, &blob) {
		return fail(malformedBody, "A binary parameter is not in base64, with its padding.")
	}
	return fail(malformedBody, "The request body is not valid JSON: %v.", err)
}

// jsonText is an input or a result as JSON; nil if it cannot be written. An input
// leaves out what is secret: see [blob].
func jsonText(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return text
}

// requestText is an input as the trail keeps it.
func requestText(in any) []byte {
	if r, ok := in.(recorded); ok {
		in = r.forTrail()
	}
	return jsonText(in)
}

// Of the parameters, alwaysRecorded are those that records show even where a request
// is silent, and recordedAs those that have another name there (K0116).
var (
	alwaysRecorded = map[string]bool{"BypassPolicyLockoutSafetyCheck": true, "Description": true}
	recordedAs     = map[string]string{"CloudHsmClusterId": "clusterId"}
)

// parameters renders the text of an input as CloudTrail does: field names with a
// small first letter, and what was not sent left out; nil if that is all.
func parameters(text []byte) map[string]any {
	var fields map[string]any
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	out := make(map[string]any, len(fields))
	for name, value := range fields {
		if value != nil && (value != "" && value != false || alwaysRecorded[name]) {
			out[cmp.Or(recordedAs[name], lowerFirst(name))] = dated(name, value)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func lowerFirst(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// blob is binary input: plaintext or ciphertext. It decodes from base64 like
// any []byte and never encodes, so that it cannot reach the audit trail.
type blob []byte

// MarshalJSON writes null.
func (blob) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// secretText is textual input that nobody may see again. It decodes like any string
// and never encodes, so that it cannot reach the audit trail.
type secretText string

// MarshalJSON writes null.
func (secretText) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// absent is a parameter of the service that this emulator does not support. It
// takes any value, so that the operation can refuse it instead of ignoring it.
type absent bool

// MarshalJSON writes null: an operation with such a parameter is refused anyway.
func (absent) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// UnmarshalJSON notes that the parameter was sent.
func (a *absent) UnmarshalJSON(text []byte) error {
	*a = string(text) != "null"
	return nil
}
