package plan

import (
	"cmp"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

// target finds the key that an attribute of another resource names, by its value
// or by what it refers to; nil if the plan does not hold the key.
func (r *reader) target(rc *tfjson.ResourceChange, attribute string) *Key {
	for _, v := range []values{after(rc.Change), before(rc.Change)} {
		if k := r.byID[v.text(attribute)]; k != nil {
			return k
		}
	}
	o := r.origin(r.module(rc.ModuleAddress), r.expression(rc, attribute))
	return r.byResource[r.instance(o, rc)]
}

// orForeign is the key, or a new one for a key that the plan does not hold.
func (r *reader) orForeign(k *Key, rc *tfjson.ResourceChange) *Key {
	if k == nil {
		k = &Key{Address: rc.Address, Account: r.account}
		for _, v := range []values{before(rc.Change), after(rc.Change)} {
			if id := v.text("key_id"); accountOf(id) != "" {
				k.ARN, k.Account = id, accountOf(id)
			}
		}
		r.keys = append(r.keys, k)
	}
	return k
}

// keyPolicy gives a key the policy of an aws_kms_key_policy.
func (r *reader) keyPolicy(rc *tfjson.ResourceChange) error {
	k := r.orForeign(r.target(rc, "key_id"), rc)
	old, planned := before(rc.Change), after(rc.Change)
	if old.known != nil {
		p, err := r.policy(rc, old)
		if err != nil {
			return err
		}
		k.Before = p
	}
	if planned.known == nil {
		return r.resetPolicy(k, rc)
	}
	var err error
	if k.After, err = r.policy(rc, planned); err != nil {
		return err
	}
	if k.Settings != nil {
		k.Settings.PolicyStated = lint.On
		k.Settings.BypassPolicyLockoutSafetyCheck = max(k.Settings.BypassPolicyLockoutSafetyCheck, switchOf(planned, "bypass_policy_lockout_safety_check"))
	}
	return nil
}

// resetPolicy is what the provider does when an aws_kms_key_policy is destroyed:
// it puts the default policy back, unless the safety check is bypassed. Source:
// AWS provider, resource aws_kms_key_policy.
func (r *reader) resetPolicy(k *Key, rc *tfjson.ResourceChange) error {
	if k.Settings != nil && k.Settings.Change == lint.Delete {
		return nil
	}
	k.After = k.Before
	if bypass, _ := before(rc.Change).flag("bypass_policy_lockout_safety_check"); bypass {
		return nil
	}
	var err error
	k.After, err = r.defaultPolicy(rc.Address, k.Account)
	return err
}

// grant adds an aws_kms_grant to its key.
func (r *reader) grant(rc *tfjson.ResourceChange) error {
	v := after(rc.Change)
	if v.known == nil {
		return nil
	}
	mark := func(place string) string { return keypolicy.Mark(rc.Address + "." + place) }
	grantee := v.text("grantee_principal")
	if v.isUnknown("grantee_principal") {
		grantee = cmp.Or(r.expectedARN(r.expression(rc, "grantee_principal"), rc), mark("grantee_principal"))
	}
	g := Grant{Address: rc.Address, Constrained: lint.Off, Grant: keypolicy.Grant{
		ID: cmp.Or(v.text("grant_id"), rc.Address), Grantee: grantee, Operations: v.texts("operations", mark),
	}}
	if v.isUnknown("constraints") {
		g.Constrained = lint.Unstated
	}
	for _, c := range v.blocks("constraints") {
		g.Constrained = lint.On
		g.EncryptionContextEquals = c.textMap("encryption_context_equals", mark)
		g.EncryptionContextSubset = c.textMap("encryption_context_subset", mark)
	}
	k := r.orForeign(r.target(rc, "key_id"), rc)
	k.Grants = append(k.Grants, g)
	return nil
}

// alias tells a key the name of its aws_kms_alias.
func (r *reader) alias(rc *tfjson.ResourceChange) error {
	if k := r.target(rc, "target_key_id"); k != nil && after(rc.Change).text("name") != "" {
		k.Facts.Aliases = append(k.Facts.Aliases, after(rc.Change).text("name"))
	}
	return nil
}

// replication tells a primary key that the plan replicates it, and the replica
// what its primary is.
func (r *reader) replication(rc *tfjson.ResourceChange) error {
	k, primary := r.byResource[rc], r.target(rc, "primary_key_arn")
	if k == nil || primary == nil || k.Settings == nil || primary.Settings == nil {
		return nil
	}
	primary.Settings.Replicated = lint.On
	k.Settings.Spec, k.Settings.Usage = cmp.Or(k.Settings.Spec, primary.Settings.Spec), cmp.Or(k.Settings.Usage, primary.Settings.Usage)
	k.Facts.Spec, k.Facts.Usage = k.Settings.Spec, k.Settings.Usage
	return nil
}

// identity adds an IAM policy.
func (r *reader) identity(rc *tfjson.ResourceChange) error {
	v := after(rc.Change)
	if v.known == nil {
		return nil
	}
	p, err := r.policy(rc, v)
	if p != nil {
		r.identities = append(r.identities, p)
	}
	return err
}

// inlinePolicies adds the inline_policy blocks of a role.
func (r *reader) inlinePolicies(rc *tfjson.ResourceChange) error {
	for _, block := range after(rc.Change).blocks("inline_policy") {
		address := rc.Address + ".inline_policy." + cmp.Or(block.text("name"), "?")
		p, err := (*Policy)(nil), error(nil)
		switch {
		case block.isUnknown("policy"):
			p, err = r.standIn(address)
		case block.text("policy") != "":
			p, err = r.parse(address, []byte(block.text("policy")))
		default:
			continue
		}
		if err != nil {
			return err
		}
		r.identities = append(r.identities, p)
	}
	return nil
}
