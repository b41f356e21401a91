package keypolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// SyntaxError says what is wrong with a policy document and where.
type SyntaxError struct {
	// Name of the policy, as given to [Parse].
	Name string
	// Position of the problem.
	Position Position
	// Problem says what is wrong, Remedy what to write instead.
	Problem, Remedy string
}

// Error is "NAME:LINE:COLUMN: PROBLEM; REMEDY".
func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Position.Line, e.Position.Column, e.Problem)
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// maxDepth bounds nesting: a policy needs five levels.
const maxDepth = 16

// node is a JSON value that remembers where it stands. Exactly one of the
// groups is used, by kind.
type node struct {
	kind    kind
	offset  int
	text    string // string, number, true or false
	members []member
	items   []node
}

type kind uint8

const (
	kindString kind = iota
	kindNumber
	kindBool
	kindNull
	kindObject
	kindArray
)

var kindNames = [...]string{"a string", "a number", "a boolean", "null", "an object", "a list"}

func (k kind) String() string { return kindNames[k] }

// has reports whether an object has a member of the name.
func (n node) has(name string) bool {
	return slices.ContainsFunc(n.members, func(m member) bool { return m.name == name })
}

type member struct {
	name   string
	offset int
	value  node
}

// reader turns JSON text into nodes. encoding/json forgives duplicate keys and
// invalid UTF-8; a policy that relies on either means something else to each
// reader, so both are errors here.
type reader struct {
	name    string
	src     []byte
	decoder *json.Decoder
}

func readJSON(name string, src []byte) (node, error) {
	r := &reader{name: name, src: src, decoder: json.NewDecoder(bytes.NewReader(src))}
	r.decoder.UseNumber()
	if at := invalidUTF8(src); at >= 0 {
		return node{}, r.errorf(at, "remove the bytes that are not text", "invalid UTF-8")
	}
	root, err := r.value(0)
	if err != nil {
		return node{}, err
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return node{}, r.errorf(r.next(), "keep one JSON object", "text after the end of the policy")
	}
	return root, nil
}

func invalidUTF8(src []byte) int {
	for at := 0; at < len(src); {
		r, size := utf8.DecodeRune(src[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

func (r *reader) value(depth int) (node, error) {
	offset := r.next()
	if depth > maxDepth {
		return node{}, r.errorf(offset, "a policy needs no more than five levels", "nested more than %d levels deep", maxDepth)
	}
	token, err := r.decoder.Token()
	if err != nil {
		return node{}, r.jsonError(err)
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return r.object(offset, depth)
		}
		return r.array(offset, depth)
	case string:
		return node{kind: kindString, offset: offset, text: token}, nil
	case json.Number:
		return node{kind: kindNumber, offset: offset, text: token.String()}, nil
	case bool:
		return node{kind: kindBool, offset: offset, text: fmt.Sprint(token)}, nil
	default:
		return node{kind: kindNull, offset: offset}, nil
	}
}

func (r *reader) object(offset, depth int) (node, error) {
	n := node{kind: kindObject, offset: offset}
	seen := map[string]bool{}
	for r.decoder.More() {
		at := r.next()
		token, err := r.decoder.Token()
		if err != nil {
			return node{}, r.jsonError(err)
		}
		name, _ := token.(string) // the decoder allows only strings here
		if seen[name] {
			return node{}, r.errorf(at, "keep one of them", "duplicate key %q", name)
		}
		seen[name] = true
		value, err := r.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{name, at, value})
	}
	return n, r.closing()
}

func (r *reader) array(offset, depth int) (node, error) {
	n := node{kind: kindArray, offset: offset}
	for r.decoder.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
	return n, r.closing()
}

func (r *reader) closing() error {
	if _, err := r.decoder.Token(); err != nil {
		return r.jsonError(err)
	}
	return nil
}

// next is the offset at which the next token starts: the decoder's own offset
// is the end of the last one.
func (r *reader) next() int {
	at := int(r.decoder.InputOffset())
	for at < len(r.src) && strings.IndexByte(" \t\r\n,:", r.src[at]) >= 0 {
		at++
	}
	return at
}

func (r *reader) jsonError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return r.errorf(r.next(), "correct the JSON", "%s", syntax.Error())
	}
	return r.errorf(len(r.src), "close every brace, bracket and quote", "the JSON ends too early")
}

func (r *reader) errorf(offset int, remedy, format string, args ...any) error {
	return &SyntaxError{Name: r.name, Position: position(r.src, offset), Problem: fmt.Sprintf(format, args...), Remedy: remedy}
}

func position(src []byte, offset int) Position {
	offset = max(0, min(offset, len(src)))
	before := src[:offset]
	return Position{Line: 1 + bytes.Count(before, []byte("\n")), Column: offset - bytes.LastIndexByte(before, '\n')}
}
