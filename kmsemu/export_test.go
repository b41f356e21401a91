package kmsemu

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Operations lists the operations of a service, for tests that must cover all.
func Operations(service string) []string {
	tables := map[string]map[string]operation{serviceKMS: kmsOperations, serviceSTS: stsOperations, serviceIAM: iamOperations}
	return slices.Sorted(maps.Keys(tables[service]))
}

// WireCode is a row of the error table.
type WireCode struct {
	Name, QueryName     string
	Status, QueryStatus int
}

// WireCodes lists the error table.
func WireCodes() []WireCode {
	var out []WireCode
	for _, row := range codes {
		out = append(out, WireCode{row.name, row.queryName, row.status, row.queryStatus})
	}
	return out
}

// MaxEvents is how many events a server keeps.
const MaxEvents = maxEvents

// KeptOf records events in a row and returns what the trail keeps of them.
func KeptOf(events []Event) []Event {
	var t trail
	for _, e := range events {
		t.add(e)
	}
	return t.events(func(*Event) bool { return true })
}

// MaxGrants is how many grants a key can have.
const MaxGrants = maxGrants

// FillGrants makes n grants on a key, the i-th to grantee(i), each constrained to
// the pair n=i.
func FillGrants(s *Server, keyARN string, n int, grantee func(i int) string) {
	s.alter(func() { s.fillGrants(s.keyOf(keyARN), n, grantee) })
}

func (s *Server) fillGrants(k *key, n int, grantee func(i int) string) {
	for i := range n {
		g := &grant{
			id: fmt.Sprintf("%064x", i), key: k, region: k.region, issuer: k.account, operations: []string{"Decrypt", "DescribeKey"},
			grantee:     party{name: grantee(i), id: s.state.uniqueID(grantee(i))},
			constraints: grantConstraints{EncryptionContextSubset: encryptionContext{"n": fmt.Sprint(i)}},
		}
		s.state.addGrant(g)
	}
}

// GrantsConsidered is how many of a key's grants a decision looks at.
func GrantsConsidered(s *Server, keyARN, grantee, operation string, context map[string]string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.keyOf(keyARN).grants.find(party{name: grantee, id: s.state.uniqueID(grantee)}.ref(), operation, context))
}

// RetirableGrants is how many grants the lists of retiring principals hold.
func RetirableGrants(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, list := range s.state.retirable {
		n += list.size()
	}
	return n
}

func (s *Server) keyOf(arn string) *key {
	parts := strings.Split(arn, ":")
	return s.state.accounts[parts[4]].regions[parts[3]].keys[strings.TrimPrefix(parts[5], "key/")]
}

// HoldSecret makes the first use of a key's current material wait until it is
// released. The channel is closed when it is wanted.
func (s *Server) HoldSecret(keyARN string) (asked <-chan struct{}, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.keyOf(keyARN).current()
	slow, wanted, held := *m.spec, make(chan struct{}), make(chan struct{})
	slow.newSecret = func(seed []byte) (any, error) {
		close(wanted)
		<-held
		return keySpecs[slow.name].newSecret(seed)
	}
	m.spec, m.once = &slow, sync.Once{} // forgets what was made before
	return wanted, sync.OnceFunc(func() { close(held) })
}

// SetKeyState puts a key into a state that only the service itself can.
func SetKeyState(s *Server, keyARN, state string) {
	s.alter(func() {
		k := s.keyOf(keyARN)
		k.state = keyState(state)
		s.state.changes.note(k)
	})
}

// Former is how many aliases have a value that was replaced.
func Former(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.state.past.aliases)
}

// DefaultRate is the rate of a quota in a Region.
func DefaultRate(quota, region string) float64 { return Quotas{}.rate(quota, region) }

// FillRegion makes n keys beside one there is, each with an alias, without a life
// of their own.
func FillRegion(s *Server, keyARN string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	like := s.keyOf(keyARN)
	r := s.state.accounts[like.account].regions[like.region]
	for i := range n {
		id := fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)
		k := &key{id: id, account: like.account, region: like.region, state: stateEnabled}
		r.add(k)
		r.put(&alias{name: fmt.Sprintf("alias/%08x", i)}, k)
	}
}

// Order is an order of texts.
type Order struct{ order order[text] }

type text string

func (t text) label() string { return string(t) }

// MaxRun is how many things an order moves at a time.
const MaxRun = maxRun

func (o *Order) Add(label string)    { o.order.add(text(label)) }
func (o *Order) Remove(label string) { o.order.remove(label) }
func (o *Order) Size() int           { return o.order.size() }

func (o *Order) Has(label string) bool {
	_, found := o.order.get(label)
	return found
}

// After lists what comes after a label.
func (o *Order) After(label string) []string {
	out := []string{}
	for t := range o.order.after(label) {
		out = append(out, string(t))
	}
	return out
}

// AdminRoutes lists the paths of the admin endpoint with their methods.
func AdminRoutes() map[string][]string {
	out := map[string][]string{}
	for path, methods := range adminRoutes {
		out[path] = slices.Sorted(maps.Keys(methods))
	}
	return out
}

// TokenKeys is how many keys of an issuer are trusted.
func TokenKeys(s *Server, issuer string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.state.trusted(issuer))
}

// System is the operating system.
const System = runtime.GOOS

// StartLimited is [Start] with short limits for reading a header and a request.
func StartLimited(cfg Config, header, request time.Duration) (*Instance, error) {
	l := usualLimits
	l.readHeader, l.read = header, request
	return start(cfg, l)
}

// MaxHeaders is how long the headers of a request may be, in bytes.
const MaxHeaders = maxHeaders

// MaxScopes is how many credential scopes a server remembers.
const MaxScopes = maxCredentials

// Scopes is how many it does.
func Scopes(s *Server) int {
	s.scopes.mu.Lock()
	defer s.scopes.mu.Unlock()
	return len(s.scopes.known)
}
