package kmsemu

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// key is a KMS key.
type key struct {
	id, account, region, arn string
	spec                     *keySpec
	usage, origin            string
	description              string
	created                  time.Time
	state                    keyState
	role                     familyRole
	settles                  time.Time // when Creating or Updating ends
	deletion                 time.Time // when PendingDeletion ends
	windowDays               int       // how long PendingDeletion is
	policy                   document
	tags                     map[string]string
	aliases                  map[string]*alias // by alias name
	grants                   grantSet
	materials                []*material // oldest first; the last one is current
	rotation                 rotation
	turn                     turn
	lastUse                  atomic.Pointer[use]
}

// document is a policy as it was given and as it was understood.
type document struct {
	text     string
	policy   *keypolicy.Policy
	mentions []mention // of users and roles, for policies with principals
}

// Origins of key material: made by KMS, or imported.
const (
	originKMS      = "AWS_KMS"
	originExternal = "EXTERNAL"
)

// facts are what condition keys ask about the key.
func (k *key) facts() *keypolicy.Key {
	return &keypolicy.Key{
		Spec: k.spec.name, Usage: k.usage, Origin: k.origin,
		MultiRegion: k.role != singleRegion, MultiRegionKeyType: string(k.role),
		Aliases: slices.Sorted(maps.Keys(k.aliases)), Tags: k.tags,
	}
}

// keyMetadata is the KeyMetadata of the KMS API (K0015).
type keyMetadata struct {
	AWSAccountID                string `json:"AWSAccountId"`
	Arn                         string
	CreationDate                epoch
	CurrentKeyMaterialID        string `json:"CurrentKeyMaterialId,omitempty"`
	DeletionDate                epoch  `json:",omitzero"`
	Description                 string
	Enabled                     bool
	KeyID                       string `json:"KeyId"`
	KeyManager                  string
	KeyState                    keyState
	MultiRegion                 bool
	MultiRegionConfiguration    *multiRegionConfiguration `json:",omitempty"`
	Origin                      string
	PendingDeletionWindowInDays int `json:",omitempty"`
	keyKind
}

func (c *call) describe(k *key) keyMetadata {
	m := keyMetadata{
		AWSAccountID: k.account, Arn: k.arn, KeyID: k.id, KeyManager: "CUSTOMER",
		CreationDate: epoch{k.created}, Description: k.description,
		Origin: k.origin, Enabled: k.state == stateEnabled, KeyState: k.state, keyKind: k.kind(),
		MultiRegion: k.role != singleRegion, MultiRegionConfiguration: c.server.state.configuration(k),
	}
	if len(k.materials) > 0 {
		m.CurrentKeyMaterialID = k.materialID(k.current())
	}
	switch k.state {
	case statePendingDeletion:
		m.DeletionDate = epoch{k.deletion}
	case statePendingReplicaDeletion:
		m.PendingDeletionWindowInDays = k.windowDays
	}
	return m
}
