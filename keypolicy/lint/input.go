package lint

import "github.com/keywright/keywright/keypolicy"

// Kind is what a policy is attached to.
type Kind uint8

// The kinds of policies that rules know.
const (
	KeyPolicy      Kind = iota // the policy of a KMS key
	IdentityPolicy             // an IAM policy of a user, group or role
)

var kindNames = [...]string{"key policy", "identity policy"}

// String is "key policy" or "identity policy".
func (k Kind) String() string { return kindNames[k] }

// MarshalText is String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Input is what is judged: a policy, a key's settings, planned grants, or all
// of them. Everything is optional; a rule that lacks what it needs is silent.
type Input struct {
	// Policy to judge; nil for none.
	Policy *keypolicy.Policy
	// Document is the text that Policy was parsed from, for what the length and
	// the characters of the text decide.
	Document []byte
	// Kind of Policy.
	Kind Kind
	// Account is the twelve-digit account that owns the key; "" if unknown.
	Account string
	// TrustedAccounts are other accounts that key policy and grants may name.
	TrustedAccounts []string
	// Applier is who puts the policy in place; nil if unknown.
	Applier *keypolicy.Principal
	// Key holds what is known of the key; nil when only a policy is at hand.
	Key *Settings
	// Grants that the same plan makes on the key.
	Grants []PlannedGrant
	// Address of the resource, such as the Terraform address
	// module.orders.aws_kms_key.this; findings and suppressions name it.
	Address string
}

// Switch is a setting that is on, off, or not known: not stated, or not known
// until the plan is applied.
type Switch uint8

// The positions of a switch.
const (
	Unstated Switch = iota
	Off
	On
)

var switchNames = [...]string{"unstated", "off", "on"}

// String is "unstated", "off" or "on".
func (s Switch) String() string { return switchNames[s] }

// MarshalText is String.
func (s Switch) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SwitchOf is On for true and Off for false.
func SwitchOf(on bool) Switch {
	if on {
		return On
	}
	return Off
}

// Change is what a plan does to a key that exists.
type Change uint8

// The changes that rules ask about.
const (
	Keep    Change = iota // nothing, or an update in place
	Delete                // destroy: the key is scheduled for deletion
	Replace               // destroy and create: a new key with new material
	Disable               // is_enabled goes from true to false
)

var changeNames = [...]string{"keep", "delete", "replace", "disable"}

// String is the change's name in lower case.
func (c Change) String() string { return changeNames[c] }

// MarshalText is String.
func (c Change) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Settings are the facts about a key that a plan states. Spec, Usage and Origin
// are values of the KMS API; "" and 0 mean unknown, and rules that need the
// value are silent.
type Settings struct {
	// Spec is the KeySpec, such as "SYMMETRIC_DEFAULT".
	Spec string `json:"key_spec,omitempty"`
	// Usage is the KeyUsage, such as "ENCRYPT_DECRYPT".
	Usage string `json:"key_usage,omitempty"`
	// Origin is "AWS_KMS", "EXTERNAL" (imported), "AWS_CLOUDHSM" or
	// "EXTERNAL_KEY_STORE".
	Origin string `json:"origin,omitempty"`
	// Rotation is automatic rotation. RotationPeriodInDays is its period.
	Rotation             Switch `json:"enable_key_rotation,omitzero"`
	RotationPeriodInDays int    `json:"rotation_period_in_days,omitempty"`
	// DeletionWindowInDays is the waiting period before deletion.
	DeletionWindowInDays int `json:"deletion_window_in_days,omitempty"`
	// Enabled is off for a disabled key.
	Enabled Switch `json:"is_enabled,omitzero"`
	// MultiRegion keys are primaries or, if Replica is true, replicas.
	// Replicated says whether the same plan replicates the primary.
	MultiRegion Switch `json:"multi_region,omitzero"`
	Replica     bool   `json:"replica,omitempty"`
	Replicated  Switch `json:"replicated,omitzero"`
	// BypassPolicyLockoutSafetyCheck is the flag of CreateKey and PutKeyPolicy.
	BypassPolicyLockoutSafetyCheck Switch `json:"bypass_policy_lockout_safety_check,omitzero"`
	// PolicyStated is off where the key policy is left to KMS's default.
	PolicyStated Switch `json:"policy_stated,omitzero"`
	// Change is what the plan does to the key.
	Change Change `json:"change,omitzero"`
}

// PlannedGrant is a grant that a plan makes, as of aws_kms_grant.
type PlannedGrant struct {
	// Address of the grant's resource; "" for that of the input.
	Address string `json:"address,omitempty"`
	// Grantee is the grantee principal: an ARN or a service principal.
	Grantee string `json:"grantee_principal"`
	// Operations as the KMS API names them, such as "Decrypt".
	Operations []string `json:"operations"`
	// Constrained is on if the grant has encryption context constraints.
	Constrained Switch `json:"constraints,omitzero"`
}
