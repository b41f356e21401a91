package plan

import (
	"cmp"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

// key adds a key of the plan.
func (r *reader) key(rc *tfjson.ResourceChange) error {
	k := &Key{Address: rc.Address, Account: r.account}
	r.keys = append(r.keys, k)
	old, planned := before(rc.Change), after(rc.Change)
	k.ARN = planned.text("arn")
	for _, v := range []values{old, planned} {
		if account := accountOf(v.text("arn")); account != "" {
			k.Account = account
		}
		for _, id := range []string{v.text("arn"), v.text("key_id")} {
			if id != "" {
				r.byID[id] = k
			}
		}
	}
	if rc.DeposedKey == "" {
		r.byResource[rc] = k
	}
	var err error
	if old.known != nil {
		if k.Before, err = r.policyOfKey(rc, old, k); err != nil {
			return err
		}
	}
	if planned.known == nil { // of a key that goes, only that matters
		k.ARN, k.Settings = old.text("arn"), &lint.Settings{Change: lint.Delete}
		return nil
	}
	k.Settings = r.settings(rc)
	k.Facts = facts(k.Settings, planned)
	k.After, err = r.policyOfKey(rc, planned, k)
	return err
}

// policyOfKey is the key policy, or the default one.
func (r *reader) policyOfKey(rc *tfjson.ResourceChange, v values, k *Key) (*Policy, error) {
	p, err := r.policy(rc, v)
	if p == nil && err == nil {
		return r.defaultPolicy(rc.Address, k.Account)
	}
	return p, err
}

// accountOf is the account of an ARN; "" if it has none.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return parts[4]
	}
	return ""
}

// settings reads what a planned key is. The defaults are those of the provider
// and of KMS.
func (r *reader) settings(rc *tfjson.ResourceChange) *lint.Settings {
	v := after(rc.Change)
	s := &lint.Settings{
		Spec:                           cmp.Or(v.text("customer_master_key_spec"), v.text("key_spec")),
		Usage:                          v.text("key_usage"),
		Origin:                         "AWS_KMS",
		RotationPeriodInDays:           v.number("rotation_period_in_days"),
		DeletionWindowInDays:           v.number("deletion_window_in_days"),
		MultiRegion:                    switchOf(v, "multi_region"),
		BypassPolicyLockoutSafetyCheck: switchOf(v, "bypass_policy_lockout_safety_check"),
		PolicyStated:                   r.stated(rc),
		Change:                         change(rc),
	}
	if s.DeletionWindowInDays == 0 && !v.isUnknown("deletion_window_in_days") {
		s.DeletionWindowInDays = 30 // KMS API Reference, ScheduleKeyDeletion
	}
	specifics[rc.Type](s, v)
	return s
}

// specifics are what differs between the types of keys.
var specifics = map[string]func(*lint.Settings, values){
	"aws_kms_key": func(s *lint.Settings, v values) {
		s.Rotation, s.Enabled = switchOf(v, "enable_key_rotation"), switchOf(v, "is_enabled")
		switch {
		case v.text("xks_key_id") != "":
			s.Origin = "EXTERNAL_KEY_STORE"
		case v.text("custom_key_store_id") != "":
			s.Origin = "AWS_CLOUDHSM"
		case v.isUnknown("custom_key_store_id") || v.isUnknown("xks_key_id"):
			s.Origin = ""
		}
	},
	"aws_kms_external_key": func(s *lint.Settings, v values) {
		s.Origin, s.Spec, s.Usage = "EXTERNAL", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"
		s.Enabled = switchOf(v, "enabled")
	},
	"aws_kms_replica_key":          replica("AWS_KMS"),
	"aws_kms_replica_external_key": replica("EXTERNAL"),
}

func replica(origin string) func(*lint.Settings, values) {
	return func(s *lint.Settings, v values) {
		s.Origin, s.Replica, s.MultiRegion = origin, true, lint.On
		s.Enabled = switchOf(v, "enabled")
	}
}

func switchOf(v values, name string) lint.Switch {
	on, known := v.flag(name)
	if !known {
		return lint.Unstated
	}
	return lint.SwitchOf(on)
}

// stated is whether the configuration states the key's policy.
func (r *reader) stated(rc *tfjson.ResourceChange) lint.Switch {
	m, e := r.module(rc.ModuleAddress), r.expression(rc, "policy")
	if m == nil {
		return lint.Unstated
	}
	if e == nil {
		return lint.Off
	}
	o := r.origin(m, e)
	return lint.SwitchOf(o == nil || !o.null || after(rc.Change).text("policy") != "")
}

// change is what the plan does to a key that exists and will exist.
func change(rc *tfjson.ResourceChange) lint.Change {
	for _, name := range []string{"is_enabled", "enabled"} {
		was, _ := before(rc.Change).flag(name)
		is, known := after(rc.Change).flag(name)
		if was && known && !is && !rc.Change.Actions.Replace() {
			return lint.Disable
		}
	}
	if rc.Change.Actions.Replace() {
		return lint.Replace
	}
	return lint.Keep
}

// facts are what condition keys ask about a planned key.
func facts(s *lint.Settings, v values) keypolicy.Key {
	k := keypolicy.Key{Spec: s.Spec, Usage: s.Usage, Origin: s.Origin, MultiRegion: s.MultiRegion == lint.On}
	switch {
	case s.Replica:
		k.MultiRegionKeyType = "REPLICA"
	case k.MultiRegion:
		k.MultiRegionKeyType = "PRIMARY"
	}
	k.Tags = v.textMap("tags_all", keypolicy.Mark)
	if k.Tags == nil {
		k.Tags = v.textMap("tags", keypolicy.Mark)
	}
	return k
}
