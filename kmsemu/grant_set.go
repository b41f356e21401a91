package kmsemu

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// grantSet holds the grants of a key, indexed so that the cost of a call does
// not grow with their number: a call finds those of its caller and its encryption
// context.
type grantSet struct {
	all      order[*grant]     // by id
	named    map[string]*grant // by fingerprint; only grants with a name
	shelves  map[shelf]grantIndex[string]
	grantees grantIndex[granteeRef]
}

// granteeRef is who a grant is to.
type granteeRef struct {
	ref     string
	service bool
}

func (g *grant) granteeRef() granteeRef { return granteeRef{g.grantee.ref(), g.grantee.service} }

// shelf holds grants that a call may need, grouped by what they allow: grants of
// a group differ in nothing a decision asks about, so one speaks for all.
type shelf struct{ grantee, pair string }

// place is a group on a shelf.
type place struct {
	shelf
	group string
}

// The pairs of a grantee's other shelves, beside those of constrained pairs.
const (
	anyContext = ""  // no encryption context is constrained
	noContext  = "-" // for operations that have none
)

// unconstrained operations have no encryption context, so that constraints on it
// do not bind them (K0305).
var unconstrained = []string{"DescribeKey", "RetireGrant"}

// placesFor finds the grant's places. A context that meets its constraints has all
// their pairs, so it is enough to be found by one of them: the one with the fewest
// groups, for a pair that many grants have in common tells little.
func (s *grantSet) placesFor(g *grant) []place {
	grantee := g.grantee.ref()
	var shelves []shelf
	for key, value := range g.constraints.pairs() {
		shelves = append(shelves, shelf{grantee, contextPair(key, value)})
	}
	if shelves == nil {
		return []place{{shelf{grantee, anyContext}, canonical(g.constraints, g.operations)}}
	}
	rarest := slices.MinFunc(shelves, func(a, b shelf) int {
		return cmp.Or(cmp.Compare(len(s.shelves[a]), len(s.shelves[b])), strings.Compare(a.pair, b.pair))
	})
	places := []place{{rarest, canonical(g.constraints, g.operations)}}
	if slices.ContainsFunc(g.operations, isUnconstrained) {
		places = append(places, place{shelf{grantee, noContext}, canonical(g.operations)})
	}
	return places
}

func isUnconstrained(operation string) bool { return slices.Contains(unconstrained, operation) }

// contextPair writes a pair of an encryption context as one string. Its key is
// folded: whether constraints tell keys apart that differ in case is for the
// policy engine to say, not for the index.
func contextPair(key, value string) string { return strings.ToLower(key) + "\x00" + value }

// canonical writes values so that equal ones are equal text.
func canonical(values ...any) string {
	text, _ := json.Marshal(values) // strings, lists and maps of strings cannot fail
	return string(text)
}

// find finds the groups of grants that name the grantee and the operation and
// whose constraints the context may meet.
func (s *grantSet) find(grantee, operation string, context encryptionContext) []*order[*grant] {
	var out []*order[*grant]
	look := func(pair string) {
		for _, group := range s.shelves[shelf{grantee, pair}] {
			if slices.Contains(group.first().operations, operation) {
				out = append(out, group)
			}
		}
	}
	look(anyContext)
	if isUnconstrained(operation) {
		look(noContext)
	}
	for key, value := range context {
		look(contextPair(key, value))
	}
	slices.SortFunc(out, func(a, b *order[*grant]) int { return byGrantID(a.first(), b.first()) }) // they came in random order
	return out
}

func byGrantID(a, b *grant) int { return strings.Compare(a.id, b.id) }

// get is a grant by id; nil if there is none.
func (s *grantSet) get(id string) *grant {
	g, _ := s.all.get(id)
	return g
}

// add puts a grant of the key into its indexes.
func (s *grantSet) add(g *grant) {
	if s.shelves == nil {
		*s = grantSet{named: map[string]*grant{}, shelves: map[shelf]grantIndex[string]{}, grantees: grantIndex[granteeRef]{}}
	}
	s.all.add(g)
	if g.name != "" {
		s.named[g.fingerprint()] = g
	}
	g.places = s.placesFor(g)
	for _, at := range g.places {
		if s.shelves[at.shelf] == nil {
			s.shelves[at.shelf] = grantIndex[string]{}
		}
		s.shelves[at.shelf].add(at.group, g)
	}
	s.grantees.add(g.granteeRef(), g)
}

func (s *grantSet) remove(g *grant) {
	s.all.remove(g.id)
	if g.name != "" {
		delete(s.named, g.fingerprint())
	}
	for _, at := range g.places {
		if s.shelves[at.shelf].remove(at.group, g); len(s.shelves[at.shelf]) == 0 {
			delete(s.shelves, at.shelf)
		}
	}
	s.grantees.remove(g.granteeRef(), g)
}

// fingerprint is equal for grants of the same name and parameters (K0302).
func (g *grant) fingerprint() string {
	return canonical(g.name, g.issuer, g.grantee.ref(), g.grantee.service, g.retirer.ref(), g.retirer.service,
		slices.Sorted(slices.Values(g.operations)), g.constraints)
}

// grantIndex finds grants by something they have in common.
type grantIndex[K comparable] map[K]*order[*grant]

func (x grantIndex[K]) add(by K, g *grant) {
	if x[by] == nil {
		x[by] = &order[*grant]{}
	}
	x[by].add(g)
}

func (x grantIndex[K]) remove(by K, g *grant) {
	if list := x[by]; list != nil {
		if list.remove(g.id); list.empty() {
			delete(x, by)
		}
	}
}

// addGrant puts a new grant on its key.
func (s *state) addGrant(g *grant) {
	g.key.grants.add(g)
	if g.retirer.name != "" {
		s.retirable.add(g.retirable(), g)
	}
	s.changes.note(g)
}

func (s *state) removeGrant(g *grant) {
	g.key.grants.remove(g)
	s.retirable.remove(g.retirable(), g)
	s.changes.note(g)
}

// dropGrants removes all grants of a key.
func (s *state) dropGrants(k *key) {
	for g := range k.grants.all.after("") {
		s.retirable.remove(g.retirable(), g)
		s.changes.note(g)
	}
	k.grants = grantSet{}
}

// retirables finds the grants a principal may retire, whoever owns their keys.
type retirables = grantIndex[retirable]

type retirable struct{ region, retirer string }

func (g *grant) retirable() retirable { return retirable{g.region, g.retirer.ref()} }
