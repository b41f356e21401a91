package keypolicy

import (
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
	matches func(want, got string) bool
}

var (
	exact     = family{patternOptions{variables: true}, func(want, got string) bool { return want == got }}
	foldCase  = family{patternOptions{variables: true}, strings.EqualFold}
	like      = family{patternOptions{variables: true, wildcards: true}, glob}
	arns      = family{patternOptions{variables: true, wildcards: true}, matchARN}
	booleans  = family{patternOptions{variables: true}, strings.EqualFold}
	binary    = family{patternOptions{}, matchBinary}
	addresses = family{patternOptions{}, matchAddress}
)

func numbers(holds func(order int) bool) family {
	return family{patternOptions{variables: true}, func(want, got string) bool {
		w, err1 := strconv.ParseFloat(want, 64)
		g, err2 := strconv.ParseFloat(got, 64)
		return err1 == nil && err2 == nil && holds(compareFloat(g, w))
	}}
}

func dates(holds func(order int) bool) family {
	return family{patternOptions{variables: true}, func(want, got string) bool {
		w, ok1 := parseDate(want)
		g, ok2 := parseDate(got)
		return ok1 && ok2 && holds(g.Compare(w))
	}}
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
	"BinaryEquals":              {binary, false},
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
func (c *compiledCondition) holds(f *facts) bool {
	values := f.values(c.key)
	if c.null {
		return c.nullHolds(len(values) == 0)
	}
	if len(values) == 0 {
		return c.ifExists || c.quantifier == forAllValues || c.negated && c.quantifier == single
	}
	for _, value := range values {
		met := c.matchesAny(value, f) != c.negated
		// A single-valued comparison of a multi-valued key: any match counts,
		// and a negated operator asks that there be none.
		all := c.quantifier == forAllValues || c.quantifier == single && c.negated
		if met != all {
			return met
		}
	}
	return c.quantifier == forAllValues || c.quantifier == single && c.negated
}

func (c *compiledCondition) nullHolds(absent bool) bool {
	for _, p := range c.patterns {
		if strings.EqualFold(p.text, strconv.FormatBool(absent)) {
			return true
		}
	}
	return false
}

func (c *compiledCondition) matchesAny(value string, f *facts) bool {
	for _, p := range c.patterns {
		if want, ok := p.expand(f); ok && c.matches(want, value) {
			return true
		}
	}
	return false
}

// matchARN compares the six components one by one, so that a wildcard does not
// cross a colon, except within the resource.
func matchARN(want, got string) bool {
	w, g := strings.SplitN(want, ":", 6), strings.SplitN(got, ":", 6)
	if len(w) != 6 || len(g) != 6 {
		return false
	}
	for i := range w {
		if !glob(w[i], g[i]) {
			return false
		}
	}
	return true
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

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
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
