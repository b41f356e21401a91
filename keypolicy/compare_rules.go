package keypolicy

import (
	"fmt"
	"slices"
)

// rule is what a statement comes to for one caller: it denies, or gives a power,
// when all its clauses hold. Where the principal is not known the power is
// somewhere between the two.
type rule struct {
	deny               bool
	weakest, strongest uint8
	clauses            []int // those that the caller does not settle
	who                int   // the clause that stands for a principal not known yet, or noWho
}

const noWho = -1

// rulesOf are the rules that a statement makes for the caller: none if it is not
// about it, two if a principal that is not known yet may name it more directly
// than one that is.
func (v *view) rulesOf(l *line) []int {
	clauses := []int{}
	for _, id := range l.clauses {
		switch v.settles(id) {
		case fails:
			return nil
		case free, unsure:
			clauses = append(clauses, id)
		}
	}
	named := l.names(&v.facts)
	sure, may := v.strongest(named, yes), v.strongest(named, maybe)
	var rules []int
	if sure > 0 {
		rules = append(rules, v.number(rule{l.Effect == Deny, sure, sure, clauses, noWho}))
	}
	if may > sure && (sure == 0 || l.Effect == Allow) {
		who := v.unknownPart(fmt.Sprint("principal ", l.Principal, l.NotPrincipal), "a principal is not known yet")
		rules = append(rules, v.number(rule{l.Effect == Deny, 1, may, sorted(append(slices.Clone(clauses), who)), who}))
	}
	return rules
}

func sorted(list []int) []int {
	slices.Sort(list)
	return list
}

func (v *view) strongest(n naming, t truth) uint8 {
	var best uint8
	for r := byAccount; r <= byName; r++ {
		if n[r] == t {
			best = max(best, v.power[r])
		}
	}
	return best
}

// asStrongAs reports whether two rules of unknown power have the same.
func (r *rule) asStrongAs(other *rule) bool { return r.who != noWho && r.who == other.who }

// number gives a rule its number, the same rules the same. How directly a Deny covers
// a caller makes no difference.
func (v *view) number(r rule) int {
	if r.deny {
		r.weakest, r.strongest = 0, 0
	}
	key := numbersKey(append([]int{int(is(r.deny)), int(r.weakest), int(r.strongest), r.who}, r.clauses...))
	id, found := v.ruleID[key]
	if !found {
		id = len(v.space.rules)
		v.ruleID[key] = id
		v.space.rules = append(v.space.rules, r)
	}
	return id
}

// side is one policy's rules about a deed, for one caller.
type side struct{ allows, denies []int }

func (v *view) side(n int, d *deed) side {
	var s side
	for _, r := range v.rules[n] {
		switch {
		case !d.covers[n][r.statement]:
		case v.space.rules[r.rule].deny:
			s.denies = append(s.denies, r.rule)
		default:
			s.allows = append(s.allows, r.rule)
		}
	}
	for _, list := range []*[]int{&s.allows, &s.denies} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return s
}

func (s side) equal(t side) bool {
	return slices.Equal(s.allows, t.allows) && slices.Equal(s.denies, t.denies)
}

// route is a way to a key that a key policy decides about.
type route uint8

const (
	direct    route = iota // the key policy alone
	unbounded              // the key policy alone, whatever the permissions boundary
	delegated              // the key policy and an IAM policy
	granted                // a grant, unless the key policy denies
)

// routes are those that need a power, by power.
var routes = [...]route{1: delegated, powerDirect: direct, 3: unbounded}

// powerDirect is the power of access by the key policy alone.
const powerDirect uint8 = 2

// question asks for a request to which some rules apply and others do not. The
// route is how such a request has access under one policy that it does not have
// under the other.
type question struct {
	apply, not []int
	route      route
}

// questions are those of which one has an answer if a request has more access
// by the policy to than by the policy from: an Allow gives more power than
// before, or a Deny that kept an Allow, or a grant, from giving it is gone.
func (v *view) questions(from, to side, d *deed) []question {
	var asked []question
	rules := v.space.rules
	for _, allow := range to.allows {
		most := rules[allow].strongest
		for power := min(most, powerDirect); power <= most; power++ {
			not := slices.Clone(to.denies)
			for _, before := range from.allows {
				if rules[before].weakest >= power || rules[before].asStrongAs(&rules[allow]) {
					not = append(not, before)
				}
			}
			asked = append(asked, question{[]int{allow}, not, routes[power]})
		}
		for _, deny := range from.denies {
			asked = append(asked, question{[]int{allow, deny}, to.denies, routes[min(most, powerDirect)]})
		}
	}
	if d.granted != "" && v.facts.kind != anonymous {
		for _, deny := range from.denies {
			asked = append(asked, question{[]int{deny}, to.denies, granted})
		}
	}
	slices.SortStableFunc(asked, func(a, b question) int { return int(a.route) - int(b.route) })
	return asked
}
