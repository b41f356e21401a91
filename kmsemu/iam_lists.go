package kmsemu

import (
	"cmp"
)

// iamPage is the paging part of a list operation's input.
type iamPage struct{ input pageInput }

// iamPageOutput is the paging part of its result.
type iamPageOutput struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

var (
	iamPageLimits = pageLimits{100, 1000}
	prefixRule    = textRule{max: 512, pattern: pathPrefixPattern}
)

// paging reads MaxItems and Marker.
func (f *form) paging() iamPage {
	size := f.number("MaxItems", intRule{1, iamPageLimits.high}, iamPageLimits.fallback)
	return iamPage{pageInput{Limit: &size, Marker: f.text("Marker", textRule{max: 1024})}}
}

// pathPrefix reads PathPrefix, by default all.
func (f *form) pathPrefix() string { return cmp.Or(f.text("PathPrefix", prefixRule), "/") }

// paged cuts the page a request asks for out of items sorted by name, and renders
// it.
func paged[T, X any](c *call, in pagedInput[T, X]) ([]X, iamPageOutput, error) {
	items, more, err := page(c, &in.page.input, iamPageLimits, in.items, in.name)
	if err != nil {
		// The query protocol has no error of its own for markers.
		return nil, iamPageOutput{}, fail(validation, "Invalid Marker.")
	}
	out := make([]X, 0, len(items))
	for _, item := range items {
		out = append(out, in.render(item))
	}
	return out, iamPageOutput{more.Truncated, more.NextMarker}, nil
}

// pagedInput is what to list, how it is sorted and how it is rendered.
type pagedInput[T, X any] struct {
	page   iamPage
	items  []T
	name   func(T) string
	render func(T) X
}

// listed renders things by name.
func listed[T thing, X any](c *call, page iamPage, items []T, render func(T) X) ([]X, iamPageOutput, error) {
	return paged(c, pagedInput[T, X]{page, items, func(t T) string { return t.base().name }, render})
}

func itself(text string) string { return text }

// listAll is the first half of an operation that lists the account's entities of a
// kind: it reads the form and authorises.
func (c *call) listAll(f *form, noun string) (prefix string, page iamPage, err error) {
	prefix, page = f.pathPrefix(), f.paging()
	if err := f.err(); err != nil {
		return "", page, err
	}
	p := permission{action: c.action, resource: c.arn(serviceIAM, noun+prefix)}
	if noun == managedPolicies.noun {
		p.shown = "policy path " + prefix // K0617
	}
	return prefix, page, c.permit(p)
}
