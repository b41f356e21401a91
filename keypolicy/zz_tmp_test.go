package keypolicy_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

func TestZZ(t *testing.T) {
	reasons := map[string]int{}
	start := time.Now()
	var worst, total time.Duration
	for seed := uint64(0); time.Since(start) < 240*time.Second; seed++ {
		p := pick{rand.New(rand.NewPCG(seed, 77))}
		before := p.statements()
		after := p.edit(before)
		old, new := document(t, before), document(t, after)
		s0 := time.Now()
		c := keypolicy.Compare(old, new, compareScope)
		d := time.Since(s0)
		total += d
		worst = max(worst, d)
		for _, u := range c.Undecided {
			if len(reasons) < 40 {
				reasons[u]++
			}
		}
		requireWitnesses(t, c, old, new)
		for range 60 {
			r := p.request(t)
			for _, world := range worlds(t, r) {
				with := func(policy *keypolicy.Policy) keypolicy.World {
					world := world
					world.ResourcePolicy = policy
					return world
				}
				was, is := keypolicy.Evaluate(r, with(old)).Verdict, keypolicy.Evaluate(r, with(new)).Verdict
				if was == keypolicy.Denied && is == keypolicy.Allowed && c.Relation.NoNewAccess() {
					t.Errorf("missed new access: %+v\nold %v\nnew %v", r, before, after)
				}
				if was == keypolicy.Allowed && is == keypolicy.Denied && (c.Relation == keypolicy.Equal || c.Relation == keypolicy.Wider) {
					t.Errorf("missed lost access: %+v\nold %v\nnew %v", r, before, after)
				}
			}
		}
		if seed%5000 == 4999 {
			t.Log(seed, total/time.Duration(seed+1), worst)
		}
	}
	for r := range reasons {
		t.Log(r)
	}
}
