package kmsemu

import (
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
	pending                  *material   // imported, to be rotated to; nil for none
	tokenKey                 []byte      // seals import tokens; nil unless material is imported
	rotation                 rotation
	turn                     turn
	lastUse                  atomic.Pointer[use]
	managed                  bool      // by AWS, for a service
	store                    *keyStore // nil for a key whose material KMS holds itself
	externalKeyID            string    // XksKeyId, of a key in an external key store
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
		Aliases: sortedKeys(k.aliases), Tags: k.tags,
	}
}

// keyMetadata is the KeyMetadata of the KMS API (K0015).
type keyMetadata struct {
	AWSAccountID                string `json:"AWSAccountId"`
	Arn                         string
	CloudHsmClusterID           string `json:"CloudHsmClusterId,omitempty"`
	CreationDate                epoch
	CurrentKeyMaterialID        string `json:"CurrentKeyMaterialId,omitempty"`
	CustomKeyStoreID            string `json:"CustomKeyStoreId,omitempty"`
	DeletionDate                epoch  `json:",omitzero"`
	Description                 string
	Enabled                     bool
	ExpirationModel             string `json:",omitempty"`
	KeyID                       string `json:"KeyId"`
	KeyManager                  string
	KeyState                    keyState
	MultiRegion                 bool
	MultiRegionConfiguration    *multiRegionConfiguration `json:",omitempty"`
	Origin                      string
	PendingDeletionWindowInDays int                  `json:",omitempty"`
	ValidTo                     epoch                `json:",omitzero"`
	XksKeyConfiguration         *xksKeyConfiguration `json:",omitempty"`
	keyKind
}

func (c *call) describe(k *key) keyMetadata {
	state := k.stateAt(c.now)
	m := keyMetadata{
		AWSAccountID: k.account, Arn: k.arn, KeyID: k.id, KeyManager: k.manager(),
		CreationDate: epoch{k.created}, CurrentKeyMaterialID: k.materialID(k.current()), Description: k.description,
		Origin: k.origin, Enabled: state == stateEnabled, KeyState: state, keyKind: k.kind(),
		MultiRegion: k.role != singleRegion, MultiRegionConfiguration: c.server.state.configuration(k),
	}
	switch state {
	case statePendingDeletion:
		m.DeletionDate = epoch{k.deletion}
	case statePendingReplicaDeletion:
		m.PendingDeletionWindowInDays = k.windowDays
	}
	if k.store != nil {
		m.CustomKeyStoreID, m.CloudHsmClusterID = k.store.id, k.store.clusterID
	}
	if k.externalKeyID != "" {
		m.XksKeyConfiguration = &xksKeyConfiguration{k.externalKeyID}
	}
	k.describeExpiry(&m)
	return m
}

// xksKeyConfiguration is the XksKeyConfigurationType of the KMS API.
type xksKeyConfiguration struct {
	ID string `json:"Id"`
}

func (k *key) manager() string {
	if k.managed {
		return "AWS"
	}
	return "CUSTOMER"
}
