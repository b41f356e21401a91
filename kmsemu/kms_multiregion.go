package kmsemu

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

var regionRule = textRule{min: 1, max: 32, pattern: lazyregexp.New(`^([a-z]+-){2,3}\d+$`)}

// newMultiRegionID makes the id of a multi-Region key: as long as any other, and
// told by its prefix.
func newMultiRegionID(random io.Reader) (string, error) {
	id, err := newUUID(random)
	return "mrk-" + strings.ReplaceAll(id, "-", ""), err
}

// primary is [call.key] for operations that only a primary key takes (K0478).
func (c *call) primary(id string, context keypolicy.Context) (*key, error) {
	k, err := c.key(id, context)
	if err == nil && k.role != primaryMember {
		return nil, errNotPrimary(k)
	}
	return k, err
}

func errNotPrimary(k *key) error {
	return fail(unsupported, "%s is not a multi-region primary key.", k.arn)
}

type replicateKeyInput struct {
	keyInput
	BypassPolicyLockoutSafetyCheck bool
	Description                    string
	Policy                         string
	ReplicaRegion                  string
	Tags                           []tag
}

func (in *replicateKeyInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("replicaRegion", in.ReplicaRegion, regionRule)
	k.checkText("description", in.Description, keyDescriptionRule)
	checkPolicyText(k, in.Policy)
	checkTags(k, in.Tags)
}

type replicateKeyOutput struct {
	ReplicaKeyMetadata keyMetadata
	ReplicaPolicy      string
	ReplicaTags        []tag
}

// replicateKey needs a permission on the primary key and, in the other Region,
// that to create keys, where the trail has a CreateKey of its own (K0473).
func replicateKey(c *call, in *replicateKeyInput) (*replicateKeyOutput, error) {
	conditions := keypolicy.Context{}
	conditions.Set("kms:ReplicaRegion", in.ReplicaRegion)
	k, err := c.primary(in.KeyID, conditions)
	if err != nil {
		return nil, err
	}
	if partition(in.ReplicaRegion) != partition(c.region) {
		return nil, fail(unsupported, "A replica key must be in the partition of its primary key; %s is in another.", in.ReplicaRegion)
	}
	var out *replicateKeyOutput
	err = c.elsewhere(in.ReplicaRegion, "CreateKey", func(there *call) error {
		creation := in.creation(k)
		there.event.request = requestText(creation)
		replica, err := there.create(creation)
		if err != nil {
			return err
		}
		out = &replicateKeyOutput{there.describe(replica), replica.policy.text, sortedTags(replica.tags)}
		there.result = &metadataOutput{out.ReplicaKeyMetadata}
		return nil
	})
	return out, err
}

// creation is the CreateKey that makes the replica.
func (in *replicateKeyInput) creation(primary *key) *createKeyInput {
	return &createKeyInput{
		BypassPolicyLockoutSafetyCheck: in.BypassPolicyLockoutSafetyCheck, Description: in.Description, Policy: in.Policy, Tags: in.Tags,
		KeySpec: primary.spec.name, KeyUsage: primary.usage, Origin: primary.origin, MultiRegion: true, primary: primary,
	}
}

// role is that of the key to be made.
func (in *createKeyInput) role() familyRole {
	switch {
	case in.primary != nil:
		return replicaMember
	case in.MultiRegion:
		return primaryMember
	}
	return singleRegion
}

// synchronizer is the service whose role synchronises multi-Region keys.
const synchronizer = "mrk.kms.amazonaws.com"

// prepareFamily makes sure that a primary key can have replicas: not in China,
// and not without the role by which KMS synchronises them, which who creates the
// key must be allowed to create (K0476).
func (c *call) prepareFamily(in *createKeyInput) error {
	if in.role() != primaryMember {
		return nil
	}
	if partition(c.region) == "aws-cn" {
		return fail(unsupported, "Multi-Region keys are not supported in the Region %s.", c.region)
	}
	return c.linkRole(synchronizer)
}

// linkRole makes the service-linked role of a part of KMS, unless it exists.
func (c *call) linkRole(service string) error {
	r := c.newLinkedRole(service, linkedServices[service].name)
	if err := c.permit(permission{action: "iam:CreateServiceLinkedRole", resource: r.arn, context: linkedConditions(service)}); err != nil {
		return err
	}
	if taken(c.directoryLocked().roles, r.name) {
		return nil
	}
	_, err := c.addRole(r, fmt.Sprintf(linkedTrust, service))
	return err
}

// newReplica makes what a replica key has that is no primary. Its material comes
// when the keys are synchronised.
func (c *call) newReplica(in *createKeyInput) (*key, error) {
	if c.regionLocked().keys[in.primary.id] != nil {
		return nil, fail(alreadyExists, "The Region %s already has the multi-Region key %s.", c.region, in.primary.id)
	}
	return &key{id: in.primary.id, state: stateCreating, settles: c.familySettled()}, nil
}

// familySettled is when a change of the family that is made now is over.
func (c *call) familySettled() time.Time {
	return c.now.Add(time.Duration(c.server.consistency.Replicas))
}

type updatePrimaryRegionInput struct {
	keyInput
	PrimaryRegion string
}

func (in *updatePrimaryRegionInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("primaryRegion", in.PrimaryRegion, regionRule)
}

// updatePrimaryRegion needs its permission on both keys, each in its own Region
// (K0474).
func updatePrimaryRegion(c *call, in *updatePrimaryRegionInput) (*empty, error) {
	conditions := keypolicy.Context{}
	conditions.Set("kms:PrimaryRegion", in.PrimaryRegion)
	old, err := c.primary(in.KeyID, conditions)
	if err != nil {
		return nil, err
	}
	if in.PrimaryRegion == c.region {
		return nil, fail(unsupported, "%s is the multi-region primary key already.", old.arn)
	}
	err = c.elsewhere(in.PrimaryRegion, c.name, func(there *call) error {
		arn := there.arn(serviceKMS, "key/"+old.id)
		there.event.request = jsonText(map[string]any{"keyId": arn, "primaryRegion": in.PrimaryRegion})
		k, err := there.key(arn, conditions)
		if err != nil {
			return err
		}
		k.promote(old)
		for _, member := range []*key{old, k} {
			member.state, member.settles = stateUpdating, c.familySettled()
		}
		c.follow(synchronization(k, c.now))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done()
}

// promote makes a replica the primary key of its family.
func (k *key) promote(old *key) { k.role, old.role = primaryMember, replicaMember }
