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
	chunks      sync.Map // string to chunk
	expressions sync.Map // string to hcl.Expression
	records     sync.Map // digest to record
}

// chunk is a part of a Terraform file, whole blocks, laid out, with what documents
// tell of it.
type chunk struct {
	text  []byte
	tells documented
}

// expression parses an HCL expression.
func (m *memo) expression(text string) (hcl.Expression, error) {
	if known, ok := m.expressions.Load(text); ok {
		return known.(hcl.Expression), nil
	}
	parsed, err := parseExpression(text)
	if err == nil {
		m.expressions.Store(text, parsed)
	}
	return parsed, err
}

// layOut lays a Terraform file out as terraform fmt would; name is its path in the
// module.
func (m *memo) layOut(src []byte, name string) ([]chunk, error) {
	var chunks []chunk
	for _, part := range parts(src) {
		key := name + "\x00" + string(part)
		known, ok := m.chunks.Load(key)
		if !ok {
			made, err := newChunk(part, name)
			if err != nil {
				// Once more as a whole: a part that is no Terraform may be a piece of a
				// longer text, and a message should name the line of the file.
				made, err = newChunk(src, name)
				return []chunk{made}, err
			}
			m.chunks.Store(key, made)
			known = made
		}
		chunks = append(chunks, known.(chunk))
	}
	return chunks, nil
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
