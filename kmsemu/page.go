package kmsemu

import (
	"encoding/base64"
	"sort"
	"strings"
)

// pageInput is the paging part of a list operation's input.
type pageInput struct {
	Limit  *int
	Marker string
}

// pageLimits are a list operation's default and largest page (K0071).
type pageLimits struct{ fallback, high int }

func (p *pageInput) checkPage(k *checker, limits pageLimits) {
	k.checkInt("limit", p.Limit, intRule{1, limits.high})
	k.checkText("marker", p.Marker, textRule{max: 1024})
}

// pageOutput is the paging part of a list operation's result.
type pageOutput struct {
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

// page cuts the page a request asks for out of items sorted by name. A marker
// holds the operation and the last name seen, so it stays valid when items come
// and go; one of another operation is refused.
func page[T any](c *call, in *pageInput, limits pageLimits, items []T, name func(T) string) ([]T, pageOutput, error) {
	if in.Marker != "" {
		after, err := c.readMarker(in.Marker)
		if err != nil {
			return nil, pageOutput{}, err
		}
		items = items[sort.Search(len(items), func(i int) bool { return name(items[i]) > after }):]
	}
	size := valueOr(in.Limit, limits.fallback)
	if len(items) <= size {
		return items, pageOutput{}, nil
	}
	items = items[:size]
	return items, pageOutput{Truncated: true, NextMarker: c.marker(name(items[size-1]))}, nil
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
