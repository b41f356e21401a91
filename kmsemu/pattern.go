package kmsemu

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when first used: there are
// many, and a program with an emulator in it should start at once.
type pattern struct {
	text     string
	compiled func() *regexp.Regexp
}

func newPattern(text string) *pattern {
	return &pattern{text, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

// MatchString is that of [regexp.Regexp].
func (p *pattern) MatchString(s string) bool { return p.compiled().MatchString(s) }

// FindStringSubmatch is that of [regexp.Regexp].
func (p *pattern) FindStringSubmatch(s string) []string { return p.compiled().FindStringSubmatch(s) }

// String is its text.
func (p *pattern) String() string { return p.text }
