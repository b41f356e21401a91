package keypolicy

import "strings"

// Request is one permission asked for: one action by one caller on one
// resource. An API call that needs two permissions (ReEncrypt, CreateAlias) is
// two requests.
type Request struct {
	// Principal is the caller.
	Principal Principal
	// Action with its service prefix, such as "kms:Decrypt". Case does not matter.
	Action string
	// Resource is the ARN of the key, alias or role, or "*" for actions that
	// have no resource (kms:CreateKey, kms:ListKeys).
	Resource string
	// Context holds the condition keys of this call alone, such as
	// kms:ViaService or kms:GrantIsForAWSResource. Keys that follow from the
	// caller, the key or the encryption context (kms:CallerAccount,
	// aws:PrincipalArn, kms:KeySpec, aws:ResourceTag/x, kms:EncryptionContext:x)
	// are derived by [Evaluate] and need not be set.
	Context Context
	// Further, if not nil, finds the values of condition keys that Context does not
	// have: those that cost something to tell and that few policies compare. It is
	// asked for keys in lower case and must always give the same answer.
	Further func(key string) []string
	// EncryptionContext of the call; case matters in its keys and values.
	EncryptionContext map[string]string
	// GrantTokens name grants that may not be in force everywhere yet.
	GrantTokens []string
	// Open leaves condition keys that the request does not set, and that follow
	// from nothing, unknown instead of absent: the question is then who could.
	Open bool
}

// Context maps condition keys to their values. Keys are case-insensitive and
// held in lower case: use [Context.Set]. A key that is absent and a key with no
// values are the same.
type Context map[string][]string

// Set stores the values of a condition key.
func (c Context) Set(key string, values ...string) { c[strings.ToLower(key)] = values }

// World is everything besides the request that bears on a decision.
type World struct {
	// ResourcePolicy is the key policy, or the trust policy of the role for
	// sts:AssumeRole. Nil for resources that have no policy of their own (an
	// alias, "*", IAM resources): identity policies alone decide then.
	ResourcePolicy *Policy
	// Identity holds the caller's IAM policies: inline, managed, of its groups.
	Identity []*Policy
	// Boundary is the caller's permissions boundary; nil for none.
	Boundary *Policy
	// Session holds the session policies given to AssumeRole; empty for none.
	Session []*Policy
	// SCPs are the service control policies over the caller's account: one list
	// for each level, from the organization's root to the account. Every level
	// must allow; none at all means no organization.
	SCPs [][]*Policy
	// RCPs are the resource control policies over the key's account, likewise.
	RCPs [][]*Policy
	// VPCEndpoint is the policy of the VPC endpoint that the call takes; nil for
	// none.
	VPCEndpoint *Policy
	// Grants of the key.
	Grants []Grant
	// Key holds facts about the key; nil when the resource is not a key.
	Key *Key
}

// Key holds the facts about a KMS key that condition keys ask for. Field values
// are those of the KMS API's KeyMetadata.
type Key struct {
	Spec        string // KeySpec, such as "SYMMETRIC_DEFAULT"
	Usage       string // KeyUsage, such as "ENCRYPT_DECRYPT"
	Origin      string // Origin, such as "AWS_KMS"
	MultiRegion bool   // MultiRegion
	// MultiRegionKeyType is "PRIMARY", "REPLICA" or, for other keys, "".
	MultiRegionKeyType string
	Aliases            []string          // alias names, such as "alias/app"
	Tags               map[string]string // tags of the key
}
