package kmsemu

// Quotas on what customers make, at their defaults (K0545). Those of AWS managed
// keys do not count.
const (
	maxKeys    = 100_000 // in a Region, in any state
	maxAliases = 50      // of a key
)

// checkKeyQuota checks that the Region has room for one more key.
func (r *region) checkKeyQuota() error {
	n := len(r.keys)
	for i := range managedKeys {
		if r.aliases[managedKeys[i].aliasName()] != nil {
			n--
		}
	}
	if n >= maxKeys {
		return fail(limitExceeded, "The account already has the maximum of %d KMS keys in the Region.", maxKeys)
	}
	return nil
}

// checkAliasQuota checks that the key has room for one more alias.
func (k *key) checkAliasQuota() error {
	if len(k.aliases) >= maxAliases {
		return fail(limitExceeded, "The KMS key %s already has the maximum of %d aliases.", k.arn, maxAliases)
	}
	return nil
}
