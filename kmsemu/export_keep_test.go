package kmsemu

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keywright/keywright/keypolicy"
)

// Unkept tells how what a server's store holds differs from its state, but for when
// keys were last used; "" if it does not.
func Unkept(s *Server) (string, error) {
	s.keeper.writing.Lock()
	defer s.keeper.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	want, err := s.state.records()
	if err != nil {
		return "", err
	}
	kept := map[string]string{}
	err = s.keeper.store.Read(func(name string, body []byte) error {
		kept[name] = string(body)
		return nil
	})
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	for name, body := range s.keeper.staged {
		if kept[name] = string(body); body == nil {
			delete(kept, name)
		}
	}
	live := map[string]string{formatName: string(formatBody)}
	for _, r := range want {
		live[r.Name] = string(r.Body)
	}
	for _, records := range []map[string]string{kept, live} {
		maps.DeleteFunc(records, func(name, _ string) bool { return strings.HasPrefix(name, "use/") })
	}
	return cmp.Diff(kept, live), err
}

// Restored makes a server of the records of another, and tells how the state that
// it has differs from what it was made of; "" if it does not.
func Restored(s *Server) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, err := s.state.records()
	if err != nil {
		return "", err
	}
	other, err := restored(records)
	if err != nil {
		return "", err
	}
	settle(s.state)
	var report differences
	cmp.Equal(s.state, other, sameState, cmp.Reporter(&report))
	return strings.Join(report.lines, "\n"), nil
}

// settle takes out of a state what makes no difference: Regions without anything,
// policies that are to be brought up to date when next looked at, and what they
// name of users and roles that are deleted.
func settle(s *state) {
	current := func(d *document) {
		d.follow()
		d.mentions = slices.DeleteFunc(slices.Clone(d.mentions), func(m mention) bool { return m.of.deleted })
	}
	for _, a := range s.accounts {
		maps.DeleteFunc(a.regions, func(_ string, r *region) bool { return len(r.keys)+len(r.aliases)+len(r.stores) == 0 })
		for _, r := range a.roles {
			current(&r.trust)
		}
	}
	s.eachRegion(func(r *region) {
		for _, k := range r.keys {
			current(&k.policy)
		}
	})
}

// sameState compares states but for what is no part of them: who has asked for
// secrets so far, and what is left of deleted roles and users in sessions, which
// is their id. That a key was last used when it was, its record tells.
var sameState = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }), cmpopts.EquateEmpty(),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type().Kind() == reflect.Func }, cmp.Ignore()),
	cmp.Comparer(func(a, b *keySpec) bool { return a.name == b.name }),
	// Policies that are equal to the last field need no comparison field by field, which
	// is slow; of others that tells where they differ.
	cmp.FilterValues(func(a, b *keypolicy.Policy) bool { return reflect.DeepEqual(a, b) },
		cmp.Comparer(func(_, _ *keypolicy.Policy) bool { return true })),
	cmp.FilterValues(func(a, b agenda) bool { return len(a)+len(b) > 0 }, cmp.Transformer("keys", func(a agenda) []string {
		var arns []string
		for _, k := range a {
			arns = append(arns, k.arn)
		}
		slices.Sort(arns)
		return arns
	})),
	cmp.Transformer("keys", func(o order[*key]) []*key { return slices.Collect(o.after("")) }),
	cmp.Transformer("aliases", func(o order[*alias]) []*alias { return slices.Collect(o.after("")) }),
	cmp.Transformer("grants", func(o order[*grant]) []*grant { return slices.Collect(o.after("")) }),
	// Under which of its pairs a grant is found is settled when it comes.
	cmpopts.IgnoreFields(grantSet{}, "shelves"), cmpopts.IgnoreFields(grant{}, "places"),
	cmpopts.IgnoreTypes(&changes{}, &clock{}, turn{}, past{}, keypolicy.Position{}, keyPolicies{}, atomic.Pointer[use]{}),
	cmpopts.IgnoreFields(state{}, "storeFailures"), // a setting
	cmpopts.IgnoreFields(material{}, "once", "secret", "err"),
	cmp.FilterValues(func(a, b *role) bool { return a != nil && b != nil && a.deleted && b.deleted },
		cmp.Comparer(func(a, b *role) bool { return a.id == b.id && a.account == b.account })),
	cmp.FilterValues(func(a, b *user) bool { return a != nil && b != nil && a.deleted && b.deleted },
		cmp.Comparer(func(a, b *user) bool { return a.id == b.id && a.account == b.account })),
}

// differences reports where two states differ, one line each.
type differences struct {
	path  cmp.Path
	lines []string
}

// PushStep, PopStep and Report are for [cmp.Reporter].
func (d *differences) PushStep(step cmp.PathStep) { d.path = append(d.path, step) }

// PopStep leaves a step.
func (d *differences) PopStep() { d.path = d.path[:len(d.path)-1] }

// Report notes a difference.
func (d *differences) Report(r cmp.Result) {
	if !r.Equal() {
		was, is := d.path.Last().Values()
		d.lines = append(d.lines, fmt.Sprintf("%#v: %v, now %v", d.path, was, is))
	}
}

// StateTypes are the structs that make up the state.
func StateTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[state](), reflect.TypeFor[clock](), reflect.TypeFor[account](), reflect.TypeFor[directory](), reflect.TypeFor[entity](),
		reflect.TypeFor[holder](), reflect.TypeFor[member](), reflect.TypeFor[role](), reflect.TypeFor[user](), reflect.TypeFor[accessKey](),
		reflect.TypeFor[group](), reflect.TypeFor[instanceProfile](), reflect.TypeFor[managedPolicy](), reflect.TypeFor[policyVersion](),
		reflect.TypeFor[oidcProvider](), reflect.TypeFor[document](), reflect.TypeFor[session](), reflect.TypeFor[issuer](), reflect.TypeFor[tokenKey](),
		reflect.TypeFor[region](), reflect.TypeFor[key](), reflect.TypeFor[material](), reflect.TypeFor[rotation](), reflect.TypeFor[use](), reflect.TypeFor[keyStore](), reflect.TypeFor[backing](), reflect.TypeFor[link](), reflect.TypeFor[alias](),
		reflect.TypeFor[grant](), reflect.TypeFor[party](), reflect.TypeFor[grantConstraints](), reflect.TypeFor[grantSet](),
	}
}

// Keys is how many keys there are.
func Keys(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	s.state.eachRegion(func(r *region) { n += len(r.keys) })
	return n
}

// alter changes the state as a call does.
func (s *Server) alter(change func()) {
	err := s.whileLocked(func() error {
		change()
		return nil
	})
	if err != nil {
		panic(err) // the stores of tests do not fail by themselves
	}
}
