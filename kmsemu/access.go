package kmsemu

import (
	"maps"
	"strings"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// found is a key that was found and not yet authorised. Only [call.open] may
// look into it: whatever else an operation does with a key comes after.
type found struct {
	key   *key
	alias string // the alias name it was asked for by; "" otherwise
	// sealed: nothing but a ciphertext named the key.
	sealed bool
}

func (f found) same(other found) bool { return f.key == other.key }

// need is what an operation wants of a key.
type need struct {
	action  string            // such as "kms:Encrypt"
	context keypolicy.Context // condition keys of this action; nil for none
	states  stateRule
	origins originRule
	// fit is whether the key is one for the operation at all, which is asked before
	// its state; nil for every key.
	fit func(*key) error
	// encryption is the call's encryption context, which grants may constrain.
	encryption encryptionContext
	// material: the operation uses the key's material, wherever that is.
	material bool
	// child is the grant about to be made by CreateGrant; nil otherwise.
	child *grant
}

// key is the way to a key for operations that need one permission, named like
// themselves: find it, authorise the caller, check its state.
func (c *call) key(id string, context keypolicy.Context) (*key, error) {
	f, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return c.open(f, need{action: c.action, context: context, states: c.op.states, origins: c.op.origins, fit: c.fit})
}

// open authorises the use of a key, then checks its origin, its usage and its state,
// in this order (K0621): who may not use a key learns nothing about it. Last comes
// whether its material can be reached.
func (c *call) open(f found, n need) (*key, error) {
	k := f.key
	c.concerns(k)
	conditions := n.context
	if f.alias != "" {
		conditions = keypolicy.Context{}
		maps.Copy(conditions, n.context)
		conditions.Set("kms:RequestAlias", f.alias)
	}
	named, err := c.namedGrants()
	if err != nil {
		return nil, err
	}
	p := permission{
		action: n.action, resource: k.arn, context: conditions, policy: c.policyOf(k), key: c.facts(k),
		encryption: n.encryption, grants: c.grantsFor(k, n), named: named,
	}
	if err := c.permit(p); err != nil {
		if f.sealed && k.account != c.caller.account {
			return nil, unseen(c.caller.principal.ARN, p.action, *c.event.Decision)
		}
		return nil, err
	}
	if n.material && k.store != nil && c.event.Additional == nil {
		c.event.Additional = &AdditionalData{CustomKeyStoreID: k.store.id, XksKeyID: k.externalKeyID}
	}
	if err := n.origins.accept(k); err != nil {
		return nil, err
	}
	if n.fit != nil {
		if err := n.fit(k); err != nil {
			return nil, err
		}
	}
	if err := n.states.accept(k, c.now); err != nil {
		return nil, err
	}
	if n.material {
		return k, c.server.state.checkMaterial(k)
	}
	return k, nil
}

// fit checks that a key's usage is the operation's (K0031).
func (c *call) fit(k *key) error {
	if c.op.usage == "" || k.usage == c.op.usage {
		return nil
	}
	return fail(invalidKeyUsage, "%s key usage is %s which is not valid for %s.", k.arn, k.usage, c.name)
}

// concerns notes that the call is about a key: in the trail, and to look at the
// key's due date afterwards.
func (c *call) concerns(k *key) {
	c.keys = append(c.keys, k)
	c.event.Resources = append(c.event.Resources, keyResource(k))
}

// own is the caller's part of the Region, for operations whose permission has no
// resource (K0079).
func (c *call) own(context keypolicy.Context) (*region, error) {
	if err := c.permit(permission{action: c.action, resource: "*", context: context}); err != nil {
		return nil, err
	}
	return c.regionLocked(), nil
}

func (c *call) regionLocked() *region {
	return c.server.state.account(c.caller.account).region(c.region)
}

var keyIDPattern = lazyregexp.New(`^([0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|mrk-[0-9a-f]{32})$`)

// find resolves a key identifier: key id or key ARN and, where the operation
// allows, alias name or alias ARN (K0009 to K0013).
func (c *call) find(id string) (found, error) {
	account, resource := c.caller.account, id
	switch {
	case strings.HasPrefix(id, "arn:"):
		var err error
		if account, resource, err = c.splitKeyARN(id); err != nil {
			return found{}, err
		}
	case !strings.HasPrefix(id, aliasPrefix):
		resource = "key/" + id
	}
	if strings.HasPrefix(resource, aliasPrefix) {
		if !c.op.byAlias {
			return found{}, fail(invalidARN, "Key Aliases are not supported for this operation.")
		}
		return c.findAlias(account, resource)
	}
	keyID, ok := strings.CutPrefix(resource, "key/")
	if k := c.lookKey(account, keyID); ok && k != nil {
		return found{key: k}, nil
	}
	switch valid := ok && keyIDPattern.MatchString(keyID); {
	case !valid && ok && id != keyID: // an ARN
		return found{}, fail(notFound, "Invalid keyId %s", keyID)
	case !valid:
		return found{}, fail(notFound, "Invalid keyId '%s'", id)
	}
	return found{}, fail(notFound, "Key '%s' does not exist", c.foreignARN(account, resource))
}

func (c *call) findAlias(account, name string) (found, error) {
	if r := c.lookRegion(account); r != nil {
		if k := c.aliasTarget(r, c.foreignARN(account, name)); k != nil && c.known(k) {
			return found{key: k, alias: name}, nil
		}
	}
	return found{}, fail(notFound, "Alias %s is not found.", c.foreignARN(account, name))
}

// splitKeyARN takes the ARN of a key or alias apart. It must be of the Region
// that was asked (K0011).
func (c *call) splitKeyARN(arn string) (account, resource string, err error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[1] != partition(c.region) || parts[2] != serviceKMS || !isAccount(parts[4]) {
		return "", "", fail(notFound, "Invalid keyId '%s'", arn)
	}
	if parts[3] != c.region {
		return "", "", fail(notFound, "Invalid arn %s", parts[3])
	}
	return parts[4], parts[5], nil
}

// lookRegion is another account's part of the Region; nil if that account has
// never been used, for looking must not bring accounts into being.
func (c *call) lookRegion(account string) *region {
	a := c.server.state.accounts[account]
	if a == nil {
		return nil
	}
	return a.regions[c.region]
}

// lookKey is a key of an account in the Region by id; nil if there is none.
func (c *call) lookKey(account, id string) *key {
	r := c.lookRegion(account)
	if r == nil {
		return nil
	}
	if k := r.keys[id]; k != nil && c.known(k) {
		return k
	}
	return nil
}

func (c *call) foreignARN(account, resource string) string {
	return kmsARN(c.region, account, resource)
}

func kmsARN(region, account, resource string) string {
	return strings.Join([]string{"arn", partition(region), serviceKMS, region, account, resource}, ":")
}

// findSealed resolves the key a ciphertext names, for an action. A key that does
// not exist, here or any more, is reported like one the caller may not use (K0033).
func (c *call) findSealed(ciphertext blob, action string) (found, error) {
	h, ok := readHeader(ciphertext)
	if !ok {
		return found{}, fail(invalidCiphertext, "")
	}
	if k := c.lookKey(h.account, h.keyID); k != nil {
		return found{key: k, sealed: true}, nil
	}
	return found{}, unseen(c.caller.principal.ARN, action, keypolicy.Decision{Source: keypolicy.ResourcePolicy})
}
