package kmsemu

import (
	"maps"
	"slices"
	"time"
)

// familyRole is what a key is among the related keys of a multi-Region key: the
// MultiRegionKeyType of the KMS API.
type familyRole string

const (
	singleRegion  familyRole = ""
	primaryMember familyRole = "PRIMARY"
	replicaMember familyRole = "REPLICA"
)

// family is a multi-Region key: the keys of one id in the Regions of an account
// (K0471). A key of a single Region is a family of its own.
type family struct {
	primary  *key
	replicas []*key // by Region
}

// family finds the related keys of a key, itself included.
func (s *state) family(k *key) family {
	if k.role == singleRegion {
		return family{primary: k}
	}
	var f family
	regions := s.accounts[k.account].regions
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		switch member := regions[name].keys[k.id]; {
		case member == nil:
		case member.role == primaryMember:
			f.primary = member
		default:
			f.replicas = append(f.replicas, member)
		}
	}
	return f
}

// outdated reports whether a replica lacks something of the primary's shared
// properties. Those that never change it has from the start (K0472).
func (f *family) outdated(replica *key) bool {
	return replica.rotation != f.primary.rotation || len(replica.materials) != len(f.primary.materials) ||
		replica.pendingID() != f.primary.pendingID()
}

// synchronize copies the shared properties that changed from the primary to its
// replicas, as the service does, and reports whether there were any.
func (f *family) synchronize() bool {
	changed := false
	for _, replica := range f.replicas {
		if f.outdated(replica) {
			replica.rotation = f.primary.rotation
			replica.share(f.primary)
			changed = true
		}
	}
	return changed
}

// share takes over the materials of the primary key.
func (k *key) share(primary *key) {
	if k.origin == originExternal {
		k.associate(primary)
		return
	}
	k.materials = slices.Clone(primary.materials)
}

// settle is the end of everything that may have changed a key: its replicas learn
// of it, and the agenda.
func (s *Server) settle(k *key, at time.Time) {
	if k.role == primaryMember {
		if f := s.state.family(k); f.synchronize() {
			for _, replica := range f.replicas {
				s.state.changes.note(replica)
			}
			s.trail.add(synchronization(k, at))
		}
	}
	s.state.agenda.note(k)
}

// lostReplica starts the waiting period of a primary whose last replica is gone
// (K0475).
func (s *Server) lostReplica(gone *key, date time.Time) {
	f := s.state.family(gone)
	if len(f.replicas) == 0 && f.primary.state == statePendingReplicaDeletion {
		f.primary.pendDeletion(date)
		s.state.changes.note(f.primary)
		s.state.agenda.note(f.primary)
	}
}

// pendDeletion starts the waiting period of the key.
func (k *key) pendDeletion(from time.Time) {
	k.state = statePendingDeletion
	k.deletion = from.Add(time.Duration(k.windowDays) * day)
}

// multiRegionKey names a related key in MultiRegionConfiguration.
type multiRegionKey struct{ Arn, Region string }

// multiRegionConfiguration is that of the KMS API.
type multiRegionConfiguration struct {
	MultiRegionKeyType familyRole
	PrimaryKey         multiRegionKey
	ReplicaKeys        []multiRegionKey
}

// configuration tells a key's family; nil for a key of a single Region.
func (s *state) configuration(k *key) *multiRegionConfiguration {
	if k.role == singleRegion {
		return nil
	}
	f := s.family(k)
	c := &multiRegionConfiguration{k.role, multiRegionKey{f.primary.arn, f.primary.region}, []multiRegionKey{}}
	for _, replica := range f.replicas {
		c.ReplicaKeys = append(c.ReplicaKeys, multiRegionKey{replica.arn, replica.region})
	}
	return c
}
