package generator

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// memo keeps what was parsed and laid out: the modules of a spec have most of
// their text in common. It is safe for concurrent use.
type memo struct {
	mu          sync.Mutex
	chunks      map[string]map[string]chunk // by file and text
	expressions map[string]hcl.Expression
	records     sync.Map // digest to record
}

func newMemo() *memo {
	return &memo{chunks: map[string]map[string]chunk{}, expressions: map[string]hcl.Expression{}}
}

// chunk is a part of a Terraform file, whole blocks, laid out, with what documents
// tell of it.
type chunk struct {
	text  []byte
	tells documented
}

// expression parses an HCL expression.
func (m *memo) expression(text string) (hcl.Expression, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.expressions[text]; ok {
		return known, nil
	}
	parsed, err := parseExpression(text)
	if err == nil {
		m.expressions[text] = parsed
	}
	return parsed, err
}

// layOut lays a Terraform file out as terraform fmt would; name is its path in the
// module.
func (m *memo) layOut(src []byte, name string) ([]chunk, error) {
	var chunks []chunk
	for _, part := range parts(src) {
		made, err := m.chunk(part, name)
		if err != nil {
			// Once more as a whole: a part that is no Terraform may be a piece of a
			// longer text, and a message should name the line of the file.
			made, err = newChunk(src, name)
			return []chunk{made}, err
		}
		chunks = append(chunks, made)
	}
	return chunks, nil
}

// chunk lays a part out. What modules differ in is above all the defaults of their
// variables: the rest of such a block is laid out once.
func (m *memo) chunk(part []byte, name string) (chunk, error) {
	before, value, after := cutDefault(part)
	if value == nil {
		return m.whole(part, name)
	}
	rest, err := m.whole(slices.Concat(before, []byte("null"), after), name)
	if err != nil || len(rest.tells.Inputs) != 1 {
		return m.whole(part, name)
	}
	parsed, err := parseExpression(string(value))
	if err != nil {
		return m.whole(part, name)
	}
	in := rest.tells.Inputs[0]
	if in.Default, err = asJSON(parsed); err != nil {
		return chunk{}, fmt.Errorf("default of variable %q: %w", in.Name, err)
	}
	before, _, after = cutDefault(rest.text)
	return chunk{slices.Concat(before, hclwrite.Format(value), after), documented{Inputs: []input{in}}}, nil
}

// cutDefault cuts a block at the value of its default; nil for none on one line.
func cutDefault(block []byte) (before, value, after []byte) {
	_, rest, _ := bytes.Cut(block, []byte("\n  default "))
	line, after, found := bytes.Cut(rest, []byte("\n"))
	equals := bytes.IndexByte(line, '=')
	if !found || equals < 0 || len(bytes.TrimSpace(line[:equals])) > 0 {
		return nil, nil, nil
	}
	from := len(block) - len(rest) + equals + len("= ")
	return block[:from], bytes.TrimSpace(line[equals+1:]), block[len(block)-len(after)-len("\n"):]
}

// whole lays a part out, or finds it as it was laid out before.
func (m *memo) whole(part []byte, name string) (chunk, error) {
	m.mu.Lock()
	known, ok := m.chunks[name][string(part)]
	m.mu.Unlock()
	if ok {
		return known, nil
	}
	made, err := newChunk(part, name)
	if err != nil {
		return made, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.chunks[name] == nil {
		m.chunks[name] = map[string]chunk{}
	}
	m.chunks[name][string(part)] = made
	return made, nil
}

// parts cuts a file where a block at the margin ends and an empty line follows.
func parts(src []byte) [][]byte {
	const end = "\n}\n\n"
	var cut [][]byte
	for {
		before, after, found := bytes.Cut(src, []byte(end))
		if !found {
			return append(cut, src)
		}
		cut = append(cut, src[:len(before)+len(end)])
		src = after
	}
}

// newChunk lays Terraform out, and parses what comes of it: hclwrite formats
// broken text too.
func newChunk(src []byte, name string) (chunk, error) {
	c := chunk{text: hclwrite.Format(src)}
	parsed, diags := hclsyntax.ParseConfig(c.text, name, hcl.InitialPos)
	if diags.HasErrors() {
		return c, diags
	}
	return c, c.tells.read(name, c.text, parsed.Body.(*hclsyntax.Body).Blocks)
}
