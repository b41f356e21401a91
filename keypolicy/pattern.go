package keypolicy

import (
	"strings"
	"unicode/utf8"
)

// Wildcards in a compiled pattern are control characters, which no policy text
// may hold: so a literal asterisk, from ${*} or from a variable's value, stays
// a literal one.
const (
	anyText    = '\x00' // *
	anyRune    = '\x01' // ?
	anyUnknown = '\x02' // a mark
)

var wildcards = strings.NewReplacer("*", string(anyText), "?", string(anyRune))

// pattern is a policy value: text, perhaps with wildcards, perhaps with policy
// variables.
type pattern struct {
	text     string    // complete when there are no segments
	segments []segment // in order, when there are variables
	marks    []string  // names of its unknown parts
}

// segment is literal text or, when variable is set, a policy variable with its
// default.
type segment struct {
	text       string
	variable   string
	fallback   string
	hasDefault bool
}

// patternOptions say how a value is read.
type patternOptions struct {
	wildcards bool // * and ? match text
	variables bool // ${key} is replaced
	fold      bool // compare in lower case
}

func compilePattern(value string, options patternOptions) pattern {
	names := marks(value)
	value = hide(value)
	if options.fold {
		value = strings.ToLower(value)
	}
	literal := func(text string) string {
		if options.wildcards {
			return wildcards.Replace(text)
		}
		return text
	}
	if !options.variables || !strings.Contains(value, "${") {
		return pattern{text: literal(value), marks: names}
	}
	var segments []segment
	for rest := value; rest != ""; {
		before, after, found := strings.Cut(rest, "${")
		name, tail, closed := strings.Cut(after, "}")
		if !found || !closed {
			segments = append(segments, segment{text: literal(rest)})
			break
		}
		segments = append(segments, segment{text: literal(before)}, variableSegment(name))
		rest = tail
	}
	return pattern{segments: segments, marks: names}
}

// variableSegment reads what stands between ${ and }: an escape (*, ?, $), a
// key, or a key with a default: aws:username, 'nobody'.
func variableSegment(name string) segment {
	if name == "*" || name == "?" || name == "$" {
		return segment{text: name}
	}
	key, fallback, hasDefault := strings.Cut(name, ",")
	fallback = strings.Trim(strings.TrimSpace(fallback), "'")
	return segment{variable: strings.ToLower(strings.TrimSpace(key)), fallback: fallback, hasDefault: hasDefault}
}

// expand replaces variables. It is false when a variable has no single value
// in this request and no default: such a value matches nothing.
func (p *pattern) expand(f *facts) (string, bool) {
	if p.segments == nil {
		return p.text, true
	}
	var b strings.Builder
	for _, s := range p.segments {
		text := s.text
		if s.variable != "" {
			values, _ := f.lookUp(s.variable)
			switch {
			case len(values) == 1:
				text = hide(values[0])
			case s.hasDefault:
				text = s.fallback
			default:
				return "", false
			}
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// matches reports whether the pattern covers the text.
func (p *pattern) matches(text string, f *facts) truth {
	want, ok := p.expand(f)
	if !ok {
		return no
	}
	return matchText(want, text)
}

// glob matches text against a compiled pattern in time proportional to the
// product of their lengths, whatever the wildcards.
func glob(pattern, text string) bool {
	p, t := 0, 0
	for p < len(pattern) && t < len(text) && pattern[p] == text[t] && pattern[p] > anyUnknown {
		p++
		t++
	}
	star, mark := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == anyText:
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == anyRune && text[t] != anyUnknown:
			_, size := utf8.DecodeRuneInString(text[t:])
			t += size
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			_, size := utf8.DecodeRuneInString(text[mark:]) // a ? is a whole character
			mark += size
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], string(anyText)) == ""
}
