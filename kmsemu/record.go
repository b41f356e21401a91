package kmsemu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// durable is an entity that snapshots and stores keep, as one record.
type durable interface {
	// recordName is the entity's kind, a slash and what tells it from others of its
	// kind. It never changes.
	recordName() string
	// record is what is to be kept of the entity; nil if the state has lost it.
	record(*state) any
}

// recordKind is a kind of entity: how to list those there are, and how to bring
// one back from its record.
type recordKind struct {
	name    string
	each    func(*state, func(durable))
	restore func(*restoration, []byte) error
}

// recordKinds are all of them, each after those that its records refer to.
func recordKinds() []recordKind {
	return []recordKind{
		{"clock", eachClock, reading(restoreClock)},
		{"account", eachAccount, reading(restoreAccount)},
		{"policy", eachThing(func(d *directory) map[string]*managedPolicy { return d.policies }), reading(restorePolicy)},
		{"role", eachThing(func(d *directory) map[string]*role { return d.roles }), reading(restoreRole)},
		{"user", eachThing(func(d *directory) map[string]*user { return d.users }), reading(restoreUser)},
		{"group", eachThing(func(d *directory) map[string]*group { return d.groups }), reading(restoreGroup)},
		{"profile", eachThing(func(d *directory) map[string]*instanceProfile { return d.profiles }), reading(restoreProfile)},
		{"provider", eachThing(func(d *directory) map[string]*oidcProvider { return d.providers }), reading(restoreProvider)},
		{"tokens", eachIssuer, reading(restoreIssuer)},
		{"store", eachStore, reading(restoreStore)},
		{"key", eachKey, reading(restoreKey)},
		{"alias", eachAlias, reading(restoreAlias)},
		{"grant", eachGrant, reading(restoreGrant)},
		{"use", eachUse, reading(restoreUse)},
		{"session", eachSession, reading(restoreSession)},
	}
}

// namedRecord is a record as it is written.
type namedRecord struct {
	Name string
	Body json.RawMessage
}

// records are those of all entities: kinds in order, then by name.
func (s *state) records() ([]namedRecord, error) {
	var all []namedRecord
	for _, kind := range recordKinds() {
		from := len(all)
		var errs []error
		kind.each(s, func(r durable) {
			body, err := encodeRecord(s, r)
			if errs = append(errs, err); body != nil {
				all = append(all, namedRecord{r.recordName(), body})
			}
		})
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		slices.SortFunc(all[from:], func(a, b namedRecord) int { return strings.Compare(a.Name, b.Name) })
	}
	return all, nil
}

// encodeRecord writes the record of an entity; nil if the state has lost it.
func encodeRecord(s *state, r durable) ([]byte, error) {
	value := r.record(s)
	if value == nil {
		return nil, nil
	}
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("writing record %q: %w", r.recordName(), err)
	}
	return body, nil
}

// restoration is a state on its way back from records.
type restoration struct {
	*state
	roles map[string]*role // by unique id
	users map[string]*user // likewise
	last  []func() error   // what can be done only when all entities are back
}

// member finds a role or user by unique id; nil if there is none.
func (to *restoration) member(id string) *entity {
	if r := to.roles[id]; r != nil {
		return &r.entity
	}
	if u := to.users[id]; u != nil {
		return &u.entity
	}
	return nil
}

// restored makes a state of records in any order.
func restored(records []namedRecord) (*state, error) {
	kinds := map[string][]namedRecord{}
	for _, r := range records {
		kind, _, _ := strings.Cut(r.Name, "/")
		kinds[kind] = append(kinds[kind], r)
	}
	to := &restoration{state: newState(), roles: map[string]*role{}, users: map[string]*user{}}
	for _, kind := range recordKinds() {
		for _, r := range kinds[kind.name] {
			if err := kind.restore(to, r.Body); err != nil {
				return nil, fmt.Errorf("reading record %q: %w", r.Name, err)
			}
		}
		delete(kinds, kind.name)
	}
	for kind := range kinds {
		return nil, fmt.Errorf("records of kind %q are not known here: another version of this program wrote them", kind)
	}
	for _, finish := range to.last {
		if err := finish(); err != nil {
			return nil, err
		}
	}
	return to.state, to.verify(records)
}

// verify makes sure that the state is the one that was recorded: it would be recorded
// by the same records.
func (s *state) verify(records []namedRecord) error {
	own, err := s.records()
	if err != nil {
		return err
	}
	bodies := make(map[string][]byte, len(own))
	for _, r := range own {
		bodies[r.Name] = r.Body
	}
	for _, r := range records {
		if !bytes.Equal(bodies[r.Name], r.Body) {
			return fmt.Errorf("record %q is damaged", r.Name)
		}
		delete(bodies, r.Name)
	}
	for name := range bodies {
		return missing("record", name)
	}
	return nil
}

// reading reads a record strictly: a field that is not known would be lost.
func reading[R any](restore func(*restoration, *R) error) func(*restoration, []byte) error {
	return func(to *restoration, body []byte) error {
		var r R
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&r); err != nil {
			return err
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return errors.New("something follows the record")
		}
		return restore(to, &r)
	}
}

// missing is the error for a record that refers to one that is not there.
func missing(kind, name string) error {
	return fmt.Errorf("it refers to %s %q, of which there is no record", kind, name)
}
