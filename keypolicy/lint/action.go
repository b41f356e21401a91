package lint

import (
	"slices"
	"strings"
	"sync"

	"github.com/keywright/keywright/keypolicy"
)

// actionNames are those of the catalogue in lower case, in its order.
var (
	catalogue   = sync.OnceValue(keypolicy.Actions)
	actionNames = sync.OnceValue(lowerNames)
	actionPlace = sync.OnceValue(func() map[string]int { return places(actionNames()) })
)

func lowerNames() []string {
	names := make([]string, len(catalogue()))
	for i, a := range catalogue() {
		names[i] = strings.ToLower(a.Name)
	}
	return names
}

func places(names []string) map[string]int {
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	return at
}

// actionSet says for each action of the catalogue whether it is covered.
type actionSet []bool

// coveredActions are the actions of the catalogue that a statement is about.
func coveredActions(s *keypolicy.Statement) actionSet {
	covered := make(actionSet, len(catalogue()))
	for _, pattern := range slices.Concat(s.Action, s.NotAction) {
		for _, i := range matching(pattern) {
			covered[i] = true
		}
	}
	if s.NotAction != nil {
		for i := range covered {
			covered[i] = !covered[i]
		}
	}
	return covered
}

// matching are the places in the catalogue that an action pattern covers.
func matching(pattern string) []int {
	pattern = strings.ToLower(pattern)
	if !hasWildcard(pattern) {
		if i, ok := actionPlace()[pattern]; ok {
			return []int{i}
		}
		return nil
	}
	var found []int
	for i, name := range actionNames() {
		if matches(pattern, name) {
			found = append(found, i)
		}
	}
	return found
}

func hasWildcard(text string) bool { return strings.ContainsAny(text, "*?") }

// matches reports whether a pattern with * and ? covers a name, in time
// proportional to the product of their lengths, whatever the wildcards.
func matches(pattern, name string) bool {
	p, n := 0, 0
	star, mark := -1, 0 // the last *, and where what it covers ends
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// has reports whether the set has an action, given in lower case.
func (a actionSet) has(name string) bool {
	i, ok := actionPlace()[name]
	return ok && a[i]
}

// hasAny reports whether the set has one of the actions.
func (a actionSet) hasAny(names []string) bool { return slices.ContainsFunc(names, a.has) }

// some reports whether an action in the set meets the test.
func (a actionSet) some(test func(*keypolicy.Action) bool) bool {
	for i, covered := range a {
		if covered && test(&catalogue()[i]) {
			return true
		}
	}
	return false
}

// intersects reports whether the sets have an action in common.
func (a actionSet) intersects(b actionSet) bool {
	for i := range a {
		if a[i] && b[i] {
			return true
		}
	}
	return false
}

// any reports whether there is an action in the set.
func (a actionSet) any() bool { return slices.Contains(a, true) }

// Groups of actions that rules ask for.
var (
	decrypting = []string{"kms:decrypt", "kms:reencryptfrom"}
	encrypting = []string{"kms:encrypt", "kms:generatedatakey", "kms:generatedatakeypair", "kms:generatedatakeypairwithoutplaintext", "kms:generatedatakeywithoutplaintext", "kms:reencryptto"}
	tagging    = []string{"kms:tagresource", "kms:untagresource"}
	aliasing   = []string{"kms:createalias", "kms:deletealias", "kms:updatealias"}
	importing  = []string{"kms:deleteimportedkeymaterial", "kms:importkeymaterial"}
)

// cryptographic reports whether the action uses the key's material: a grant can
// give it, and it is neither about the key nor about grants.
func cryptographic(a *keypolicy.Action) bool {
	return a.GrantOperation != "" && a.Access == keypolicy.Write
}

// manages reports whether the action changes the key or who may use it.
func manages(a *keypolicy.Action) bool {
	return !cryptographic(a) && a.Access != keypolicy.List && a.Access != keypolicy.Read
}
