package keypolicy

import (
	"slices"
	"strings"
)

// view is the space as one caller sees it: which conditions the caller settles,
// and what the rest may be.
type view struct {
	*space
	caller Principal
	facts  facts
	power  [byName + 1]uint8 // by reach
	rules  [2][]numbered
	dims   map[string]*dimension
}

// numbered is a rule and the statement it was made from.
type numbered struct{ statement, rule int }

func (s *space) view(caller Principal) *view {
	v := &view{space: s, caller: caller, dims: map[string]*dimension{}}
	request := &Request{Principal: caller, Resource: "arn:" + s.partition() + ":kms::" + s.scope.Account + ":key/"}
	v.facts = newFacts(request, &s.world)
	v.power = s.powersOf(&v.facts)
	for side := range s.lines {
		for i := range s.lines[side] {
			for _, rule := range v.rulesOf(&s.lines[side][i]) {
				v.rules[side] = append(v.rules[side], numbered{i, rule})
			}
		}
	}
	return v
}

// powersOf is what a key policy's Allow gives a caller, by the way in which it
// covers it: 3 is access whatever the boundary and session policies leave out,
// 2 access within them, 1 access if IAM policies allow as well, 0 none. It asks
// [Evaluate] once for each kind of caller.
func (s *space) powersOf(f *facts) [byName + 1]uint8 {
	key := [2]uint8{uint8(f.kind), uint8(is(f.account == f.owner))}
	powers, found := s.powers[key]
	if !found {
		p := &f.request.Principal
		for r, who := range [...]string{byAccount: f.account, byEveryone: "*", byRole: p.RoleARN, byName: p.ARN} {
			if who != "" {
				powers[r] = powerOf(f, who)
			}
		}
		s.powers[key] = powers
	}
	return powers
}

func powerOf(f *facts, who string) uint8 {
	entry := newPrincipalEntry("AWS", who)
	if who != "*" {
		entry.Type = typeOf(f.kind)
	}
	statement := Statement{Effect: Allow, Principal: Principals{entry}, Action: []string{"*"}, Resource: []string{"*"}}
	world := World{ResourcePolicy: allowing(statement), Key: f.world.Key}
	request := *f.request
	request.Action = "kms:Decrypt"
	var power uint8
	for _, more := range []func(){
		func() { world.Identity = []*Policy{everything} },
		func() { world.Identity = nil },
		func() { world.Boundary = nothing },
	} {
		more()
		if !Evaluate(request, world).Allowed() {
			break
		}
		power++
	}
	if f.kind == root || f.account == "" { // they have no boundary
		return min(power, 2)
	}
	return power
}

// settled is how far a caller settles a clause.
type settled uint8

const (
	free   settled = iota // the rest of the request decides
	unsure                // it cannot be told, or not for all callers alike
	holds
	fails
)

func (v *view) settles(id int) settled {
	c := &v.clauses[id]
	switch {
	case c.condition == nil:
		return unsure
	case !v.follows(c.key()):
		return free
	case v.doubt(c) != "":
		return unsure
	}
	switch c.condition.holds(&v.facts) {
	case yes:
		return holds
	case no:
		return fails
	}
	return unsure
}

// follows reports whether the value of a condition key follows from the caller
// and the facts known about the key.
func (v *view) follows(key string) bool {
	k := &v.scope.Key
	switch key {
	case "aws:userid":
		return v.kindIs(root, service, anonymous) || v.facts.kind == user && v.caller.UniqueID != ""
	case "kms:keyspec", "kms:customermasterkeyspec", "kms:multiregion", "kms:multiregionkeytype":
		return k.Spec != ""
	case "kms:keyusage", "kms:customermasterkeyusage":
		return k.Usage != ""
	case "kms:keyorigin":
		return k.Origin != ""
	case "kms:resourcealiases":
		return k.Aliases != nil
	case "kms:encryptioncontextkeys":
		return false
	case "aws:principalorgid", "aws:principalorgpaths":
		return v.facts.account == ""
	case "aws:principalservicenameslist":
		return v.facts.kind != service
	}
	switch {
	case strings.HasPrefix(key, "aws:resourcetag/"):
		return k.Tags != nil
	case strings.HasPrefix(key, "aws:principaltag/"):
		return v.kindIs(root, service, anonymous)
	}
	return derived[key] != nil
}

// doubt is why the answer of a clause is not the same for all callers that this
// one stands for, or cannot be told; "" if neither.
func (v *view) doubt(c *clause) string {
	if c.doubt != "" {
		return c.doubt
	}
	for _, key := range c.variables {
		if !v.constant(key) {
			return "a policy variable stands for the value of " + key
		}
	}
	return ""
}

// constant reports whether a condition key follows from what all callers have
// in common that this one stands for. Names and ids differ among them.
func (v *view) constant(key string) bool {
	switch key {
	case "aws:principalarn", "aws:principalservicename", "aws:userid", "aws:username":
		return v.follows(key) && len(v.facts.values(key)) == 0
	case "aws:principalaccount", "kms:calleraccount":
		return v.facts.account == "" || v.facts.account == v.scope.Account
	}
	return v.follows(key)
}

func (v *view) kindIs(kinds ...principalKind) bool { return slices.Contains(kinds, v.facts.kind) }
