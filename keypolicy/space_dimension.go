package keypolicy

import (
	"maps"
	"slices"
	"strings"
)

// dimension is a condition key with all that it can be, as far as the clauses
// on it can tell.
type dimension struct {
	name    string
	clauses []int
	options []option
	// doubts say, by clause, why its answer is not settled by the options; ""
	// where it is.
	doubts []string
}

// option is one value of a condition key: several for a multi-valued key, none
// if it is absent.
type option struct {
	values []string
	// entries are, for the encryption context as a whole, what is in it.
	entries map[string]string
	holds   []truth // by clause of the dimension
}

// dimensionOf names the dimension that a clause belongs to: the condition key,
// or the clause itself where something else than a value is unknown.
func (v *view) dimensionOf(id int) string {
	c := &v.clauses[id]
	if c.condition == nil || v.follows(c.key()) {
		return "clause " + c.text
	}
	return c.key()
}

func (v *view) dimension(id int) *dimension {
	key := v.dimensionOf(id)
	if d := v.dims[key]; d != nil {
		return d
	}
	d := v.shared[key]
	switch {
	case d != nil:
	case strings.HasPrefix(key, "clause "):
		d = v.alone(id)
	default:
		var forAll bool
		if d, forAll = v.ofKey(key); forAll {
			v.shared[key] = d
		}
	}
	v.dims[key] = d
	return d
}

// alone is the dimension of an unsure clause.
func (v *view) alone(id int) *dimension {
	c := &v.clauses[id]
	answer := maybe
	if c.condition != nil && v.resolves(c) {
		answer = c.condition.holds(&v.facts)
	}
	doubt := v.doubt(c)
	if doubt == "" {
		doubt = c.name + " of the key is not known yet"
	}
	return &dimension{name: c.text, clauses: []int{id}, options: []option{{holds: []truth{answer}}}, doubts: []string{doubt}}
}

// resolves reports whether the caller settles all variables in a clause.
func (v *view) resolves(c *clause) bool {
	for _, key := range c.variables {
		if !v.follows(key) {
			return false
		}
	}
	return true
}

// ofKey finds the options of a condition key; forAll is true if they are the
// same for all callers.
func (v *view) ofKey(key string) (d *dimension, forAll bool) {
	d, forAll = &dimension{}, true
	for id := range v.clauses {
		if c := &v.clauses[id]; c.condition != nil && c.key() == key {
			d.name = c.name
			d.clauses = append(d.clauses, id)
			d.doubts = append(d.doubts, v.doubt(c))
			forAll = forAll && c.variables == nil
		}
	}
	known, found := LookUpConditionKey(key)
	singles, doubt := v.singles(d.clauses, known)
	lists, complete := v.lists(d, singles, known.MultiValued || !found)
	if !complete {
		doubt = "its values combine in too many ways"
	}
	d.doubtAll(doubt)
	for _, list := range lists {
		d.options = append(d.options, v.option(d, option{values: list}))
	}
	return d, forAll
}

// doubtAll puts all answers in doubt, unless the reason is "".
func (d *dimension) doubtAll(reason string) {
	for i := range d.doubts {
		if d.doubts[i] == "" && reason != "" {
			d.doubts[i] = "not all values of " + d.name + " were tried: " + reason
		}
	}
}

// singles are values that stand for all single values of a key, for the clauses
// on it.
func (v *view) singles(clauses []int, key ConditionKey) (values []string, doubt string) {
	asked := v.asksOf(clauses, key)
	return asked.single()
}

// asksOf is what clauses compare a key with.
func (v *view) asksOf(clauses []int, key ConditionKey) askedValues {
	asked := askedValues{key: key, textLeft: &v.textLeft}
	for _, id := range clauses {
		c := &v.clauses[id]
		for i := range c.condition.patterns {
			if text, ok := v.textOf(&c.condition.patterns[i]); ok && !c.condition.null {
				asked.add(c.operator, text)
			}
		}
	}
	return asked
}

// textOf is a pattern with its variables replaced, if the caller settles them.
func (v *view) textOf(p *pattern) (string, bool) {
	if len(p.marks) > 0 || !v.resolves(&clause{variables: p.variables()}) {
		return "", false
	}
	return p.expand(&v.facts)
}

// option evaluates the dimension's clauses for an option.
func (v *view) option(d *dimension, o option) option {
	f := v.with(d.name, o)
	for i, id := range d.clauses {
		c := &v.clauses[id]
		answer := c.condition.holds(&f)
		if !c.condition.null && len(f.values(c.key())) > 0 && !v.resolves(c) {
			answer = maybe
		}
		if answer == maybe && d.doubts[i] == "" {
			d.doubts[i] = "of " + d.name + " a value is not known"
		}
		o.holds = append(o.holds, answer)
	}
	return o
}

// with is the caller's facts in a request that has one option.
func (v *view) with(key string, o option) facts {
	request := *v.facts.request
	request.Context, request.EncryptionContext = Context{}, o.entries
	if o.entries == nil {
		request.Context.Set(key, o.values...)
	} else { // what the entries come to, found once for all clauses
		request.Context[encryptionContextKeys] = slices.Sorted(maps.Keys(o.entries))
	}
	f := v.facts
	f.request = &request
	return f
}

// maxLists bounds the combinations of values of a multi-valued key.
const maxLists = 256

// lists are the absent key, the single values, and, for a key that can have
// several, combinations that stand for all: what a condition makes of several
// values depends only on whether any and whether all of them meet it.
func (v *view) lists(d *dimension, singles []string, several bool) (lists [][]string, complete bool) {
	lists = append(lists, nil)
	seen := map[string]bool{}
	var profiles [][]truth
	f := v.with(d.name, option{})
	add := func(list []string, profile []truth) {
		if key := truthKey(profile); !several || !seen[key] {
			seen[key] = true
			lists, profiles = append(lists, list), append(profiles, profile)
		}
	}
	for _, value := range singles {
		add([]string{value}, v.profile(d, value, &f))
	}
	count := len(profiles)
	for i := 0; several && i < len(profiles); i++ {
		for j := range count {
			if len(profiles) > maxLists {
				return lists, false
			}
			add(append(slices.Clone(lists[i+1]), lists[j+1]...), join(profiles[i], profiles[j]))
		}
	}
	return lists, true
}

// profile is, for each clause, whether any and whether all of the values (here
// only one) meet it.
func (v *view) profile(d *dimension, value string, f *facts) []truth {
	var profile []truth
	for _, id := range d.clauses {
		c := v.clauses[id].condition
		met := no
		if !c.null {
			met = c.meets(value, f)
		}
		profile = append(profile, met, met)
	}
	return profile
}

func join(a, b []truth) []truth {
	joined := make([]truth, len(a))
	for i := 0; i < len(a); i += 2 {
		joined[i], joined[i+1] = max(a[i], b[i]), min(a[i+1], b[i+1])
	}
	return joined
}

func truthKey(list []truth) string {
	key := make([]byte, len(list))
	for i, t := range list {
		key[i] = byte(t)
	}
	return string(key)
}
