package kmsemu

import "time"

type grantRecord struct {
	ID         string
	Key        string // ARN
	Name       string `json:",omitempty"`
	Issuer     string
	Created    time.Time
	Secret     []byte
	Grantee    partyRecord
	Retirer    partyRecord `json:",omitzero"`
	Operations []string
	grantConstraints
}

type partyRecord struct {
	Name    string
	ID      string `json:",omitempty"`
	Service bool   `json:",omitempty"`
}

func (g *grant) recordName() string { return "grant/" + g.key.arn + "/" + g.id }

func (g *grant) record(s *state) any {
	if s.keyNamed(g.key.arn) != g.key || g.key.grants.get(g.id) != g {
		return nil
	}
	return grantRecord{
		ID: g.id, Key: g.key.arn, Name: g.name, Issuer: g.issuer, Created: g.created.UTC(), Secret: g.secret,
		Grantee: g.grantee.record(), Retirer: g.retirer.record(), Operations: g.operations, grantConstraints: g.constraints,
	}
}

func (p party) record() partyRecord { return partyRecord{p.name, p.id, p.service} }

func (r partyRecord) party() party { return party{r.Name, r.ID, r.Service} }

func eachGrant(s *state, yield func(durable)) {
	s.eachRegion(func(r *region) {
		for _, k := range r.keys {
			for g := range k.grants.all.after("") {
				yield(g)
			}
		}
	})
}

func restoreGrant(to *restoration, r *grantRecord) error {
	k := to.keyNamed(r.Key)
	if k == nil {
		return missing("key", r.Key)
	}
	to.addGrant(&grant{
		id: r.ID, name: r.Name, key: k, region: k.region, issuer: r.Issuer, created: r.Created, secret: r.Secret,
		grantee: r.Grantee.party(), retirer: r.Retirer.party(), operations: r.Operations, constraints: r.grantConstraints,
	})
	return nil
}
