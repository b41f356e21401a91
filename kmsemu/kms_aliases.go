package kmsemu

import (
	"iter"
	"strings"

	"github.com/keywright/keywright/internal/lazyregexp"
)

const (
	aliasPrefix         = "alias/"
	reservedAliasPrefix = "alias/aws/"
)

var aliasRule = textRule{min: 1, max: 256, pattern: lazyregexp.New(`^[a-zA-Z0-9:/_-]+$`)}

// checkAliasName checks the name of an alias to be written (K0042, K0043).
func checkAliasName(k *checker, name string) {
	k.checkText("aliasName", name, aliasRule)
	switch {
	case !strings.HasPrefix(name, aliasPrefix):
		k.fail(validation, `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
	case name == aliasPrefix || strings.Contains(name, ":"):
		k.fail(validation, "%s contains invalid characters for an alias", name)
	case strings.HasPrefix(name, reservedAliasPrefix):
		k.fail(notAuthorized, "")
	}
}

// alias authorises the operation on an alias, which has no policy of its own, and
// returns it; nil if it does not exist.
func (c *call) alias(name string) (*alias, error) {
	arn := c.arn(serviceKMS, name)
	c.event.Resources = append(c.event.Resources, Resource{arn, c.caller.account, "AWS::KMS::Alias"})
	if err := c.permit(permission{action: c.action, resource: arn}); err != nil {
		return nil, err
	}
	return c.regionLocked().aliases[name], nil
}

// existingAlias is alias for operations on one that must exist (K0012).
func (c *call) existingAlias(name string) (*alias, error) {
	a, err := c.alias(name)
	if err == nil && a == nil {
		err = fail(notFound, "Alias %s is not found.", c.arn(serviceKMS, name))
	}
	return a, err
}

type aliasInput struct {
	AliasName   string
	TargetKeyID string `json:"TargetKeyId"`
}

func (in *aliasInput) check(k *checker) {
	checkAliasName(k, in.AliasName)
	k.checkText("targetKeyId", in.TargetKeyID, keyIDRule)
	if strings.Contains(in.TargetKeyID, aliasPrefix) {
		k.fail(validation, "Aliases must refer to keys. Not aliases") // K0013
	}
}

func createAlias(c *call, in *aliasInput) (*empty, error) {
	target, err := c.key(in.TargetKeyID, nil)
	if err != nil {
		return nil, err
	}
	existing, err := c.alias(in.AliasName)
	if err != nil {
		return nil, err
	}
	arn := c.arn(serviceKMS, in.AliasName)
	if existing != nil {
		return nil, fail(alreadyExists, "An alias with the name %s already exists", arn)
	}
	if err := target.checkAliasQuota(); err != nil {
		return nil, err
	}
	c.putAlias(&alias{name: in.AliasName, arn: arn, created: c.now, updated: c.now}, target)
	return done()
}

func updateAlias(c *call, in *aliasInput) (*empty, error) {
	target, err := c.key(in.TargetKeyID, nil)
	if err != nil {
		return nil, err
	}
	existing, err := c.existingAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	// The key the alias leaves must allow it too; its state does not matter (K0024).
	if _, err := c.open(found{key: existing.key}, need{action: c.action, states: inAnyState}); err != nil {
		return nil, err
	}
	if err := existing.fits(target); err != nil {
		return nil, err
	}
	if existing.key != target {
		if err := target.checkAliasQuota(); err != nil {
			return nil, err
		}
	}
	existing.updated = c.now
	c.putAlias(existing, target)
	return done()
}

// fits checks that an alias may move to a key: one of the same usage and the same
// type, which is symmetric, asymmetric or HMAC (K0210).
func (a *alias) fits(target *key) error {
	const text = "Alias %s cannot be changed from a CMK with key %s %s to a CMK with key %s %s. The key %s of the current CMK and the new CMK must be the same."
	old := a.key
	if old.usage != target.usage {
		return fail(validation, text, a.name, "usage", old.usage, "usage", target.usage, "usage")
	}
	// Keys of one usage that differ in symmetry are symmetric and RSA keys.
	if old.spec.has(asymmetric) != target.spec.has(asymmetric) {
		return fail(validation, text, a.name, "spec", old.spec.name, "spec", target.spec.name, "type")
	}
	return nil
}

type deleteAliasInput struct{ AliasName string }

func (in *deleteAliasInput) check(k *checker) { checkAliasName(k, in.AliasName) }

func deleteAlias(c *call, in *deleteAliasInput) (*empty, error) {
	existing, err := c.existingAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	if _, err := c.open(found{key: existing.key}, need{action: c.action, states: inAnyState}); err != nil {
		return nil, err
	}
	c.removeAlias(existing)
	return done()
}

type listAliasesInput struct {
	KeyID string `json:"KeyId"`
	pageInput
}

var listAliasesPage = pageLimits{50, 100}

func (in *listAliasesInput) check(k *checker) {
	k.checkText("keyId", in.KeyID, optionalKeyIDRule)
	in.checkPage(k, listAliasesPage)
}

type aliasListEntry struct {
	AliasArn        string
	AliasName       string
	CreationDate    epoch  `json:",omitzero"`
	LastUpdatedDate epoch  `json:",omitzero"`
	TargetKeyID     string `json:"TargetKeyId,omitempty"`
}

func (a *alias) entry() aliasListEntry {
	e := aliasListEntry{AliasArn: a.arn, AliasName: a.name}
	if a.key != nil {
		e.CreationDate, e.LastUpdatedDate, e.TargetKeyID = epoch{a.created}, epoch{a.updated}, a.key.id
	}
	return e
}

type listAliasesOutput struct {
	Aliases []aliasListEntry
	pageOutput
}

func listAliases(c *call, in *listAliasesInput) (*listAliasesOutput, error) {
	r, err := c.own(nil)
	if err != nil {
		return nil, err
	}
	after := c.withPredefined(r)
	if in.KeyID != "" {
		of, err := c.find(in.KeyID)
		if err != nil {
			return nil, err
		}
		after = r.aliasesOf(of).after
	}
	aliases, more, err := pageFrom(c, &in.pageInput, listAliasesPage, after, (*alias).label)
	if err != nil {
		return nil, err
	}
	out := &listAliasesOutput{Aliases: []aliasListEntry{}, pageOutput: more}
	for _, a := range aliases {
		out.Aliases = append(out.Aliases, a.entry())
	}
	return out, nil
}

// withPredefined puts the aliases of AWS managed keys that do not exist yet into a
// list by name (K0539).
func (c *call) withPredefined(r *region) func(string) iter.Seq[*alias] {
	return func(last string) iter.Seq[*alias] {
		missing := c.missingPredefined(r, last)
		return func(yield func(*alias) bool) {
			for a := range r.aliasList.after(last) {
				for len(missing) > 0 && missing[0].name < a.name {
					if !yield(missing[0]) {
						return
					}
					missing = missing[1:]
				}
				if !yield(a) {
					return
				}
			}
			for _, a := range missing {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// missingPredefined are the predefined aliases after a name that have no key.
func (c *call) missingPredefined(r *region, last string) []*alias {
	var out []*alias
	for i := range managedKeys {
		if name := managedKeys[i].aliasName(); name > last && r.aliases[name] == nil {
			out = append(out, &alias{name: name, arn: c.arn(serviceKMS, name)})
		}
	}
	return out
}

// aliasesOf are the Region's aliases of a key; none if the key is of another
// account.
func (r *region) aliasesOf(f found) *order[*alias] {
	var out order[*alias]
	for name, a := range f.key.aliases {
		if r.aliases[name] == a {
			out.add(a)
		}
	}
	return &out
}
