package keypolicy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Relation is how the access that one key policy gives stands to what another
// gives. The zero value claims nothing.
type Relation uint8

const (
	// Undecided means that it could not be told: see [Comparison].Undecided.
	Undecided Relation = iota
	// Equal policies give the same access.
	Equal
	// Narrower means that the new policy gives some of the old one's access, and
	// no other.
	Narrower
	// Wider means that the new policy gives all of the old one's access and more.
	Wider
	// Neither means that some access is new and some is gone.
	Neither
)

var relationNames = [...]string{"undecided", "equal", "narrower", "wider", "neither"}

// String returns "undecided", "equal", "narrower", "wider" or "neither".
func (r Relation) String() string { return relationNames[r] }

// MarshalText is String.
func (r Relation) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// NoNewAccess reports whether the relation is sure to open nothing.
func (r Relation) NoNewAccess() bool { return r == Equal || r == Narrower }

// Comparison is what [Compare] found.
type Comparison struct {
	Relation Relation
	// Widened has a request that is allowed now and was denied, for each caller
	// and group of actions that the policies tell apart; Narrowed the other way
	// round. [Evaluate] has confirmed each.
	Widened, Narrowed []Witness
	// Undecided says what could not be told, and why. Where it is not empty,
	// there may be more access, new or gone, than Widened and Narrowed show.
	Undecided []string
}

// Compare tells how the access that the key policy new gives stands to that
// which old gives; nil stands for a policy that allows nothing. It looks at all
// callers, actions and condition keys, as far as the policies tell them apart,
// and at each route to the key: the key policy alone, an IAM policy that it
// leaves room for, a grant that it does not deny. What IAM policies and grants
// there are is not asked: access that they could give is access.
//
// It never claims that there is no new access where there is some: what it
// cannot decide, such as a value not known yet, is [Undecided]. Values of
// condition keys are taken to be free of each other and of the action.
func Compare(old, new *Policy, scope Scope) Comparison {
	policies := [2]*Policy{orNothing(old), orNothing(new)}
	if sameText(policies[0], policies[1]) {
		return Comparison{Relation: Equal}
	}
	if problem := scope.complete(); problem != "" {
		return Comparison{Undecided: []string{problem}}
	}
	s := newSpace(policies, scope)
	gained, lost := &findings{verb: "gains"}, &findings{verb: "loses"}
	views, deeds := s.views(), s.deeds()
	for _, v := range views {
		for i := range deeds {
			v.compare(&deeds[i], gained, lost)
		}
	}
	c := Comparison{Widened: gained.sorted(), Narrowed: lost.sorted(), Undecided: distinct(slices.Concat(s.gaps, gained.undecided, lost.undecided))}
	c.Relation = relation(gained.answer(s.gaps), lost.answer(s.gaps))
	return c
}

func orNothing(p *Policy) *Policy {
	if p == nil {
		return nothing
	}
	return p
}

// complete fills in the account and says what is wrong with the scope; "" if
// nothing is.
func (s *Scope) complete() string {
	owner := splitARN(s.ARN).account
	if s.Account == "" {
		s.Account = owner
	}
	switch {
	case !isAccount(s.Account):
		return fmt.Sprintf("the account of the key is not known: %q is not twelve digits", s.Account)
	case s.ARN != "" && owner != s.Account:
		return fmt.Sprintf("%q is not the ARN of a key of account %s", s.ARN, s.Account)
	}
	return ""
}

// relation judges whether access was gained and lost.
func relation(gained, lost truth) Relation {
	switch {
	case gained == yes && lost == yes:
		return Neither
	case gained == maybe || lost == maybe:
		return Undecided
	case gained == yes:
		return Wider
	case lost == yes:
		return Narrower
	}
	return Equal
}

// findings are differences in one direction.
type findings struct {
	verb      string
	witnesses []Witness
	undecided []string
}

// answer is whether there is a difference.
func (f *findings) answer(gaps []string) truth {
	switch {
	case len(f.witnesses) > 0:
		return yes
	case len(f.undecided)+len(gaps) > 0:
		return maybe
	}
	return no
}

func (f *findings) sorted() []Witness {
	slices.SortStableFunc(f.witnesses, func(a, b Witness) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.Request.Action, b.Request.Action), cmp.Compare(a.Request.Principal.ARN, b.Request.Principal.ARN))
	})
	return f.witnesses
}

// views are the callers that the policies tell apart.
func (s *space) views() []*view {
	var views []*view
	seen := map[string]bool{}
	for _, caller := range s.callers() {
		v := s.view(caller)
		if key := v.signature(); !seen[key] {
			seen[key] = true
			views = append(views, v)
		}
	}
	return views
}

// signature is the same for callers to whom the same rules apply.
func (v *view) signature() string {
	key := []int{int(is(v.facts.account == "")), int(is(v.facts.account == v.scope.Account)), int(is(v.facts.kind == anonymous))}
	for side := range v.rules {
		for _, r := range v.rules[side] {
			key = append(key, side, r.statement, r.rule)
		}
	}
	for i := range v.asked {
		key = append(key, int(is(v.asked[i].matches(&v.caller))))
	}
	return numbersKey(key)
}

// compare looks for access to a deed that the caller gained or lost.
func (v *view) compare(d *deed, gained, lost *findings) {
	old, new := v.side(0, d), v.side(1, d)
	if old.equal(new) || !v.possible(v.caller, d.actions[0], d.resource) {
		return
	}
	v.seek(d, v.questions(old, new, d), gained, 0)
	v.seek(d, v.questions(new, old, d), lost, 1)
}

// maxDoubtful is how many questions may be left open before no more are asked.
const maxDoubtful = 24

// seek looks for one request that answers one of the questions. The policies
// are compared from the numbered one to the other.
func (v *view) seek(d *deed, questions []question, into *findings, from int) {
	var doubts []string
	doubtful := 0
	for _, q := range questions {
		a := v.search(q)
		if a == nil {
			continue
		}
		if w, ok := v.witness(d, q, a, from); ok {
			into.witnesses = append(into.witnesses, w)
			return
		}
		if len(a.doubts) == 0 {
			doubts = append(doubts, "no request could be made that shows it")
		}
		doubts = append(doubts, a.doubts...)
		if doubtful++; doubtful == maxDoubtful {
			break
		}
	}
	if len(doubts) > 0 {
		slices.Sort(doubts)
		into.undecided = append(into.undecided, fmt.Sprintf("whether %s %s %s: %s", v.who(), into.verb, d.name(), strings.Join(slices.Compact(doubts), "; ")))
	}
}

func (v *view) who() string {
	e := evaluation{facts: v.facts}
	return e.caller()
}

// name is the deed's action, and how many more there are.
func (d *deed) name() string {
	if more := len(d.actions) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more", d.actions[0], more)
	}
	return d.actions[0]
}
