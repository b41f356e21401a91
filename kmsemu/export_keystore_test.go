package kmsemu

import "fmt"

// MaxKeys is how many keys a Region can have.
const MaxKeys = maxKeys

// FillKeys makes n keys like one there is, without a life of their own.
func FillKeys(s *Server, keyARN string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	like := s.keyOf(keyARN)
	r := s.state.accounts[like.account].regions[like.region]
	for i := range n {
		id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		r.add(&key{id: id, account: like.account, region: like.region, state: stateEnabled})
	}
}

// DropStores deletes all custom key stores, whatever their state.
func DropStores(s *Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.state.accounts {
		for _, r := range a.regions {
			clear(r.stores)
		}
	}
}
