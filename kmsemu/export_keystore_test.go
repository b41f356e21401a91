package kmsemu

import "fmt"

// MaxKeys is how many keys a Region can have.
const MaxKeys = maxKeys

// FillKeys makes n keys like one there is, and with what it has.
func FillKeys(s *Server, keyARN string, n int) {
	s.alter(func() {
		like := s.keyOf(keyARN)
		r := s.state.accounts[like.account].regions[like.region]
		for i := range n {
			id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
			r.add(&key{
				id: id, account: like.account, region: like.region, arn: kmsARN(like.region, like.account, "key/"+id), spec: like.spec,
				usage: like.usage, origin: like.origin, created: like.created, state: stateEnabled, policy: like.policy, materials: like.materials,
			})
		}
	})
}

// DropStores deletes all custom key stores with their keys, whatever their state.
func DropStores(s *Server) {
	s.alter(func() {
		s.state.eachRegion(func(r *region) {
			for _, store := range r.stores {
				for _, k := range store.keys {
					r.drop(k)
					s.state.agenda.note(k)
				}
				s.state.changes.note(store)
			}
			clear(r.stores)
		})
	})
}
