package kmsemu

import (
	"time"
)

// state is everything the emulator remembers. Server.mu guards it: whoever calls
// its methods, or those of what it holds, has the lock.
type state struct {
	accounts   map[string]*account   // by account id
	sessions   map[string]*session   // by access key
	accessKeys map[string]*accessKey // of users, by id
	issuers    map[string]*issuer    // of web identity tokens, by URL
	// retirable are the grants of all accounts, by who may retire them.
	retirable retirables
	agenda    agenda
	past      past
	// storeFailures are what [Server.SetKeyStoreFailures] said.
	storeFailures map[string]string
	// keyPolicies saves parsing.
	keyPolicies keyPolicies
	clock       *clock
	changes     *changes
}

func newState() *state {
	return &state{
		accounts: map[string]*account{}, sessions: map[string]*session{}, accessKeys: map[string]*accessKey{},
		issuers: map[string]*issuer{}, retirable: retirables{}, past: newPast(), keyPolicies: keyPolicies{}, clock: &clock{},
	}
}

// account is one AWS account.
type account struct {
	id      string
	state   *state             // which it is in
	regions map[string]*region // by Region name
	directory
}

// region is what KMS holds for one account in one Region.
type region struct {
	state   *state            // which it is in
	keys    map[string]*key   // by key id
	aliases map[string]*alias // by alias name
	// The same in order, for lists.
	keyList   order[*key]
	aliasList order[*alias]
	// stores are the custom key stores, by id.
	stores map[string]*keyStore
}

// alias is a name for a key. It is in its Region's map and in its key's.
type alias struct {
	name             string
	arn              string
	key              *key
	created, updated time.Time
}

// account returns an account, which comes into being when first asked for.
func (s *state) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{id: id, state: s, regions: map[string]*region{}, directory: newDirectory()}
		s.accounts[id] = a
		s.changes.note(a)
	}
	return a
}

// region returns an account's part of a Region, made when first asked for.
func (a *account) region(name string) *region {
	r := a.regions[name]
	if r == nil {
		r = &region{state: a.state, keys: map[string]*key{}, aliases: map[string]*alias{}, stores: map[string]*keyStore{}}
		a.regions[name] = r
	}
	return r
}

// add adds a key, to its custom key store too.
func (r *region) add(k *key) {
	r.keys[k.id] = k
	r.keyList.add(k)
	if k.store != nil {
		k.store.keys[k.behind()] = k
	}
	r.state.changes.note(k)
}

// drop deletes a key with its aliases and grants (K0045).
func (r *region) drop(k *key) {
	for _, a := range k.aliases {
		r.remove(a)
	}
	r.state.dropGrants(k)
	if k.store != nil {
		delete(k.store.keys, k.behind())
	}
	delete(r.keys, k.id)
	r.keyList.remove(k.id)
	k.state = stateDeleted
	r.state.changes.note(k)
	r.state.changes.note(lastUse{k})
}

// put adds an alias, or moves it to its new key.
func (r *region) put(a *alias, target *key) {
	if a.key != nil {
		delete(a.key.aliases, a.name)
	}
	a.key = target
	if target.aliases == nil {
		target.aliases = map[string]*alias{}
	}
	target.aliases[a.name] = a
	r.aliases[a.name] = a
	r.aliasList.add(a)
	r.state.changes.note(a)
}

func (r *region) remove(a *alias) {
	delete(a.key.aliases, a.name)
	delete(r.aliases, a.name)
	r.aliasList.remove(a.name)
	r.state.changes.note(a)
}
