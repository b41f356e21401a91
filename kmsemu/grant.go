package kmsemu

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// grant allows a principal some operations on a key, beside its policies.
type grant struct {
	id, name    string
	key         *key
	region      string
	issuer      string // account of who made it
	created     time.Time
	secret      []byte // of its tokens
	grantee     party
	retirer     party // name "" for none
	operations  []string
	constraints grantConstraints
}

// grantConstraints are the GrantConstraints of the KMS API (K0305). The tags
// give the names of the audit trail; reading ignores case.
type grantConstraints struct {
	EncryptionContextEquals encryptionContext `json:"encryptionContextEquals,omitempty"`
	EncryptionContextSubset encryptionContext `json:"encryptionContextSubset,omitempty"`
	SourceArn               string            `json:"sourceArn,omitempty"`
}

// pairs is the encryption context that is constrained; nil for none.
func (g *grantConstraints) pairs() encryptionContext {
	if g.EncryptionContextEquals != nil {
		return g.EncryptionContextEquals
	}
	return g.EncryptionContextSubset
}

// kind is the value of kms:GrantConstraintType; "" for none.
func (g *grantConstraints) kind() string {
	switch {
	case g.EncryptionContextEquals != nil:
		return "EncryptionContextEquals"
	case g.EncryptionContextSubset != nil:
		return "EncryptionContextSubset"
	}
	return ""
}

// within reports whether the constraints are at least as strict as a parent's:
// they may turn a subset into an exact match and add pairs, never the reverse
// (K0309).
func (g *grantConstraints) within(parent *grantConstraints) bool {
	if parent.SourceArn != "" && g.SourceArn != parent.SourceArn {
		return false
	}
	if parent.EncryptionContextEquals != nil {
		return maps.Equal(g.EncryptionContextEquals, parent.EncryptionContextEquals)
	}
	own := g.pairs()
	for key, value := range parent.EncryptionContextSubset {
		if got, ok := own[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// mayMake reports whether who has CreateGrant by g may make child: some of the
// operations, under constraints at least as strict (K0309).
func (g *grant) mayMake(child *grant) bool {
	for _, operation := range child.operations {
		if !slices.Contains(g.operations, operation) {
			return false
		}
	}
	return child.constraints.within(&g.constraints)
}

// grantFor is the grant as keypolicy knows it, its grantee named in the way it
// covers the caller.
func (c *call) grantFor(g *grant, grantee string) keypolicy.Grant {
	return keypolicy.Grant{
		ID: g.id, Token: g.id, Grantee: grantee, Operations: g.operations, SourceARN: g.constraints.SourceArn,
		Pending:                 c.span(c.server.consistency.Grants).covers(g.created),
		EncryptionContextEquals: g.constraints.EncryptionContextEquals,
		EncryptionContextSubset: g.constraints.EncryptionContextSubset,
	}
}

// grantsFor are the key's grants that may allow what the caller needs.
func (c *call) grantsFor(k *key, n need) []keypolicy.Grant {
	leaving := c.past().grants.leaving(k, c.span(c.server.consistency.Grants))
	if len(k.grants.all)+len(leaving) == 0 {
		return nil
	}
	action, _ := keypolicy.LookUpAction(n.action)
	var out []keypolicy.Grant
	for _, way := range coverings(c.caller.principal) {
		for _, g := range slices.Concat(c.speakers(k.grants.find(way.ref, action.GrantOperation, n.encryption)), leaving) {
			if g.grantee.ref() == way.ref && (n.child == nil || g.mayMake(n.child)) {
				out = append(out, c.grantFor(g, way.name))
			}
		}
	}
	return out
}

// speakers are the grants to ask of each group: the first, for they are alike; all
// of them if some may be too new to count.
func (c *call) speakers(groups [][]*grant) []*grant {
	var out []*grant
	for _, group := range groups {
		if c.server.consistency.Grants == 0 {
			group = group[:1]
		}
		out = append(out, group...)
	}
	return out
}

// grantSet holds the grants of a key, indexed so that the cost of a call does
// not grow with their number: a call finds those of its caller and its encryption
// context.
type grantSet struct {
	all     []*grant          // by id
	named   map[string]*grant // by fingerprint; only grants with a name
	shelves map[shelf]map[string][]*grant
	// retirable is the index over all keys, which the grants are in as well.
	retirable retirables
}

// shelf holds grants that a call may need, grouped by what they allow: grants of
// a group differ in nothing a decision asks about, so one speaks for all.
type shelf struct{ grantee, pair string }

// Places of grants on a grantee's shelves, beside those of constrained pairs.
const (
	anyContext = ""  // no encryption context is constrained
	noContext  = "-" // for operations that have none
)

// unconstrained operations have no encryption context, so that constraints on it
// do not bind them (K0305).
var unconstrained = []string{"DescribeKey", "RetireGrant"}

// places are the grant's shelves, each with its group there.
func (g *grant) places() map[shelf]string {
	first := anyContext
	for key, value := range g.constraints.pairs() {
		if pair := contextPair(key, value); first == anyContext || pair < first {
			first = pair
		}
	}
	grantee := g.grantee.ref()
	places := map[shelf]string{{grantee, first}: canonical(g.constraints, g.operations)}
	if first != anyContext && slices.ContainsFunc(g.operations, isUnconstrained) {
		places[shelf{grantee, noContext}] = canonical(g.operations)
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
func (s *grantSet) find(grantee, operation string, context encryptionContext) [][]*grant {
	var out [][]*grant
	look := func(pair string) {
		for _, group := range s.shelves[shelf{grantee, pair}] {
			if slices.Contains(group[0].operations, operation) {
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
	slices.SortFunc(out, func(a, b []*grant) int { return byGrantID(a[0], b[0]) }) // they came in random order
	return out
}

func byGrantID(a, b *grant) int { return strings.Compare(a.id, b.id) }

// get is a grant by id; nil if there is none.
func (s *grantSet) get(id string) *grant {
	i, ok := slices.BinarySearchFunc(s.all, id, func(g *grant, id string) int { return strings.Compare(g.id, id) })
	if !ok {
		return nil
	}
	return s.all[i]
}

// add puts a grant of the key into its indexes and that over all keys.
func (s *grantSet) add(g *grant, retirable retirables) {
	if s.shelves == nil {
		*s = grantSet{named: map[string]*grant{}, shelves: map[shelf]map[string][]*grant{}, retirable: retirable}
	}
	s.all = insertGrant(s.all, g)
	if g.name != "" {
		s.named[g.fingerprint()] = g
	}
	for place, group := range g.places() {
		if s.shelves[place] == nil {
			s.shelves[place] = map[string][]*grant{}
		}
		s.shelves[place][group] = insertGrant(s.shelves[place][group], g)
	}
	s.retirable.add(g)
}

func (s *grantSet) remove(g *grant) {
	s.all = removeGrant(s.all, g)
	if g.name != "" {
		delete(s.named, g.fingerprint())
	}
	for place, group := range g.places() {
		if rest := removeGrant(s.shelves[place][group], g); len(rest) > 0 {
			s.shelves[place][group] = rest
			continue
		}
		if delete(s.shelves[place], group); len(s.shelves[place]) == 0 {
			delete(s.shelves, place)
		}
	}
	s.retirable.remove(g)
}

// clear removes all grants, the last first: removing from the end of a list is
// cheap.
func (s *grantSet) clear() {
	for _, g := range slices.Backward(s.all) {
		s.retirable.remove(g)
	}
	*s = grantSet{}
}

// fingerprint is equal for grants of the same name and parameters (K0302).
func (g *grant) fingerprint() string {
	return canonical(g.name, g.issuer, g.grantee.ref(), g.grantee.service, g.retirer.ref(), g.retirer.service,
		slices.Sorted(slices.Values(g.operations)), g.constraints)
}

func insertGrant(list []*grant, g *grant) []*grant {
	i, _ := slices.BinarySearchFunc(list, g, byGrantID)
	return slices.Insert(list, i, g)
}

func removeGrant(list []*grant, g *grant) []*grant {
	i, ok := slices.BinarySearchFunc(list, g, byGrantID)
	if !ok {
		return list
	}
	return slices.Delete(list, i, i+1)
}

// retirables finds the grants a principal may retire, whoever owns their keys.
type retirables map[retirable][]*grant

type retirable struct{ region, retirer string }

func (r retirables) add(g *grant) {
	if g.retirer.name != "" {
		place := retirable{g.region, g.retirer.ref()}
		r[place] = insertGrant(r[place], g)
	}
}

func (r retirables) remove(g *grant) {
	place := retirable{g.region, g.retirer.ref()}
	if r[place] = removeGrant(r[place], g); len(r[place]) == 0 {
		delete(r, place)
	}
}
