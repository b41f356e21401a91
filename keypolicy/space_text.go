package keypolicy

import (
	"slices"
	"strings"
	"unicode"
)

// class is a set of characters.
type class uint8

const (
	exactly  class = iota // one character
	lowered               // the characters with one lower-case form
	folded                // the characters that case folding makes equal
	anything              // every character
	noColon               // every character but a colon
	noSlash               // every character but a slash and a colon
	digit                 // 0 to 9
)

// atom matches one character of its class or, as a loop, any number of them.
type atom struct {
	class class
	char  rune
	loop  bool
}

func (a atom) matches(r rune) bool {
	switch a.class {
	case exactly:
		return r == a.char
	case lowered:
		return unicode.ToLower(r) == a.char
	case folded:
		return slices.Contains(variants(a.char), r)
	case noColon:
		return r != ':'
	case noSlash:
		return r != '/' && r != ':'
	case digit:
		return r >= '0' && r <= '9'
	}
	return true
}

// variants are the characters that a case-blind comparison may take for r.
func variants(r rune) []rune {
	all := []rune{r}
	for v := unicode.SimpleFold(r); v != r; v = unicode.SimpleFold(v) {
		all = append(all, v)
	}
	if unicode.ToLower(r) == 'i' {
		all = append(all, 'İ') // its lower case is i, but folding leaves it alone
	}
	return all
}

// shape is a set of texts: those that its atoms match one after the other.
type shape []atom

func literal(text string) shape {
	var s shape
	for _, r := range text {
		s = append(s, atom{class: exactly, char: r})
	}
	return s
}

// some is one or more characters of a class; many is any number of them.
func some(c class) shape { return shape{{class: c}, {class: c, loop: true}} }
func many(c class) shape { return shape{{class: c, loop: true}} }

// maxTextWork bounds the search for texts in a comparison, in steps of one atom
// each.
const maxTextWork = 5_000_000

// cells finds texts of the base shape that stand for all of them: whatever text
// one takes, some cell is covered by exactly the same shapes. It is the set of
// states that the shapes' product automaton can reach, each with its shortest
// text. False means that there were too many states: the texts found are right,
// but some may be missing.
//
// The work is taken off what is left of it.
func cells(base shape, shapes []shape, left *int) (texts []string, complete bool) {
	w := newWords(append([]shape{base}, shapes...))
	w.left = left
	return w.search()
}

// words is the product automaton of several shapes. A position is the index of
// an atom, or of the end that follows the atoms of each shape.
type words struct {
	atoms  []atom
	end    []bool // by position
	base   int    // the first position behind the base shape
	states []wordState
	seen   map[string]bool
	stamp  []int // by position: the last step that reached it
	step   int
	left   *int
}

type wordState struct {
	parent    int
	char      rune
	positions []int
}

func newWords(shapes []shape) *words {
	w := &words{seen: map[string]bool{}}
	var start []int
	for i, s := range shapes {
		start = append(start, len(w.atoms))
		w.atoms = append(append(w.atoms, s...), atom{})
		w.end = append(append(w.end, make([]bool, len(s))...), true)
		if i == 0 {
			w.base = len(w.atoms)
		}
	}
	w.stamp = make([]int, len(w.atoms))
	w.step++
	var positions []int
	for _, at := range start {
		positions = w.reach(positions, at)
	}
	w.add(-1, 0, positions)
	return w
}

// reach adds a position and those behind loops that need no character.
func (w *words) reach(positions []int, at int) []int {
	for w.stamp[at] != w.step {
		w.stamp[at] = w.step
		positions = append(positions, at)
		if w.end[at] || !w.atoms[at].loop {
			break
		}
		at++
	}
	return positions
}

// add notes a state, unless it is known or can no longer become a text of the
// base shape.
func (w *words) add(parent int, char rune, positions []int) {
	slices.Sort(positions)
	if len(positions) == 0 || positions[0] >= w.base {
		return
	}
	key := numbersKey(positions)
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	w.states = append(w.states, wordState{parent, char, positions})
}

// numbersKey makes a list of numbers below 2^32 the key of a map.
func numbersKey(list []int) string {
	key := make([]byte, 0, 4*len(list))
	for _, n := range list {
		key = append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	return string(key)
}

func (w *words) search() (texts []string, complete bool) {
	covered := map[string]bool{}
	for i := 0; i < len(w.states); i++ {
		if *w.left < 0 {
			return texts, false
		}
		state := w.states[i]
		if key, ok := w.accepts(state.positions); ok && !covered[key] {
			covered[key] = true
			texts = append(texts, w.text(i))
		}
		for _, char := range w.alphabet(state.positions) {
			w.add(i, char, w.next(state.positions, char))
		}
	}
	return texts, true
}

// accepts names the shapes that cover the text of a state; ok is false if the
// base does not.
func (w *words) accepts(positions []int) (key string, ok bool) {
	var ends []int
	for _, p := range positions {
		if w.end[p] {
			ok = ok || p < w.base
			ends = append(ends, p)
		}
	}
	return numbersKey(ends), ok
}

func (w *words) next(positions []int, char rune) []int {
	*w.left -= len(positions)
	w.step++
	var next []int
	for _, p := range positions {
		switch a := w.atoms[p]; {
		case w.end[p] || !a.matches(char):
		case a.loop:
			next = w.reach(next, p)
		default:
			next = w.reach(next, p+1)
		}
	}
	return next
}

// ordinary are the characters to take, in this order, for one that nothing
// names.
const (
	ordinary      = "xyzabcdefghijklmnopqrstuvwXYZABCDEFGHIJKLMNOPQRSTUVW-_.+=@,"
	ordinaryDigit = "9876543210"
)

// alphabet is one character of each kind that the positions tell apart, ordinary
// ones first: the texts then say no more than they must.
func (w *words) alphabet(positions []int) []rune {
	var named []rune
	wild := false
	for _, p := range positions {
		if w.end[p] {
			continue
		}
		switch a := w.atoms[p]; a.class {
		case exactly:
			named = append(named, a.char)
		case lowered, folded:
			named = append(named, variants(a.char)...)
		default:
			wild = true
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	if !wild {
		return named
	}
	var chars []rune
	for _, more := range []string{ordinary, ordinaryDigit, ":", "/"} {
		if char, ok := unnamed(named, more); ok {
			chars = append(chars, char)
		}
	}
	return append(chars, named...)
}

// unnamed is the first of the characters that is not named. Ordinary ones do
// not run out: Unicode has more of them.
func unnamed(named []rune, from string) (rune, bool) {
	for _, char := range from {
		if _, found := slices.BinarySearch(named, char); !found {
			return char, true
		}
	}
	if from != ordinary {
		return 0, false
	}
	char := '¡'
	for slices.Contains(named, char) {
		char++
	}
	return char, true
}

func (w *words) text(state int) string {
	var chars []rune
	for ; w.states[state].parent >= 0; state = w.states[state].parent {
		chars = append(chars, w.states[state].char)
	}
	slices.Reverse(chars)
	return string(chars)
}

// shapeOf is the texts that a compiled pattern, expanded, covers under one of
// the operators on text. It is false for an ARN pattern that covers none.
func shapeOf(operator, pattern string) (shape, bool) {
	switch {
	case strings.HasPrefix(operator, "Arn"):
		return arnShape(pattern)
	case strings.HasSuffix(operator, "IgnoreCase"):
		return patternShape(pattern, lowered, anything), true
	case operator == "Bool":
		return patternShape(pattern, folded, anything), true
	}
	return patternShape(pattern, exactly, anything), true
}

// patternShape reads a pattern: its characters match as the one class says, its
// wildcards as the other.
func patternShape(pattern string, char, wildcard class) shape {
	var s shape
	for _, r := range pattern {
		switch r {
		case anyText:
			s = append(s, atom{class: wildcard, loop: true})
		case anyRune:
			s = append(s, atom{class: wildcard})
		default:
			s = append(s, atom{class: char, char: r})
		}
	}
	return s
}

func arnShape(pattern string) (shape, bool) {
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) != 6 {
		return nil, false
	}
	var s shape
	for _, part := range parts[:5] {
		s = append(append(s, patternShape(part, exactly, noColon)...), literal(":")...)
	}
	return append(s, patternShape(parts[5], exactly, anything)...), true
}
