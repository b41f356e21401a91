package kmsemu

import "time"

type storeRecord struct {
	ID, Account, Region, Name, Kind string
	Created                         time.Time
	Backing                         backingRecord
	Link                            linkRecord
}

type backingRecord struct {
	ClusterID    string `json:",omitempty"`
	TrustAnchor  string `json:",omitempty"`
	Connectivity string `json:",omitempty"`
	Endpoint     string `json:",omitempty"`
	Path         string `json:",omitempty"`
	AccessKeyID  string `json:",omitempty"`
	Service      string `json:",omitempty"`
	ServiceOwner string `json:",omitempty"`
}

type linkRecord struct {
	Goal      connectionState
	Since     time.Time `json:",omitzero"`
	ErrorCode string    `json:",omitempty"`
}

func (s *keyStore) recordName() string { return "store/" + s.account + "/" + s.region + "/" + s.id }

func (s *keyStore) record(of *state) any {
	if of.accounts[s.account].regions[s.region].stores[s.id] != s {
		return nil
	}
	return storeRecord{
		s.id, s.account, s.region, s.name, s.kind, s.created.UTC(),
		backingRecord{s.clusterID, s.trustAnchor, s.connectivity, s.endpoint, s.path, s.accessKeyID, s.service, s.serviceOwner},
		linkRecord{s.link.goal, s.link.since.UTC(), s.link.errorCode},
	}
}

func eachStore(s *state, yield func(durable)) {
	s.eachRegion(func(r *region) {
		for _, store := range r.stores {
			yield(store)
		}
	})
}

func restoreStore(to *restoration, r *storeRecord) error {
	b := r.Backing
	to.account(r.Account).region(r.Region).stores[r.ID] = &keyStore{
		id: r.ID, account: r.Account, region: r.Region, name: r.Name, kind: r.Kind, created: r.Created,
		backing: backing{
			clusterID: b.ClusterID, trustAnchor: b.TrustAnchor, connectivity: b.Connectivity, endpoint: b.Endpoint,
			path: b.Path, accessKeyID: b.AccessKeyID, service: b.Service, serviceOwner: b.ServiceOwner,
		},
		link: link{r.Link.Goal, r.Link.Since, r.Link.ErrorCode},
		keys: map[string]*key{},
	}
	return nil
}
