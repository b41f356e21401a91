package kmsemu

import (
	"errors"
	"maps"
	"sync"
	"sync/atomic"
)

// Store is where a server keeps its state beyond its own life; see [Server.Keep].
// It holds records: named texts that only the emulator reads. Package
// kmsemu/store has one in a folder.
type Store interface {
	// Read calls yield with every record, in any order. It returns yield's error,
	// which ends the reading, or its own. yield must not keep body.
	Read(yield func(name string, body []byte) error) error
	// Write puts records in the place of those of the same names, and removes
	// those whose body is nil: all of them or, with an error, none. When it
	// returns, they must survive the end of the process. It is called by one
	// goroutine at a time.
	Write(records map[string][]byte) error
}

// Keep brings back the state that a store holds, and from then on keeps every
// change in it: the answer to a call leaves when all that the call changed, and all
// that it could see, is in the store. Calls that change nothing, such as Encrypt,
// write nothing: that a key was used is kept with the next change, or by
// [Server.Flush]. Make it the first thing that is done with a server.
//
// The error is that of reading the store, or tells that the server already has
// state; the server then is as it was. While the store cannot be written to, calls
// that depend on a change are answered with KMSInternalException, and the log tells
// why: the change itself is in force, and is written with the next one that
// succeeds.
func (s *Server) Keep(store Store) error {
	kept, records, err := readState(store.Read)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeper != nil || len(s.state.accounts)+len(s.state.issuers) > 0 {
		return errors.New("keeping the state in a store: the server already has state; call Keep before anything else")
	}
	if len(records) == 0 {
		if err := store.Write(map[string][]byte{formatName: formatBody}); err != nil {
			return err
		}
	}
	if err := s.become(kept, records); err != nil {
		return err
	}
	s.keeper, s.state.changes = &keeper{store: store}, &changes{}
	return nil
}

// Flush keeps what no answer waits for: when keys were last used. Call it before a
// server that keeps its state is given up. The error is that of the store.
func (s *Server) Flush() error {
	return s.whileLocked(func() error {
		s.keeper.noteUses(s.state.changes)
		return nil
	})
}

// become gives the server the state that was made of records, or leaves it as it
// was. The caller holds mu.
func (s *Server) become(other *state, records []namedRecord) error {
	random, err := s.random.Load().stirred(records)
	if err != nil {
		return err
	}
	ahead := other.clock.ahead.Load()
	other.storeFailures = s.state.storeFailures
	if err := s.exchange(other, records); err != nil {
		return err
	}
	s.clock.ahead.Store(ahead)
	s.random.Store(random)
	return nil
}

// exchange puts another state, made of records, in the place of the server's. The
// caller holds mu.
func (s *Server) exchange(other *state, records []namedRecord) error {
	if s.keeper != nil {
		old, err := s.state.records()
		if err != nil {
			return err
		}
		s.keeper.replace(old, records)
	}
	other.clock, other.changes = s.clock, s.state.changes
	other.changes.note(s.clock)
	s.state = other
	return nil
}

// changes are the entities that changed since they were last kept; nil if nothing
// is kept.
type changes struct{ noted map[durable]struct{} }

// note must be called whenever an entity comes, goes or changes, with the state
// locked. What a call was about is noted by [call.noteChanges].
func (c *changes) note(r durable) {
	if c == nil {
		return
	}
	if c.noted == nil {
		c.noted = map[durable]struct{}{}
	}
	c.noted[r] = struct{}{}
}

// noteChanges is the end of a call while the state is locked. Whatever it was
// authorised to use it may have changed, unless it failed or its operation is one
// that changes nothing.
func (c *call) noteChanges(err error) {
	changed := err == nil && !readOnly(c.name)
	for _, k := range c.keys {
		if changed {
			c.server.state.changes.note(k)
		}
		c.server.settle(k, c.now)
	}
	for _, r := range c.opened {
		if changed {
			c.server.state.changes.note(r)
		}
	}
}

// whileLocked runs f with the state locked, and returns when everything that f
// changed or could see is kept. The error is that of keeping it, or else f's.
func (s *Server) whileLocked(f func() error) error {
	ticket, err := s.oneStep(f)
	if failed := s.keeper.await(ticket); failed != nil {
		return internal(failed)
	}
	return err
}

// oneStep runs f with the state locked, and hands what it changed to the keeper.
func (s *Server) oneStep(f func() error) (ticket uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = f()
	if s.keeper == nil {
		return 0, err
	}
	ticket, failed := s.keeper.stage(s.state)
	if failed != nil {
		err = internal(failed)
	}
	return ticket, err
}

// keeper brings records into a store. Calls stage them with the state locked, and
// wait for them with the state unlocked; of those that wait at the same time one
// writes for all.
type keeper struct {
	store Store

	mu     sync.Mutex // guards the following
	used   map[lastUse]struct{}
	staged map[string][]byte
	last   uint64 // ticket: how often something was staged

	writing sync.Mutex    // who writes
	kept    atomic.Uint64 // the last ticket that is in the store
}

// stage takes the records of what changed. The ticket is for what is staged so far.
func (k *keeper) stage(s *state) (ticket uint64, err error) {
	if len(s.changes.noted) > 0 {
		k.noteUses(s.changes)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for r := range s.changes.noted {
		body, err := encodeRecord(s, r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		k.put(r.recordName(), body)
	}
	clear(s.changes.noted)
	return k.last, errors.Join(errs...)
}

// noteUses notes the uses of keys since they were last kept.
func (k *keeper) noteUses(changes *changes) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for u := range k.used {
		changes.note(u)
	}
	clear(k.used)
}

// later notes a use of a key, to be kept when something else is.
func (k *keeper) later(u lastUse) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used == nil {
		k.used = map[lastUse]struct{}{}
	}
	k.used[u] = struct{}{}
}

// put stages one record. The caller holds mu.
func (k *keeper) put(name string, body []byte) {
	if k.staged == nil {
		k.staged = map[string][]byte{}
		k.last++
	}
	k.staged[name] = body
}

// await returns when all up to the ticket is in the store.
func (k *keeper) await(ticket uint64) error {
	if k == nil || k.kept.Load() >= ticket {
		return nil
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if k.kept.Load() >= ticket {
		return nil // whoever wrote before took it along
	}
	records, upTo := k.take()
	if err := k.store.Write(records); err != nil {
		k.putBack(records)
		return err
	}
	k.kept.Store(upTo)
	return nil
}

func (k *keeper) take() (map[string][]byte, uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	records := k.staged
	k.staged = nil
	return records, k.last
}

// putBack stages again what could not be written, but for what changed since.
func (k *keeper) putBack(records map[string][]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.Copy(records, k.staged)
	k.staged = records
}

// replace stages records in the place of old ones.
func (k *keeper) replace(old, records []namedRecord) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range old {
		k.put(r.Name, nil)
	}
	for _, r := range records {
		k.put(r.Name, r.Body)
	}
}
