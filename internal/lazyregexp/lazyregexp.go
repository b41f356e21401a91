// Package lazyregexp has regular expressions that are compiled when first used.
// There are many in a program, of which a run needs few, and it should start at
// once: one in a variable of a package costs nothing until then.
package lazyregexp

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression as [regexp.Regexp] is one. It is safe for
// concurrent use.
type Regexp struct {
	text     string
	once     sync.Once
	compiled *regexp.Regexp
}

// New makes one of a text that is known to be valid: if it is not, the first use
// panics.
func New(text string) *Regexp { return &Regexp{text: text} }

// Compiled is what it is behind the scenes, for methods it does not have itself.
func (r *Regexp) Compiled() *regexp.Regexp {
	r.once.Do(func() { r.compiled = regexp.MustCompile(r.text) })
	return r.compiled
}

// MatchString is that of [regexp.Regexp].
func (r *Regexp) MatchString(s string) bool { return r.Compiled().MatchString(s) }

// FindStringSubmatch is that of [regexp.Regexp].
func (r *Regexp) FindStringSubmatch(s string) []string { return r.Compiled().FindStringSubmatch(s) }

// String is its text.
func (r *Regexp) String() string { return r.text }
