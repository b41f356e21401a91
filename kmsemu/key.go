package kmsemu

import (
	"maps"
	"slices"
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
	deletion                 time.Time // when PendingDeletion ends
	policy                   document
	tags                     map[string]string
	aliases                  map[string]*alias // by alias name
	grants                   grantSet
	materials                []*material // oldest first; the last one is current
	rotation                 rotation
	turn                     turn
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
		Aliases: slices.Sorted(maps.Keys(k.aliases)), Tags: k.tags,
	}
}

// keyMetadata is the KeyMetadata of the KMS API (K0015).
type keyMetadata struct {
	AWSAccountID         string `json:"AWSAccountId"`
	Arn                  string
	CreationDate         epoch
	CurrentKeyMaterialID string `json:"CurrentKeyMaterialId,omitempty"`
	DeletionDate         epoch  `json:",omitzero"`
	Description          string
	Enabled              bool
	KeyID                string `json:"KeyId"`
	KeyManager           string
	KeyState             keyState
	MultiRegion          bool
	Origin               string
	keyKind
}

func (k *key) metadata() keyMetadata {
	m := keyMetadata{
		AWSAccountID: k.account, Arn: k.arn, KeyID: k.id, KeyManager: "CUSTOMER",
		CreationDate: epoch{k.created}, CurrentKeyMaterialID: k.materialID(k.current()), Description: k.description,
		Origin: k.origin, Enabled: k.state == stateEnabled, KeyState: k.state, keyKind: k.kind(),
	}
	if k.state == statePendingDeletion {
		m.DeletionDate = epoch{k.deletion}
	}
	return m
}
