package kmsemu

import "encoding/json"

// subjects is what a request of KMS is about, told from the request alone: for
// quotas and faults, which come before anything is decided. What it cannot tell, it
// leaves out: the operation itself refuses what is wrong.
type subjects struct {
	keys     []*key   // that exist
	pairSpec string   // KeyPairSpec
	region   string   // the other one that it names; "" for none
	stores   []string // ids of the custom key stores of the keys, and the one it names
}

// about finds the subjects of the call.
func (c *call) about() (subjects, error) {
	var in struct {
		KeyID            string `json:"KeyId"`
		TargetKeyID      string `json:"TargetKeyId"`
		SourceKeyID      string `json:"SourceKeyId"`
		DestinationKeyID string `json:"DestinationKeyId"`
		KeyPairSpec      string
		ReplicaRegion    string
		PrimaryRegion    string
		CustomKeyStoreID string `json:"CustomKeyStoreId"`
		CiphertextBlob   blob
	}
	if c.service == serviceKMS {
		_ = json.Unmarshal(c.body, &in) // what is malformed names nothing
	}
	return whileLocked(c, func() (subjects, error) {
		out := subjects{pairSpec: in.KeyPairSpec, region: in.ReplicaRegion + in.PrimaryRegion}
		add := func(f found, err error) {
			if err != nil {
				return
			}
			out.keys = append(out.keys, f.key)
			if f.key.store != nil {
				out.stores = append(out.stores, f.key.store.id)
			}
		}
		if in.CustomKeyStoreID != "" {
			out.stores = append(out.stores, in.CustomKeyStoreID)
		}
		for _, id := range []string{in.KeyID, in.TargetKeyID, in.SourceKeyID, in.DestinationKeyID} {
			if id != "" {
				add(c.find(id))
			}
		}
		if in.CiphertextBlob != nil && in.KeyID+in.SourceKeyID == "" {
			add(c.findSealed(in.CiphertextBlob, c.action))
		}
		return out, nil
	})
}
