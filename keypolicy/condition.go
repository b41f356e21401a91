package keypolicy

import (
	"cmp"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// family is a group of operators that compare in the same way: how the policy's
// value is read, and whether it matches the request's value.
type family struct {
	options patternOptions
	// matches compares a policy value, expanded, with a request value.
	matches func(want, got string) truth
}

var (
	exact     = family{patternOptions{variables: true}, matchText}
	foldCase  = family{patternOptions{variables: true, fold: true}, func(want, got string) truth { return matchText(want, strings.ToLower(got)) }}
	like      = family{patternOptions{variables: true, wildcards: true}, matchText}
	arns      = family{patternOptions{variables: true, wildcards: true}, matchARN}
	booleans  = family{patternOptions{variables: true}, known(strings.EqualFold)}
	binaries  = family{patternOptions{}, known(matchBinary)}
	addresses = family{patternOptions{}, known(matchAddress)}
)

// known compares values that are either wholly known or not at all.
func known(matches func(want, got string) bool) func(want, got string) truth {
	return func(want, got string) truth {
		if strings.IndexByte(want, anyUnknown) >= 0 || strings.Contains(got, markOpen) {
			return maybe
		}
		return is(matches(want, got))
	}
}

func numbers(holds func(order int) bool) family {
	return family{patternOptions{variables: true}, known(func(want, got string) bool {
		w, err1 := strconv.ParseFloat(want, 64)
		g, err2 := strconv.ParseFloat(got, 64)
		return err1 == nil && err2 == nil && holds(cmp.Compare(g, w))
	})}
}

func dates(holds func(order int) bool) family {
	return family{patternOptions{variables: true}, known(func(want, got string) bool {
		w, ok1 := parseDate(want)
		g, ok2 := parseDate(got)
		return ok1 && ok2 && holds(g.Compare(w))
	})}
}

func equal(order int) bool          { return order == 0 }
func less(order int) bool           { return order < 0 }
func lessOrEqual(order int) bool    { return order <= 0 }
func greater(order int) bool        { return order > 0 }
func greaterOrEqual(order int) bool { return order >= 0 }

// operator is a condition operator without its prefix and suffix.
type operator struct {
	family
	negated bool
}

// operators are the condition operators of the IAM policy language, except
// Null, which asks only whether a key is there. Source: IAM User Guide, "IAM
// JSON policy elements: Condition operators".
var operators = map[string]operator{
	"StringEquals":              {exact, false},
	"StringNotEquals":           {exact, true},
	"StringEqualsIgnoreCase":    {foldCase, false},
	"StringNotEqualsIgnoreCase": {foldCase, true},
	"StringLike":                {like, false},
	"StringNotLike":             {like, true},
	"NumericEquals":             {numbers(equal), false},
	"NumericNotEquals":          {numbers(equal), true},
	"NumericLessThan":           {numbers(less), false},
	"NumericLessThanEquals":     {numbers(lessOrEqual), false},
	"NumericGreaterThan":        {numbers(greater), false},
	"NumericGreaterThanEquals":  {numbers(greaterOrEqual), false},
	"DateEquals":                {dates(equal), false},
	"DateNotEquals":             {dates(equal), true},
	"DateLessThan":              {dates(less), false},
	"DateLessThanEquals":        {dates(lessOrEqual), false},
	"DateGreaterThan":           {dates(greater), false},
	"DateGreaterThanEquals":     {dates(greaterOrEqual), false},
	"Bool":                      {booleans, false},
	"BinaryEquals":              {binaries, false},
	"IpAddress":                 {addresses, false},
	"NotIpAddress":              {addresses, true},
	"ArnEquals":                 {arns, false},
	"ArnLike":                   {arns, false},
	"ArnNotEquals":              {arns, true},
	"ArnNotLike":                {arns, true},
	"Null":                      {},
}

// quantifier says how a multi-valued request key is compared.
type quantifier uint8

const (
	single quantifier = iota
	forAnyValue
	forAllValues
)

// compiledCondition is a condition ready for evaluation.
type compiledCondition struct {
	operator
	quantifier quantifier
	ifExists   bool
	null       bool
	key        string // lower case
	patterns   []pattern
}

// lookUpOperator takes an operator's name apart. It is false for an unknown
// name; NullIfExists is one.
func lookUpOperator(name string) (compiledCondition, bool) {
	var c compiledCondition
	if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		c.quantifier, name = forAnyValue, rest
	} else if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		c.quantifier, name = forAllValues, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	c.null = name == "Null"
	var ok bool
	c.operator, ok = operators[name]
	return c, ok && (!c.null || !c.ifExists)
}

// compile prepares the condition. Parse has made sure of the operator.
func (c *Condition) compile(variables bool) {
	c.compiled, _ = lookUpOperator(c.Operator)
	c.compiled.key = strings.ToLower(c.Key)
	options := c.compiled.options
	options.variables = options.variables && variables
	for _, value := range c.Values {
		c.compiled.patterns = append(c.compiled.patterns, compilePattern(value, options))
	}
}

// holds reports whether the condition is met.
func (c *compiledCondition) holds(f *facts) truth {
	values, present := f.lookUp(c.key)
	switch present {
	case no:
		return c.holdsAbsent()
	case maybe:
		return either(c.holdsAbsent(), c.holdsFor(values, f))
	}
	return c.holdsFor(values, f)
}

// holdsAbsent is the answer when the request has no such key.
func (c *compiledCondition) holdsAbsent() truth {
	if c.null {
		return c.wants("true")
	}
	return is(c.ifExists || c.quantifier == forAllValues || c.negated && c.quantifier == single)
}

// holdsFor is the answer for the values of the key. A single-valued comparison
// of a multi-valued key is met by any match, and a negated one by there being
// none.
func (c *compiledCondition) holdsFor(values []string, f *facts) truth {
	if c.null {
		return c.wants("false")
	}
	if c.quantifier == forAllValues || c.quantifier == single && c.negated {
		all := yes
		for _, value := range values {
			all = min(all, c.meets(value, f))
		}
		return all
	}
	any := no
	for _, value := range values {
		any = max(any, c.meets(value, f))
	}
	return any
}

// wants reports whether a Null condition asks for this.
func (c *compiledCondition) wants(absent string) truth {
	answer := no
	for i := range c.patterns {
		if len(c.patterns[i].marks) > 0 {
			answer = max(answer, maybe)
		}
		answer = max(answer, is(strings.EqualFold(c.patterns[i].text, absent)))
	}
	return answer
}

// meets compares one value of the request with those of the policy.
func (c *compiledCondition) meets(value string, f *facts) truth {
	matched := no
	for i := range c.patterns {
		if want, ok := c.patterns[i].expand(f); ok {
			matched = max(matched, c.matches(want, value))
		}
	}
	if c.negated {
		return not(matched)
	}
	return matched
}

// matchARN compares the six components one by one, so that a wildcard does not
// cross a colon, except within the resource. An ARN that is unknown as a whole
// may have any.
func matchARN(want, got string) truth {
	got = hide(got)
	w, g := strings.SplitN(want, ":", 6), strings.SplitN(got, ":", 6)
	if len(w) != 6 || len(g) != 6 {
		if strings.IndexByte(want+got, anyUnknown) >= 0 {
			return min(maybe, matchText(want, got))
		}
		return no
	}
	matched := yes
	for i := range w {
		matched = min(matched, matchText(w[i], g[i]))
	}
	return matched
}

func matchBinary(want, got string) bool {
	w, err1 := base64.StdEncoding.DecodeString(want)
	g, err2 := base64.StdEncoding.DecodeString(got)
	return err1 == nil && err2 == nil && string(w) == string(g)
}

func matchAddress(want, got string) bool {
	address, err := netip.ParseAddr(got)
	if err != nil {
		return false
	}
	if prefix, err := netip.ParsePrefix(want); err == nil {
		return prefix.Contains(address)
	}
	single, err := netip.ParseAddr(want)
	return err == nil && single == address
}

// dateLayouts are the forms of a date in a policy, besides epoch seconds:
// those of the W3C's profile of ISO 8601.
var dateLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"}

func parseDate(text string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0), err == nil
}
