package keypolicy

import (
	"maps"
	"slices"
	"strings"
)

const encryptionContextKeys = "kms:encryptioncontextkeys"

// inContext reports whether a clause is about the encryption context.
func (c *clause) inContext() bool {
	return c.condition != nil && (c.key() == encryptionContextKeys || strings.HasPrefix(c.key(), encryptionContextPrefix))
}

// contextOf is the dimension of the encryption context as a whole, for clauses
// on it. Its names and its values cannot be chosen apart:
// kms:EncryptionContextKeys follows from what there is.
func (v *view) contextOf(clauses []int) *dimension {
	d := &dimension{name: "kms:EncryptionContextKeys", clauses: clauses}
	byKey := map[string][]int{}
	for _, id := range clauses {
		c := &v.clauses[id]
		d.doubts = append(d.doubts, v.doubt(c))
		byKey[c.key()] = append(byKey[c.key()], id)
	}
	choices, doubt := v.entryChoices(byKey)
	contexts := []option{v.option(d, option{entries: map[string]string{}})}
	for _, entries := range choices {
		seen := map[string]bool{}
		next := []option{}
		for _, context := range contexts {
			for _, more := range append([]entry{{}}, entries...) {
				o := v.extended(d, context, more)
				if key := v.contextKey(d, o); !seen[key] {
					seen[key] = true
					next = append(next, o)
				}
			}
		}
		if contexts = next; len(contexts) > maxLists || v.work > maxWork {
			doubt = "names and values combine in too many ways"
			break
		}
	}
	d.doubtAll(doubt)
	d.options = contexts
	return d
}

// workPerAnswer is what it takes to evaluate a condition, in steps of the
// search.
const workPerAnswer = 20

// entry is a name and a value in an encryption context; the zero entry is none.
type entry struct{ name, value string }

func (v *view) extended(d *dimension, o option, e entry) option {
	if e.name == "" {
		return o
	}
	v.work += workPerAnswer * len(d.clauses)
	entries := maps.Clone(o.entries)
	entries[e.name] = e.value
	return v.option(d, option{entries: entries})
}

// entryChoices are entries that stand for all: one list for each name that a
// condition is on, in all its spellings that conditions tell apart, and one for
// each other name. Of each list a context has one entry or none.
func (v *view) entryChoices(byKey map[string][]int) (choices [][]entry, doubt string) {
	onNames := byKey[encryptionContextKeys]
	delete(byKey, encryptionContextKeys)
	tracked := slices.Sorted(maps.Keys(byKey))
	names, doubt := v.entryNames(onNames, tracked)
	for _, key := range tracked {
		var list []entry
		values, valueDoubt := v.singles(byKey[key], ConditionKey{Name: key, Type: StringType})
		if valueDoubt != "" {
			doubt = valueDoubt
		}
		for _, name := range names {
			for _, value := range values {
				if contextKeyOf(name) == key {
					list = append(list, entry{name, value})
				}
			}
		}
		choices = append(choices, list)
	}
	for _, name := range names {
		if _, found := slices.BinarySearch(tracked, contextKeyOf(name)); !found && name != "" {
			choices = append(choices, []entry{{name, "x"}})
		}
	}
	return choices, doubt
}

// contextKeyOf is the condition key on the value of an entry.
func contextKeyOf(name string) string { return encryptionContextPrefix + strings.ToLower(name) }

// entryNames are names that stand for all, for conditions on names and for the
// keys on values.
func (v *view) entryNames(onNames []int, keys []string) (names []string, doubt string) {
	asked := v.asksOf(onNames, ConditionKey{})
	for _, key := range keys {
		asked.shapes = append(asked.shapes, patternShape(key[len(encryptionContextPrefix):], lowered, anything))
	}
	if len(asked.texts[onText]) == 0 {
		asked.texts[onText] = []string{""} // names are text, even if no condition says so
	}
	return asked.single()
}

// contextKey is the same for contexts that answer all clauses alike, whatever
// entries are still added to them.
func (v *view) contextKey(d *dimension, o option) string {
	f := v.with(d.name, o)
	key := append([]truth{is(len(o.entries) == 0)}, o.holds...)
	for _, id := range d.clauses {
		c := v.clauses[id].condition
		any, all := no, yes
		for _, value := range f.values(c.key) {
			if !c.null {
				met := c.meets(value, &f)
				any, all = max(any, met), min(all, met)
			}
		}
		key = append(key, any, all)
	}
	return truthKey(key)
}
