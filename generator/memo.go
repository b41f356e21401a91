package generator

import (
	"bytes"
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

func (m *memo) chunk(part []byte, name string) (chunk, error) {
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
