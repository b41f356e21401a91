package kmsemu

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// The values the KMS API knows, supported here or not (K0017, K0018).
var (
	apiKeySpecs = []string{
		"RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
		"ECC_NIST_EDWARDS25519", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87",
		"ML_KEM_512", "ML_KEM_768", "ML_KEM_1024", "SM2", symmetricDefault,
	}
	apiKeyUsages = []string{usageEncryptDecrypt, usageSignVerify, usageMAC, usageAgreement, usageEncapsulation}
	apiOrigins   = []string{originKMS, originExternal, originCloudHSM, originExternalKeyStore}

	// customerMasterKeySpecs are those of the deprecated parameter.
	customerMasterKeySpecs = slices.DeleteFunc(slices.Clone(apiKeySpecs), func(name string) bool {
		spec := keySpecs[name]
		return spec != nil && spec.has(recent)
	})
)

type createKeyInput struct {
	BypassPolicyLockoutSafetyCheck bool
	CustomKeyStoreID               string `json:"CustomKeyStoreId"`
	CustomerMasterKeySpec          string
	Description                    string
	KeySpec                        string
	KeyUsage                       string
	MultiRegion                    bool
	Origin                         string
	Policy                         string
	Tags                           []tag
	XksKeyID                       string `json:"XksKeyId"`

	// primary is what the key is to be a replica of; nil unless ReplicateKey makes it.
	primary *key
}

func (in *createKeyInput) check(k *checker) {
	k.checkText("customerMasterKeySpec", in.CustomerMasterKeySpec, textRule{enum: customerMasterKeySpecs})
	k.checkText("keySpec", in.KeySpec, textRule{enum: apiKeySpecs})
	k.checkText("keyUsage", in.KeyUsage, textRule{enum: apiKeyUsages})
	k.checkText("origin", in.Origin, textRule{enum: apiOrigins})
	k.checkText("description", in.Description, keyDescriptionRule)
	checkPolicyText(k, in.Policy)
	checkTags(k, in.Tags)
	in.checkKeyStore(k)
	in.checkSupported(k)
}

// What the API assumes where the request is silent; condition keys see it too
// (K0082).
func (in *createKeyInput) spec() string {
	return cmp.Or(in.KeySpec, in.CustomerMasterKeySpec, symmetricDefault)
}

func (in *createKeyInput) origin() string { return cmp.Or(in.Origin, originKMS) }

// forTrail shows what the API assumes where the request is silent (K0116).
func (in *createKeyInput) forTrail() any {
	out := *in
	out.KeySpec, out.Origin, out.KeyUsage = in.spec(), in.origin(), in.usage()
	if slices.Contains(customerMasterKeySpecs, out.KeySpec) {
		out.CustomerMasterKeySpec = out.KeySpec
	}
	return out
}

// usage has a default for symmetric keys alone (K0016).
func (in *createKeyInput) usage() string {
	if in.KeyUsage == "" && in.spec() == symmetricDefault {
		return usageEncryptDecrypt
	}
	return in.KeyUsage
}

func (in *createKeyInput) checkSupported(k *checker) {
	if in.CustomerMasterKeySpec != "" && in.KeySpec != "" {
		k.fail(validation, "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	}
	if in.usage() == "" {
		k.fail(validation, "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	}
	switch spec := keySpecs[in.spec()]; {
	case spec == nil:
		k.fail(unsupported, "This emulator does not support KeySpec %s, which only China Regions have.", in.spec())
	case spec.algorithms[in.usage()] == nil:
		k.fail(validation, "KeyUsage %s is not compatible with KeySpec %s", in.usage(), spec.name)
	case in.origin() == originExternal && spec.importSecret == nil:
		k.fail(unsupported, "Origin %s is not supported for KeySpec %s.", originExternal, spec.name) // K0432
	}
}

func (in *createKeyInput) conditions() keypolicy.Context {
	conditions := tagConditions(in.Tags)
	conditions.Set("kms:KeySpec", in.spec())
	conditions.Set("kms:KeyUsage", in.usage())
	conditions.Set("kms:KeyOrigin", in.origin())
	conditions.Set("kms:MultiRegion", strconv.FormatBool(in.MultiRegion))
	if in.MultiRegion {
		conditions.Set("kms:MultiRegionKeyType", string(in.role()))
	}
	conditions.Set("kms:BypassPolicyLockoutSafetyCheck", strconv.FormatBool(in.BypassPolicyLockoutSafetyCheck))
	return conditions
}

type metadataOutput struct {
	KeyMetadata keyMetadata
}

func createKey(c *call, in *createKeyInput) (*metadataOutput, error) {
	k, err := c.create(in)
	if err != nil {
		return nil, err
	}
	return &metadataOutput{c.describe(k)}, nil
}

// create makes a key in the call's Region, with the permissions of CreateKey.
func (c *call) create(in *createKeyInput) (*key, error) {
	r, err := c.own(in.conditions())
	if err != nil {
		return nil, err
	}
	if err := r.checkKeyQuota(); err != nil {
		return nil, err
	}
	if err := c.prepareFamily(in); err != nil {
		return nil, err
	}
	k, err := c.newKey(in)
	if err != nil {
		return nil, err
	}
	if k.store, err = c.storeFor(r, in); err != nil {
		return nil, err
	}
	if len(in.Tags) > 0 {
		// The key has no policy yet, so identity policies alone decide (K0079).
		if err := c.permit(permission{action: "kms:TagResource", resource: k.arn, context: tagConditions(in.Tags), key: c.facts(k)}); err != nil {
			return nil, err
		}
	}
	if k.policy, err = c.newKeyPolicy(k, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	r.add(k)
	c.concerns(k)
	return k, nil
}

// newKey makes the key a request describes, all but its policy.
func (c *call) newKey(in *createKeyInput) (*key, error) {
	build := c.newOriginal
	if in.primary != nil {
		build = c.newReplica
	}
	k, err := build(in)
	if err != nil {
		return nil, err
	}
	k.account, k.region, k.arn = c.caller.account, c.region, c.arn(serviceKMS, "key/"+k.id)
	k.spec, k.usage, k.origin, k.role = keySpecFor(in.spec(), in.origin()), in.usage(), in.origin(), in.role()
	k.description, k.created, k.externalKeyID = in.Description, c.now, in.XksKeyID
	k.tags = tagMap(in.Tags)
	if k.origin == originExternal {
		k.tokenKey, err = randomBytes(c.random, seedLength)
	}
	return k, err
}

// newOriginal makes what a key has that is no replica: an id, and material of its
// own unless that is to be imported.
func (c *call) newOriginal(in *createKeyInput) (*key, error) {
	newID := newUUID
	if in.MultiRegion {
		newID = newMultiRegionID
	}
	id, err := newID(c.random)
	if err != nil {
		return nil, err
	}
	if in.origin() == originExternal {
		return &key{id: id, state: statePendingImport}, nil
	}
	first, err := keySpecFor(in.spec(), in.origin()).newMaterial(c.random)
	if err != nil {
		return nil, err
	}
	return &key{id: id, state: stateEnabled, materials: []*material{first}}, nil
}

type describeKeyInput struct {
	keyInput
	grantTokens
}

func (in *describeKeyInput) check(k *checker) {
	in.keyInput.check(k)
	in.grantTokens.check(k)
}

func describeKey(c *call, in *describeKeyInput) (*metadataOutput, error) {
	k, err := c.describedKey(in.KeyID)
	if err != nil {
		return nil, err
	}
	return &metadataOutput{c.describe(k)}, nil
}

type listKeysInput struct {
	ResourceOwners []string
	pageInput
}

// Values of ResourceOwners. No account shares keys by RAM here, so there are none
// of the others (K0550).
const (
	ownedBySelf = "SELF"
	sharedByRAM = "OTHER_ACCOUNTS_VIA_RAM"
)

var listKeysPage = pageLimits{100, 1000}

func (in *listKeysInput) check(k *checker) {
	if in.ResourceOwners != nil {
		k.checkLength("Value at 'resourceOwners'", len(in.ResourceOwners), intRule{1, 2})
	}
	for i, owner := range in.ResourceOwners {
		k.checkText(fmt.Sprintf("resourceOwners.%d.member", i+1), owner, textRule{min: 1, enum: []string{ownedBySelf, sharedByRAM}})
	}
	in.checkPage(k, listKeysPage)
}

type keyListEntry struct {
	KeyArn string
	KeyID  string `json:"KeyId"`
}

type listKeysOutput struct {
	Keys []keyListEntry
	pageOutput
}

func listKeys(c *call, in *listKeysInput) (*listKeysOutput, error) {
	r, err := c.own(nil)
	if err != nil {
		return nil, err
	}
	keys := &order[*key]{}
	if in.ResourceOwners == nil || slices.Contains(in.ResourceOwners, ownedBySelf) {
		keys = &r.keyList
	}
	listed, more, err := pageFrom(c, &in.pageInput, listKeysPage, keys.after, (*key).label)
	if err != nil {
		return nil, err
	}
	out := &listKeysOutput{Keys: []keyListEntry{}, pageOutput: more}
	for _, k := range listed {
		out.Keys = append(out.Keys, keyListEntry{k.arn, k.id})
	}
	return out, nil
}

var keyDescriptionRule = textRule{max: 8192, blank: true}

type updateKeyDescriptionInput struct {
	keyInput
	Description *string
}

func (in *updateKeyDescriptionInput) check(k *checker) {
	in.keyInput.check(k)
	if in.Description == nil {
		k.problem("Value null at 'description' failed to satisfy constraint: Member must not be null")
		return
	}
	k.checkText("description", *in.Description, keyDescriptionRule)
}

func updateKeyDescription(c *call, in *updateKeyDescriptionInput) (*empty, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	k.description = *in.Description
	return done()
}

func enableKey(c *call, in *keyInput) (*empty, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	k.state = stateEnabled
	k.rotation.resume(c.now)
	return done()
}

func disableKey(c *call, in *keyInput) (*empty, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	k.state = stateDisabled
	return done()
}

type scheduleKeyDeletionInput struct {
	keyInput
	PendingWindowInDays *int
}

const (
	minPendingWindow     = 7
	maxPendingWindow     = 30
	defaultPendingWindow = 30
)

func (in *scheduleKeyDeletionInput) check(k *checker) {
	in.keyInput.check(k)
	// The model allows 1 to 365; the service words its own, narrower bound (K0027).
	k.checkInt("pendingWindowInDays", in.PendingWindowInDays, intRule{1, 365})
	if days := in.window(); days < minPendingWindow || days > maxPendingWindow {
		k.fail(validation, "PendingWindowInDays must be between %d and %d", minPendingWindow, maxPendingWindow)
	}
}

func (in *scheduleKeyDeletionInput) window() int {
	return valueOr(in.PendingWindowInDays, defaultPendingWindow)
}

type scheduleKeyDeletionOutput struct {
	DeletionDate        epoch  `json:",omitzero"`
	KeyID               string `json:"KeyId"`
	KeyState            keyState
	PendingWindowInDays int
}

func scheduleKeyDeletion(c *call, in *scheduleKeyDeletionInput) (*scheduleKeyDeletionOutput, error) {
	conditions := keypolicy.Context{}
	conditions.Set("kms:ScheduleKeyDeletionPendingWindowInDays", strconv.Itoa(in.window()))
	k, err := c.key(in.KeyID, conditions)
	if err != nil {
		return nil, err
	}
	k.windowDays = in.window()
	if f := c.server.state.family(k); k == f.primary && len(f.replicas) > 0 {
		k.state, k.deletion = statePendingReplicaDeletion, time.Time{}
	} else {
		k.pendDeletion(c.now)
	}
	return &scheduleKeyDeletionOutput{epoch{k.deletion}, k.arn, k.state, k.windowDays}, nil
}

func cancelKeyDeletion(c *call, in *keyInput) (*keyOutput, error) {
	k, err := c.key(in.KeyID, nil)
	if err != nil {
		return nil, err
	}
	k.enter(stateDisabled) // not Enabled: K0027
	return &keyOutput{k.arn}, nil
}
