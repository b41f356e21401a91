package keypolicy

import (
	"slices"
	"strings"
)

// A mark stands between brackets that no policy may hold: key policies and IAM
// policies are limited to the characters up to U+00FF.
const (
	markOpen  = "⟨"
	markClose = "⟩"
)

// Mark returns text that stands for a value nobody knows yet, such as an
// attribute "known after apply"; name says which. It may be a part of any value
// in a policy, or of a condition key's value in a request. What depends on it is
// neither allowed nor denied but [Unknown], and the decision says what it hangs
// on. [Compare] and [Assert] take two marks of one name for one value: give
// values that may differ names that differ.
func Mark(name string) string { return markOpen + name + markClose }

// marks returns the names of the marks in text.
func marks(text string) []string {
	var names []string
	for {
		_, after, found := strings.Cut(text, markOpen)
		name, rest, closed := strings.Cut(after, markClose)
		if !found || !closed {
			return names
		}
		names, text = append(names, name), rest
	}
}

// hide replaces each mark by the one character that stands for it in matching.
func hide(text string) string {
	for _, name := range marks(text) {
		text = strings.Replace(text, Mark(name), string(anyUnknown), 1)
	}
	return text
}

// matchText compares a compiled pattern with a value, of either of which parts
// may be unknown.
func matchText(pattern, value string) truth {
	if pattern == string(anyText) {
		return yes
	}
	if strings.Contains(value, markOpen) {
		value = hide(value)
	}
	unknownPattern := strings.IndexByte(pattern, anyUnknown) >= 0
	if !unknownPattern && strings.IndexByte(value, anyUnknown) < 0 {
		return is(glob(pattern, value))
	}
	switch {
	case !overlap(pattern, value):
		return no
	case !unknownPattern && glob(pattern, value): // a * covers whatever it is
		return yes
	}
	return maybe
}

// overlap reports whether some text is covered by both: by the pattern, and by
// the value whatever its unknown parts are.
func overlap(pattern, value string) bool {
	p, v := []rune(pattern), []rune(value)
	// row[j]: can p[i:] and v[j:] be the same text? Filled from the ends.
	row := make([]bool, len(v)+1)
	for i := len(p); i >= 0; i-- {
		next := slices.Clone(row)
		for j := len(v); j >= 0; j-- {
			row[j] = i == len(p) && j == len(v) ||
				i < len(p) && isAny(p[i]) && (next[j] || j < len(v) && row[j+1]) ||
				j < len(v) && v[j] == anyUnknown && (row[j+1] || i < len(p) && next[j]) ||
				i < len(p) && j < len(v) && (p[i] == v[j] || p[i] == anyRune) && next[j+1]
		}
	}
	return row[0]
}

func isAny(r rune) bool { return r == anyText || r == anyUnknown }
