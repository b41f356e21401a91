package kmsemu

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// checker collects what is wrong with the shape of an input, in the words of the
// services (K0007). All problems are reported in one error.
type checker struct {
	problems []string
	special  *apiError
	// quiet: no value is shown, as IAM has it. unanchored: patterns are shown without
	// the anchors that they have here, as the models of IAM and STS write them (K0614).
	quiet, unanchored bool
	// blank are the members of the input that were sent as an empty string, which is
	// not the same as absent (K0623), by path.
	blank map[string]bool
}

func (k *checker) problem(format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...))
}

// fail reports a problem that the service words in its own way (K0008); only the
// first is kept, and constraint failures go before it.
func (k *checker) fail(c code, format string, args ...any) {
	if k.special == nil {
		k.special = fail(c, format, args...)
	}
}

func (k *checker) err() error {
	switch n := len(k.problems); {
	case n == 1:
		return fail(validation, "1 validation error detected: %s", k.problems[0])
	case n > 1:
		return fail(validation, "%d validation errors detected: %s", n, strings.Join(k.problems, "; "))
	case k.special != nil:
		return k.special
	}
	return nil
}

// refuse reports a parameter of the service that is not supported here.
func (k *checker) refuse(name string, sent absent) {
	if sent {
		k.fail(unsupported, "This emulator does not support the parameter %s: leave it out.", name)
	}
}

// textRule is what a string parameter must satisfy. A zero max means no limit; a
// rule with a zero min makes the parameter optional.
type textRule struct {
	min, max int
	pattern  pattern
	enum     []string
	told     []string // the values that messages name, where they are not those of enum
	blank    bool     // an empty one is no other than none
	secret   bool     // messages do not show the value
	// words say what the pattern means, where the service does not show it.
	words string
}

// pattern is a regular expression as the service writes it.
type pattern interface {
	MatchString(text string) bool
	fmt.Stringer
}

// checkOptional is checkText for a parameter that may be absent, but has a least
// length if it is there.
func (k *checker) checkOptional(path, value string, rule textRule) {
	if value != "" || k.blank[path] && !rule.blank {
		k.checkText(path, value, rule)
	}
}

// checkText checks a string; lengths count characters.
func (k *checker) checkText(path, value string, rule textRule) {
	if k.blank[path] {
		value = "" // whatever its default
	}
	if value == "" && (rule.blank || !k.blank[path]) {
		if rule.min > 0 {
			k.missing(path)
		}
		return
	}
	// Most values are right, and then nobody needs the words.
	subject := func() string {
		if rule.secret || k.quiet {
			return fmt.Sprintf("Value at '%s'", path)
		}
		return fmt.Sprintf("Value '%s' at '%s'", value, path)
	}
	if length, limits := utf8.RuneCountInString(value), rule.lengths(); !limits.allows(length) {
		k.checkLength(subject(), length, limits)
	}
	if rule.pattern != nil && !rule.pattern.MatchString(value) {
		k.mismatch(path, subject(), rule)
	}
	if rule.enum != nil && !slices.Contains(rule.enum, value) {
		k.problem("%s failed to satisfy constraint: Member must satisfy enum value set: [%s]", subject(), strings.Join(rule.values(), ", "))
	}
}

// missing reports a required parameter that was not sent.
func (k *checker) missing(path string) {
	subject := "Value null at"
	if k.quiet {
		subject = "Value at"
	}
	k.problem("%s '%s' failed to satisfy constraint: Member must not be null", subject, path)
}

// mismatch reports a value that does not match the pattern of its rule.
func (k *checker) mismatch(path, subject string, rule textRule) {
	if rule.words != "" {
		k.fail(validation, "The specified value for %s is invalid. %s", path, rule.words)
		return
	}
	k.problem("%s failed to satisfy constraint: Member must satisfy regular expression pattern: %s", subject, k.shown(rule.pattern))
}

func (k *checker) shown(p pattern) string {
	if k.unanchored {
		text := strings.TrimSuffix(strings.TrimPrefix(p.String(), "^"), "$")
		return codePoint.Compiled().ReplaceAllString(text, `\u$1`)
	}
	return p.String()
}

// codePoint is a character as the patterns here write it.
var codePoint = lazyregexp.New(`\\x\{([0-9A-F]{4})\}`)

// lengths are those of a value that is there. Enumerations have no other limit than
// their values.
func (r textRule) lengths() intRule {
	if r.min == 0 && r.enum == nil {
		return intRule{1, r.max}
	}
	return intRule{r.min, r.max}
}

// values are what a message about an enumeration names.
func (r textRule) values() []string {
	if r.told != nil {
		return r.told
	}
	return r.enum
}

func (k *checker) checkLength(subject string, length int, limits intRule) {
	if length < limits.low {
		k.problem("%s failed to satisfy constraint: Member must have length greater than or equal to %d", subject, limits.low)
	}
	if limits.high > 0 && length > limits.high {
		k.problem("%s failed to satisfy constraint: Member must have length less than or equal to %d", subject, limits.high)
	}
}

// checkBlob checks a required blob, whose value is never shown.
func (k *checker) checkBlob(path string, value blob, limits intRule) {
	if value == nil {
		k.problem("Value null at '%s' failed to satisfy constraint: Member must not be null", path)
		return
	}
	if !limits.allows(len(value)) {
		k.checkLength(fmt.Sprintf("Value at '%s'", path), len(value), limits)
	}
}

// checkPlaintext is [checker.checkBlob] for what is secret, of which messages do not
// even tell that it is absent (K0007).
func (k *checker) checkPlaintext(path string, value blob, limits intRule) {
	if value == nil {
		k.problem("Value at '%s' failed to satisfy constraint: Member must not be null", path)
		return
	}
	k.checkBlob(path, value, limits)
}

// intRule is an inclusive range.
type intRule struct{ low, high int }

// allows reports whether a length is in the range; a high of 0 is no limit.
func (r intRule) allows(length int) bool {
	return length >= r.low && (r.high <= 0 || length <= r.high)
}

// checkInt checks a number; nil is absent and passes.
func (k *checker) checkInt(path string, value *int, limits intRule) {
	if value == nil {
		return
	}
	subject := fmt.Sprintf("Value '%d' at '%s'", *value, path)
	if k.quiet {
		subject = fmt.Sprintf("Value at '%s'", path)
	}
	if *value < limits.low {
		k.problem("%s failed to satisfy constraint: Member must have value greater than or equal to %d", subject, limits.low)
	}
	if *value > limits.high {
		k.problem("%s failed to satisfy constraint: Member must have value less than or equal to %d", subject, limits.high)
	}
}

// keyIDRule is that of every key identifier: id, ARN, alias name, alias ARN (K0622);
// optionalKeyIDRule where there may be none.
var (
	keyIDRule         = textRule{min: 1, max: 2048, pattern: characters{0, unicode.MaxASCII, `^\p{ASCII}+$`}}
	optionalKeyIDRule = textRule{max: keyIDRule.max, pattern: keyIDRule.pattern}
)

// characters is a pattern of characters between two, which KMS writes in another way
// than Go.
type characters struct {
	low, high rune
	text      string
}

// MatchString implements [pattern].
func (s characters) MatchString(text string) bool {
	return (text != "" || strings.HasSuffix(s.text, "*")) && strings.IndexFunc(text, func(r rune) bool { return r < s.low || r > s.high }) < 0
}

// String is the pattern as KMS writes it.
func (s characters) String() string { return s.text }

func (k *checker) checkKeyID(value string) { k.checkText("keyId", value, keyIDRule) }

// valueOr is the value of an optional parameter, or its default.
func valueOr[T any](value *T, fallback T) T {
	if value == nil {
		return fallback
	}
	return *value
}
