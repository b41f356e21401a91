package kmsemu

import (
	"container/heap"
	"time"
)

// agenda holds the keys that time will change, the next one first. A key is in it
// while it has a due date. What time changes, it changes before the first call
// after the date, in the order of the dates, whether or not anybody looks at the
// key: see [Server.catchUp].
type agenda []*key

// turn is a key's place in the agenda.
type turn struct {
	at    time.Time // its due date when the agenda last looked
	place int       // counted from 1; 0 if it is not in the agenda
}

// due is when time changes the key next; zero for never.
func (k *key) due() time.Time {
	var date time.Time
	switch {
	case k.state == stateDeleted:
		return date
	case k.state == statePendingDeletion:
		date = k.deletion
	case k.state == stateCreating || k.state == stateUpdating:
		date = k.settles
	case k.state == stateEnabled && k.rotation.enabled && k.role != replicaMember:
		date = k.rotation.next
	}
	if m := k.expiring(); m != nil && (date.IsZero() || m.validTo.Before(date)) {
		date = m.validTo
	}
	return date
}

// note moves a key to where its due date belongs, after something happened to it.
func (a *agenda) note(k *key) {
	due, listed := k.due(), k.turn.place > 0
	switch {
	case due.IsZero() && listed:
		heap.Remove(a, k.turn.place-1)
	case due.IsZero() || listed && due.Equal(k.turn.at):
	case listed:
		k.turn.at = due
		heap.Fix(a, k.turn.place-1)
	default:
		k.turn.at = due
		heap.Push(a, k)
	}
}

// next is the key whose date has come; nil if there is none.
func (a agenda) next(now time.Time) *key {
	if len(a) == 0 || now.Before(a[0].turn.at) {
		return nil
	}
	return a[0]
}

// Len, Less, Swap, Push and Pop are for [container/heap].
func (a agenda) Len() int { return len(a) }

// Less tells dates apart and, where they are equal, keys: so that a run can be
// repeated.
func (a agenda) Less(i, j int) bool {
	if !a[i].turn.at.Equal(a[j].turn.at) {
		return a[i].turn.at.Before(a[j].turn.at)
	}
	return a[i].arn < a[j].arn
}

// Swap exchanges two keys.
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].turn.place, a[j].turn.place = i+1, j+1
}

// Push appends a key.
func (a *agenda) Push(x any) {
	k := x.(*key)
	*a = append(*a, k)
	k.turn.place = len(*a)
}

// Pop removes the last key.
func (a *agenda) Pop() any {
	last := len(*a) - 1
	k := (*a)[last]
	(*a)[last], k.turn.place = nil, 0
	*a = (*a)[:last]
	return k
}

// catchUp makes the changes that fell due until now, each on its date. It comes
// first whenever the state is locked for a call.
func (s *Server) catchUp(now time.Time) error {
	for k := s.state.agenda.next(now); k != nil; k = s.state.agenda.next(now) {
		date := k.turn.at
		if err := s.change(k, date); err != nil {
			return err
		}
		s.state.changes.note(k)
		s.settle(k, date)
	}
	return nil
}

// change makes the one change that is due for a key.
func (s *Server) change(k *key, date time.Time) error {
	if m := k.expiring(); m != nil && !date.Before(m.validTo) {
		k.lose(m)
		s.trail.add(expiry(k, m))
		return nil
	}
	switch k.state {
	case statePendingDeletion:
		s.state.accounts[k.account].regions[k.region].drop(k)
		s.trail.add(deletion(k, date))
		if k.role == replicaMember {
			s.lostReplica(k, date)
		}
		return nil
	case stateCreating, stateUpdating:
		k.enter(stateEnabled)
		return nil
	}
	next, err := k.spec.newMaterial(s.random.Load().stream("rotation " + k.arn))
	if err != nil {
		return err
	}
	k.rotate(next, date, automaticRotation)
	k.rotation.schedule(date)
	s.trail.add(keyRotation(k, date))
	return nil
}
