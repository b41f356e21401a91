package kmsemu

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// throttle holds what is left of each quota.
type throttle struct {
	mu      sync.Mutex
	quotas  Quotas
	buckets map[charge]*bucket
}

// charge is what a call counts against: a quota of an account, or of a custom key
// store, in a Region.
type charge struct{ whose, region, quota string }

// bucket is what is left of a quota, and when that was.
type bucket struct {
	left float64
	at   time.Time
}

// take takes a request out of the bucket, which holds those of one second, and at
// least one.
func (b *bucket) take(rate float64, now time.Time) bool {
	if now.After(b.at) {
		b.left = min(max(rate, 1), b.left+rate*now.Sub(b.at).Seconds())
		b.at = now
	}
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// SetQuotas changes the request quotas, which begin full. It refuses unknown names
// and rates that are not above 0, and changes nothing then.
func (s *Server) SetQuotas(to Quotas) error {
	if err := to.check(); err != nil {
		return fmt.Errorf("setting quotas: %w", err)
	}
	s.throttle.set(to)
	return nil
}

func (t *throttle) set(to Quotas) {
	to.Rates = maps.Clone(to.Rates)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.quotas, t.buckets = to, map[charge]*bucket{}
}

// Quotas is what [Config.Quotas] or [Server.SetQuotas] says.
func (s *Server) Quotas() Quotas {
	s.throttle.mu.Lock()
	defer s.throttle.mu.Unlock()
	out := s.throttle.quotas
	out.Rates = maps.Clone(out.Rates)
	return out
}

// throttled counts a call against its quotas, before anything else is asked about
// it, and refuses it if one is used up.
func (s *Server) throttled(c *call) error {
	s.throttle.mu.Lock()
	enforced := s.throttle.quotas.Enforced
	s.throttle.mu.Unlock()
	if c.service != serviceKMS || !enforced {
		return nil
	}
	charges, err := c.charges()
	if err != nil {
		return err
	}
	s.throttle.mu.Lock()
	defer s.throttle.mu.Unlock()
	for _, place := range charges {
		if !s.throttle.take(place, c.now) {
			return fail(throttling, "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")
		}
	}
	return nil
}

// take takes one request out of a quota.
func (t *throttle) take(place charge, now time.Time) bool {
	rate := t.quotas.rate(place.quota, place.region)
	b := t.buckets[place]
	if b == nil {
		b = &bucket{left: max(rate, 1), at: now}
		t.buckets[place] = b
	}
	return b.take(rate, now)
}

// charges are what a call counts against.
func (c *call) charges() ([]charge, error) {
	about, err := c.about()
	if err != nil {
		return nil, err
	}
	var out []charge
	names := quotasOf(c.name, about)
	for _, name := range names {
		out = append(out, charge{c.caller.account, c.region, name})
	}
	for _, name := range quotasElsewhere[c.name] {
		out = append(out, charge{c.caller.account, about.region, name})
	}
	if slices.Contains(names, symmetricQuota) {
		for _, id := range about.stores {
			out = append(out, charge{id, c.region, keyStoreQuota})
		}
	}
	return out, nil
}

// quotasOf names the quotas of an operation: its own or, if it is cryptographic,
// those of the keys it is about, each once. A request that names no key that exists
// counts as one with a symmetric key (K0572).
func quotasOf(operation string, about subjects) []string {
	if strings.HasPrefix(operation, pairQuota) {
		operation = pairQuota + " (" + about.pairSpec + ")"
	}
	if _, own := quotas[operation]; own {
		return []string{operation}
	}
	var names []string
	for _, k := range about.keys {
		if name := quotaOfSpec(k.spec.name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		names = []string{symmetricQuota}
	}
	return names
}

func quotaOfSpec(spec string) string {
	for _, row := range quotasBySpec {
		if strings.HasPrefix(spec, row.prefix) {
			return row.quota
		}
	}
	return symmetricQuota
}
