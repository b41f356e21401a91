package keypolicy

import "slices"

// answer is how a request answers a question.
type answer struct {
	picks []pick
	// doubts say what the answer takes for granted; none if nothing.
	doubts []string
}

// pick is the value of one condition key.
type pick struct {
	dimension *dimension
	option    *option
}

// state is a set of rules that must not apply and still may, and how it came
// about.
type state struct {
	alive bits
	guess bool
	move  *move
	prior *state
}

// move is what an option does to the rules that must not apply.
type move struct {
	pick
	kills  bits
	guess  bool
	doubts []string
}

const (
	maxStates = 4096
	maxWork   = 30_000_000
)

// search answers a question: it returns nil if no request does. It goes through
// the condition keys one by one and keeps the smallest sets of rules that may
// still apply, which loses nothing: from fewer, no worse follows.
func (v *view) search(q question) *answer {
	s := &search{view: v, question: q, forced: map[int]bool{}}
	for _, r := range q.apply {
		for _, id := range v.space.rules[r].clauses {
			s.forced[id] = true
		}
	}
	if s.hopeless() {
		return nil
	}
	s.joinContext()
	frontier := []*state{{alive: fullBits(len(q.not))}}
	for _, id := range s.perDimension() {
		moves := s.moves(s.dimension(id))
		next := []*state{}
		for _, from := range frontier {
			for i := range moves {
				next = keepBest(next, &state{from.alive.without(moves[i].kills), from.guess || moves[i].guess, &moves[i], from})
			}
		}
		v.work += len(frontier) * len(moves) * (1 + len(next)/8)
		if len(next) > maxStates || v.work > maxWork {
			return &answer{doubts: []string{"conditions combine in too many ways"}}
		}
		frontier = next
	}
	return best(frontier)
}

// best is the state that leaves no rule, and takes nothing for granted if
// possible.
func best(frontier []*state) *answer {
	var found *state
	for _, s := range frontier {
		if s.alive.empty() && (found == nil || found.guess) {
			found = s
		}
	}
	if found == nil {
		return nil
	}
	a := &answer{}
	for s := found; s.move != nil; s = s.prior {
		a.picks = append(a.picks, s.move.pick)
		a.doubts = append(a.doubts, s.move.doubts...)
	}
	return a
}

type search struct {
	*view
	question
	forced map[int]bool // clauses that must hold
	// context holds the clauses on the encryption context if they must be
	// looked at together.
	context []int
}

// clauseIDs are the clauses that the question is about.
func (s *search) clauseIDs() []int {
	var ids []int
	for _, list := range [][]int{s.apply, s.not} {
		for _, r := range list {
			ids = append(ids, s.space.rules[r].clauses...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// joinContext has the encryption context looked at as a whole if one of the
// clauses is on its names.
func (s *search) joinContext() {
	var inContext []int
	onNames := false
	for _, id := range s.clauseIDs() {
		if c := &s.clauses[id]; c.inContext() {
			inContext = append(inContext, id)
			onNames = onNames || c.key() == encryptionContextKeys
		}
	}
	if onNames {
		s.context = inContext
	}
}

// dimensionKey is dimensionOf, or the same for all of the joined context.
func (s *search) dimensionKey(id int) string {
	if slices.Contains(s.context, id) {
		return "context " + numbersKey(s.context)
	}
	return s.dimensionOf(id)
}

func (s *search) dimension(id int) *dimension {
	if !slices.Contains(s.context, id) {
		return s.view.dimension(id)
	}
	key := s.dimensionKey(id)
	if s.dims[key] == nil {
		s.dims[key] = s.contextOf(s.context)
	}
	return s.dims[key]
}

// hopeless reports whether some rule that must not apply always does when the
// others do.
func (s *search) hopeless() bool {
	return slices.ContainsFunc(s.not, func(r int) bool {
		return !slices.ContainsFunc(s.space.rules[r].clauses, func(id int) bool { return !s.forced[id] })
	})
}

// perDimension is one clause of each dimension that the question is about, in a
// fixed order.
func (s *search) perDimension() []int {
	seen := map[string]bool{}
	return slices.DeleteFunc(s.clauseIDs(), func(id int) bool {
		key := s.dimensionKey(id)
		known := seen[key]
		seen[key] = true
		return known
	})
}

// moves are the options of a dimension under which the rules that must apply
// may: the best of them. Where an answer is in doubt, the options come again as
// guesses, which take it to be as wished.
func (s *search) moves(d *dimension) []move {
	killed := s.killedBy(d)
	var moves []move
	for _, guess := range []bool{false, true} {
		for i := range d.options {
			if m, ok := s.move(d, &d.options[i], killed, guess); ok {
				moves = keepBestMove(moves, m)
			}
		}
	}
	return moves
}

// killedBy is, by clause of the dimension, the rules that must not apply and do
// not if the clause fails; nil for a clause that the question is not about.
func (s *search) killedBy(d *dimension) []bits {
	killed := make([]bits, len(d.clauses))
	for i, id := range d.clauses {
		if s.forced[id] {
			killed[i] = newBits(len(s.not))
		}
		for n, r := range s.not {
			if _, found := slices.BinarySearch(s.space.rules[r].clauses, id); found {
				if killed[i] == nil {
					killed[i] = newBits(len(s.not))
				}
				killed[i].set(n)
			}
		}
	}
	return killed
}

func (s *search) move(d *dimension, o *option, killed []bits, guess bool) (move, bool) {
	m := move{pick: pick{d, o}, kills: newBits(len(s.not))}
	for i, id := range d.clauses {
		if killed[i] == nil {
			continue
		}
		answer := o.holds[i]
		if guess && d.doubts[i] != "" {
			m.guess, m.doubts = true, append(m.doubts, d.doubts[i])
			answer = is(s.forced[id])
		}
		switch {
		case s.forced[id] && answer != yes:
			return move{}, false
		case answer == no:
			m.kills.add(killed[i])
		}
	}
	return m, m.guess == guess
}

// keepBest adds a state unless one of the others is as good, and drops those
// that it is better than.
func keepBest(states []*state, s *state) []*state {
	for _, other := range states {
		if (s.guess || !other.guess) && s.alive.covers(other.alive) {
			return states
		}
	}
	states = slices.DeleteFunc(states, func(other *state) bool {
		return (other.guess || !s.guess) && other.alive.covers(s.alive)
	})
	return append(states, s)
}

func keepBestMove(moves []move, m move) []move {
	for i := range moves {
		if (m.guess || !moves[i].guess) && moves[i].kills.covers(m.kills) {
			return moves
		}
	}
	moves = slices.DeleteFunc(moves, func(other move) bool {
		return (other.guess || !m.guess) && m.kills.covers(other.kills)
	})
	return append(moves, m)
}

// bits is a set of small numbers.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func fullBits(n int) bits {
	b := newBits(n)
	for i := range n {
		b.set(i)
	}
	return b
}

func (b bits) set(i int) { b[i/64] |= 1 << (i % 64) }

func (b bits) add(c bits) {
	for i := range b {
		b[i] |= c[i]
	}
}

func (b bits) without(c bits) bits {
	left := slices.Clone(b)
	for i := range left {
		left[i] &^= c[i]
	}
	return left
}

func (b bits) covers(c bits) bool {
	for i := range b {
		if c[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

func (b bits) empty() bool {
	return !slices.ContainsFunc(b, func(word uint64) bool { return word != 0 })
}
