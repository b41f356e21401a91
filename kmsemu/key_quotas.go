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
		return fail(limitExceeded, "Key quota for this account in this region is %d but the current usage is %d.", maxKeys, n)
	}
	return nil
}

// checkAliasQuota checks that the key has room for one more alias.
func (k *key) checkAliasQuota() error {
	if len(k.aliases) >= maxAliases {
		return fail(limitExceeded, "Aliases per key quota for this account in this region is %d, current usage is %d.", maxAliases, len(k.aliases))
	}
	return nil
}
