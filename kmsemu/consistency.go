package kmsemu

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// Consistency says how long after a change the decisions of the services follow
// it, by the server's clock. What the services show follows at once, as it may in
// AWS. The zero value is at once in everything. AWS promises no times: usually it
// takes seconds, up to five minutes for grants, tags and aliases (K0561 to K0566).
type Consistency struct {
	// Keys: a new key is not found, not even by who made it.
	Keys Duration `json:"keys"`
	// Aliases: a new alias is not found, one that was moved or deleted leads where
	// it led, and so does kms:ResourceAliases.
	Aliases Duration `json:"aliases"`
	// Tags: aws:ResourceTag of a key has the tags it had.
	Tags Duration `json:"tags"`
	// KeyPolicies: a key policy that was replaced decides.
	KeyPolicies Duration `json:"keyPolicies"`
	// Grants: a new grant counts for calls that carry its token alone, and one that
	// was retired or revoked still counts.
	Grants Duration `json:"grants"`
	// IAM: a new user or role can be named by no policy or grant and assumed by
	// nobody, a new access key is unknown; policies, groups, boundaries and trust
	// policies decide as they were. What was deleted is gone at once.
	IAM Duration `json:"iam"`
	// Replicas: a new replica key is Creating, and a change of the primary Region is
	// Updating. With zero they are so until the next call.
	Replicas Duration `json:"replicas"`
}

// check refuses negative times.
func (c Consistency) check() error {
	for _, d := range []Duration{c.Keys, c.Aliases, c.Tags, c.KeyPolicies, c.Grants, c.IAM, c.Replicas} {
		if d < 0 {
			return fmt.Errorf("a change cannot take effect %v after it is made", time.Duration(d))
		}
	}
	return nil
}

// SetConsistency changes how long changes take to count, also those already made.
// It refuses negative times.
func (s *Server) SetConsistency(to Consistency) error {
	if err := to.check(); err != nil {
		return fmt.Errorf("setting consistency: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consistency = to
	return nil
}

// Consistency is what [Config.Consistency] or [Server.SetConsistency] says.
func (s *Server) Consistency() Consistency {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.consistency
}

// span is the time in which changes are still on their way.
type span struct{ since, now time.Time }

func (c *call) span(delay Duration) span { return span{c.now.Add(-time.Duration(delay)), c.now} }

// covers reports whether a change of that time is on its way.
func (s span) covers(change time.Time) bool { return change.After(s.since) }

// former is a value that was replaced.
type former[V any] struct {
	value    V
	replaced time.Time
}

// formers are replaced values that may still be in force, by whose they were; of
// each the oldest first.
type formers[K comparable, V any] map[K][]former[V]

// keep notes a value that is about to be replaced. What is past goes.
func (f formers[K, V]) keep(whose K, value V, s span) {
	maps.DeleteFunc(f, func(_ K, list []former[V]) bool { return !s.covers(list[len(list)-1].replaced) })
	if s.covers(s.now) {
		f[whose] = append(f[whose], former[V]{value, s.now})
	}
}

// inForce is the value that decides now: the oldest that was replaced within the
// span, or the current one.
func (f formers[K, V]) inForce(whose K, current V, s span) V {
	for _, old := range f[whose] {
		if s.covers(old.replaced) {
			return old.value
		}
	}
	return current
}

// leaving are all values that were replaced within the span.
func (f formers[K, V]) leaving(whose K, s span) []V {
	var out []V
	for _, old := range f[whose] {
		if s.covers(old.replaced) {
			out = append(out, old.value)
		}
	}
	return out
}

// past is what was, for as long as it still decides. Whoever changes one of these
// keeps the old value first; whoever decides asks for the one in force.
type past struct {
	policies formers[*key, *document]
	tags     formers[*key, map[string]string]
	aliases  formers[string, *key] // by alias ARN; nil for an alias that was not
	grants   formers[*key, *grant] // that were retired or revoked
	iam      formers[*account, iamView]
}

func newPast() past {
	return past{
		formers[*key, *document]{}, formers[*key, map[string]string]{}, formers[string, *key]{},
		formers[*key, *grant]{}, formers[*account, iamView]{},
	}
}

func (c *call) past() *past { return &c.server.state.past }

// known reports whether a key is no longer too new to be found. Services wait for
// their own.
func (c *call) known(k *key) bool {
	return k.managed || !c.span(c.server.consistency.Keys).covers(k.created)
}

// setPolicy replaces the policy of a key.
func (c *call) setPolicy(k *key, to document) {
	old := k.policy
	c.past().policies.keep(k, &old, c.span(c.server.consistency.KeyPolicies))
	k.policy = to
}

// policyOf is the key policy that decides.
func (c *call) policyOf(k *key) *keypolicy.Policy {
	d := c.past().policies.inForce(k, &k.policy, c.span(c.server.consistency.KeyPolicies))
	d.follow()
	return d.policy
}

// setTags replaces the tags of a key.
func (c *call) setTags(k *key, to map[string]string) {
	c.past().tags.keep(k, k.tags, c.span(c.server.consistency.Tags))
	k.tags = to
}

// putAlias is [region.put], and removeAlias [region.remove], of the caller's
// Region.
func (c *call) putAlias(a *alias, target *key) {
	c.past().aliases.keep(a.arn, a.key, c.span(c.server.consistency.Aliases))
	c.regionLocked().put(a, target)
}

func (c *call) removeAlias(a *alias) {
	c.past().aliases.keep(a.arn, a.key, c.span(c.server.consistency.Aliases))
	c.regionLocked().remove(a)
}

// aliasTarget is the key that an alias leads to; nil for none.
func (c *call) aliasTarget(r *region, arn string) *key {
	var current *key
	if a := r.aliases[aliasName(arn)]; a != nil {
		current = a.key
	}
	k := c.past().aliases.inForce(arn, current, c.span(c.server.consistency.Aliases))
	if k == nil || k.state == stateDeleted {
		return nil
	}
	return k
}

// aliasName is the name in an alias ARN; it has no colon.
func aliasName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// facts are those that decide.
func (c *call) facts(k *key) *keypolicy.Key {
	facts := k.facts()
	facts.Tags = c.past().tags.inForce(k, k.tags, c.span(c.server.consistency.Tags))
	if len(c.past().aliases) > 0 {
		facts.Aliases = c.aliasesOf(k)
	}
	return facts
}

// aliasesOf lists the aliases that lead to a key, also those on their way.
func (c *call) aliasesOf(k *key) []string {
	r := c.lookRegion(k.account)
	prefix := strings.TrimSuffix(k.arn, "key/"+k.id)
	names := map[string]bool{}
	for name := range k.aliases {
		names[name] = true
	}
	for arn := range c.past().aliases {
		if strings.HasPrefix(arn, prefix) {
			names[aliasName(arn)] = true
		}
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { return c.aliasTarget(r, prefix+name) != k })
	return slices.Sorted(maps.Keys(names))
}

// dropGrant retires or revokes a grant.
func (c *call) dropGrant(g *grant) {
	c.past().grants.keep(g.key, g, c.span(c.server.consistency.Grants))
	c.server.state.removeGrant(g)
}
