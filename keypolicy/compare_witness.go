package keypolicy

import (
	"fmt"
	"maps"
	"strings"
)

// Witness is a request that shows a difference between two policies, or breaks
// an assertion.
type Witness struct {
	Request Request
	// Actions are those that would do as well as the request's, which is the
	// first.
	Actions []string
	// Identity is true if the access needs an IAM policy that allows it besides:
	// the account's administrators can give it.
	Identity bool
	// Unbounded is true if the difference shows only for a caller whose
	// permissions boundary or session policies do not allow.
	Unbounded bool
	// Grant is true if the access needs a grant: the difference is that the key
	// policy denies, or not.
	Grant bool
	// Before and After are the decisions by the old and by the new policy.
	Before, After Decision

	route route
	world World
}

// World is the world in which the policy decides as the witness says.
func (w Witness) World(policy *Policy) World {
	world := w.world
	world.ResourcePolicy = orNothing(policy)
	return world
}

// witness makes a request of an answer. It is false if [Evaluate] does not
// confirm that access differs.
func (v *view) witness(d *deed, q question, a *answer, from int) (Witness, bool) {
	w := Witness{Actions: d.actions, route: q.route, world: v.worldOf(q.route, d), Grant: q.route == granted, Unbounded: q.route == unbounded}
	w.Identity = q.route == delegated && v.facts.kind != root
	for _, request := range v.requests(d, q, a) {
		w.Request = request
		w.Before, w.After = Evaluate(request, w.World(v.policies[0])), Evaluate(request, w.World(v.policies[1]))
		verdicts := [2]Verdict{w.Before.Verdict, w.After.Verdict}
		if verdicts[from] == Denied && verdicts[1-from] == Allowed {
			return w, true
		}
	}
	return Witness{}, false
}

// worldOf is the world in which access by a route shows.
func (v *view) worldOf(r route, d *deed) World {
	world := v.world
	switch r {
	case delegated:
		world.Identity = []*Policy{everything}
	case unbounded:
		world.Boundary = nothing
	case granted:
		world.Grants = []Grant{{ID: "of any kind", Grantee: v.caller.ARN, Operations: []string{d.granted}}}
	}
	return world
}

// requests are those that may answer the question, the likeliest first.
func (v *view) requests(d *deed, q question, a *answer) []Request {
	first := v.request(d, a)
	if len(a.doubts) == 0 {
		return []Request{first}
	}
	return []Request{first, v.filledIn(first, q.apply, "x"), v.filledIn(first, nil, "another")}
}

// request has the picked values where they belong.
func (v *view) request(d *deed, a *answer) Request {
	r := Request{Principal: v.caller, Action: d.actions[0], Resource: d.resource, Context: Context{}}
	for _, p := range a.picks {
		if id := p.dimension.clauses[0]; v.clauses[id].condition == nil || v.follows(v.clauses[id].key()) {
			continue
		}
		if p.option.entries != nil {
			r.EncryptionContext = maps.Clone(p.option.entries)
			continue
		}
		v.put(&r, p.dimension.name, p.option.values)
	}
	return r
}

// put sets a condition key: in the tags of the caller or in the encryption
// context if it follows from those.
func (v *view) put(r *Request, key string, values []string) {
	lower := strings.ToLower(key)
	switch {
	case len(values) == 1 && strings.HasPrefix(lower, "aws:principaltag/"):
		r.Principal.Tags = withEntry(r.Principal.Tags, key[len("aws:principaltag/"):], values[0])
	case len(values) == 1 && strings.HasPrefix(lower, encryptionContextPrefix):
		r.EncryptionContext = withEntry(r.EncryptionContext, key[len(encryptionContextPrefix):], values[0])
	case len(values) > 0 || derived[lower] != nil:
		r.Context.Set(key, values...)
	}
}

func withEntry(entries map[string]string, key, value string) map[string]string {
	if entries == nil {
		entries = map[string]string{}
	}
	entries[key] = value
	return entries
}

// filledIn gives each policy variable of the policies a value of its own, and
// has the conditions of the rules met that contain one.
func (v *view) filledIn(r Request, rules []int, value string) Request {
	r.Context, r.EncryptionContext = maps.Clone(r.Context), maps.Clone(r.EncryptionContext)
	r.Principal.Tags = maps.Clone(r.Principal.Tags)
	for i := range v.clauses {
		for _, key := range v.clauses[i].variables {
			if f := newFacts(&r, &v.world); len(f.values(key)) == 0 && !v.follows(key) {
				v.put(&r, key, []string{fmt.Sprint(value, i)})
			}
		}
	}
	for _, rule := range rules {
		for _, id := range v.space.rules[rule].clauses {
			if c := &v.clauses[id]; len(c.variables) > 0 && !v.follows(c.key()) {
				v.meet(&r, c)
			}
		}
	}
	return r
}

// meet gives a condition key the value that a pattern with variables stands
// for, or, if it must not match, another.
func (v *view) meet(r *Request, c *clause) {
	f := newFacts(r, &v.world)
	text, ok := c.condition.patterns[0].expand(&f)
	if !ok {
		return
	}
	text = strings.NewReplacer(string(anyText), "", string(anyRune), "x").Replace(text)
	if c.condition.negated {
		text += "-not"
	}
	v.put(r, c.name, []string{text})
}
