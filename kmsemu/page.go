package kmsemu

import (
	"encoding/base64"
	"iter"
	"slices"
	"sort"
	"strings"
)

// pageInput is the paging part of a list operation's input.
type pageInput struct {
	Limit  *int
	Marker string
}

// markerRule is the model's, which takes more than the markers there are.
var markerRule = textRule{max: 1024, pattern: characters{' ', '\u00FF', `[\u0020-\u00FF]*`}}

// pageLimits are a list operation's default and largest page (K0071).
type pageLimits struct{ fallback, high int }

func (p *pageInput) checkPage(k *checker, limits pageLimits) {
	k.checkInt("limit", p.Limit, intRule{1, limits.high})
	k.checkText("marker", p.Marker, markerRule)
}

// pageOutput is the paging part of a list operation's result.
type pageOutput struct {
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

// page is [pageFrom] of items sorted by name.
func page[T any](c *call, in *pageInput, limits pageLimits, items []T, name func(T) string) ([]T, pageOutput, error) {
	after := func(last string) iter.Seq[T] {
		return slices.Values(items[sort.Search(len(items), func(i int) bool { return name(items[i]) > last }):])
	}
	return pageFrom(c, in, limits, after, name)
}

// pageFrom takes the page a request asks for from items in the order of their
// names: after lists those that come after a name, all for "". A marker holds the
// operation and the last name seen, so it stays valid when items come and go; one
// of another operation is refused.
func pageFrom[T any](c *call, in *pageInput, limits pageLimits, after func(string) iter.Seq[T], name func(T) string) ([]T, pageOutput, error) {
	last := ""
	if in.Marker != "" {
		var err error
		if last, err = c.readMarker(in.Marker); err != nil {
			return nil, pageOutput{}, err
		}
	}
	size, items := valueOr(in.Limit, limits.fallback), []T{}
	for item := range after(last) {
		if len(items) == size {
			return items, pageOutput{Truncated: true, NextMarker: c.marker(name(items[size-1]))}, nil
		}
		items = append(items, item)
	}
	return items, pageOutput{}, nil
}

func (c *call) marker(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.name + " " + name))
}

func (c *call) readMarker(marker string) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(marker)
	name, ok := strings.CutPrefix(string(text), c.name+" ")
	if err != nil || !ok {
		return "", fail(invalidMarker, "Could not deserialize marker '%s'", marker)
	}
	return name, nil
}
