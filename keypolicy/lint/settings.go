package lint

import "fmt"

const symmetricDefault = "SYMMETRIC_DEFAULT"

// settingsRules are about the key itself.
func settingsRules() []Rule { //nolint:funlen // a table
	return []Rule{
		{
			ID: "KR501", Title: "Rotation is off", Severity: Medium,
			Rationale: "KMS rotates the material of a symmetric key by itself and keeps the old: it costs nothing in use and bounds what one key encrypts.",
			Source:    "KMS Developer Guide, Rotate AWS KMS keys; CKV_AWS_7; AWS-0065; CT.KMS.PR.1",
			Remedy:    "set enable_key_rotation, and rotation_period_in_days",
			Bad:       settings(Settings{Spec: symmetricDefault, Origin: "AWS_KMS", Rotation: Off}),
			Good:      settings(Settings{Spec: symmetricDefault, Origin: "AWS_KMS", Rotation: On, RotationPeriodInDays: 365}),
			check:     checkRotationOff, scope: onKey,
		},
		{
			ID: "KR502", Title: "Rotation that KMS refuses", Severity: High,
			Rationale: "Only symmetric encryption keys with material of KMS's own rotate by themselves, replicas through their primary, every 90 to 2560 days. Anything else fails when it is applied.",
			Source:    "KMS API Reference, EnableKeyRotation",
			Remedy:    "leave enable_key_rotation off for other keys, and the period within 90 to 2560",
			Bad:       settings(Settings{Spec: "HMAC_256", Origin: "AWS_KMS", Rotation: On}),
			Good:      settings(Settings{Spec: "HMAC_256", Origin: "AWS_KMS", Rotation: Off}),
			check:     checkRotationRefused, scope: onKey,
		},
		{
			ID: "KR503", Title: "Short deletion window", Severity: Low,
			Rationale: "Until the window ends the deletion can be cancelled; afterwards all that the key encrypted is lost. 7 to 30 days are legal.",
			Source:    "KMS API Reference, ScheduleKeyDeletion: PendingWindowInDays",
			Remedy:    "set deletion_window_in_days to 30",
			Bad:       settings(Settings{DeletionWindowInDays: 7}),
			Good:      settings(Settings{DeletionWindowInDays: 30}),
			check:     checkDeletionWindow, scope: onKey,
		},
		{
			ID: "KR504", Title: "No key policy stated", Severity: Medium,
			Rationale: "The default policy leaves the key to whatever the account's IAM policies allow, kms:* on * included.",
			Source:    "KMS Developer Guide, Default key policy; CKV2_AWS_64",
			Remedy:    "state the policy",
			Bad:       settings(Settings{PolicyStated: Off}),
			Good:      settings(Settings{PolicyStated: On}),
			check:     checkPolicyStated, scope: onKey,
		},
		{
			ID: "KR505", Title: "Disabled, or multi-Region without a replica", Severity: Low,
			Rationale: "A disabled key serves nobody. A multi-Region key can be copied to other Regions, where each replica has a key policy of its own; being one cannot be undone.",
			Source:    "KMS Developer Guide, Multi-Region keys in AWS KMS; CKV_AWS_227",
			Remedy:    "enable the key; make it multi-Region only where it is replicated",
			Bad:       settings(Settings{MultiRegion: On, Replicated: Off}),
			Good:      settings(Settings{MultiRegion: On, Replicated: On, Enabled: On}),
			check:     checkIdleKey, scope: onKey,
		},
		{
			ID: "KR506", Title: "RSA_2048 for encryption", Severity: Low,
			Rationale: "What is encrypted today may be kept for decades; the longer moduli cost little.",
			Source:    "AWS Control Tower, CT.KMS.PR.2",
			Remedy:    "use RSA_3072 or RSA_4096, in a new key",
			Bad:       settings(Settings{Spec: "RSA_2048", Usage: "ENCRYPT_DECRYPT"}),
			Good:      settings(Settings{Spec: "RSA_4096", Usage: "ENCRYPT_DECRYPT"}),
			check:     checkModulus, scope: onKey,
		},
		{
			ID: "KR507", Title: "The plan takes a key away", Severity: Critical,
			Rationale: "Nothing decrypts what a deleted key encrypted, and a replacement is a new key that cannot either.",
			Source:    "KMS Developer Guide, Delete an AWS KMS key",
			Remedy:    "make a new key beside the old one, move the alias, and keep the old one for what it encrypted",
			Bad:       settings(Settings{Change: Replace}),
			Good:      settings(Settings{Change: Keep}),
			check:     checkChange, scope: onKey,
		},
	}
}

func settings(key Settings) Example {
	return Example{Key: &key, Statement: -1}
}

// ineligible says why the key does not rotate by itself; "" if it does, or if
// too little is known.
func (k *Settings) ineligible() string {
	switch {
	case k.Spec != "" && k.Spec != symmetricDefault:
		return "its spec is " + k.Spec
	case k.Origin != "" && k.Origin != "AWS_KMS":
		return "its origin is " + k.Origin
	case k.Replica:
		return "it is a replica: its primary rotates"
	}
	return ""
}

func checkRotationOff(s *subject) {
	k := s.in.Key
	if k.Rotation == Off && k.Spec == symmetricDefault && k.Origin == "AWS_KMS" && !k.Replica {
		s.report("", "automatic rotation is off")
	}
}

// The rotation periods and deletion windows that KMS takes, in days.
const (
	shortestPeriod, longestPeriod = 90, 2560
	longestWindow                 = 30
)

func checkRotationRefused(s *subject) {
	k := s.in.Key
	if why := k.ineligible(); k.Rotation == On && why != "" {
		s.report("ineligible", "the key cannot rotate by itself: %s", why)
	}
	if p := k.RotationPeriodInDays; p != 0 && (p < shortestPeriod || p > longestPeriod) {
		s.report("period", "the rotation period is %d days; KMS takes %d to %d", p, shortestPeriod, longestPeriod)
	}
}

func checkDeletionWindow(s *subject) {
	switch days := s.in.Key.DeletionWindowInDays; {
	case days == 0:
	case days < shortestWindow || days > longestWindow:
		s.report("refused", "the deletion window is %d days; KMS takes %d to %d", days, shortestWindow, longestWindow).Severity = High
	case days < longestWindow:
		s.report("short", "the deletion window is %d days", days)
	}
}

func checkPolicyStated(s *subject) {
	if s.in.Key.PolicyStated == Off {
		s.report("", "no key policy is stated: the default leaves the key to the account's IAM policies")
	}
}

func checkIdleKey(s *subject) {
	k := s.in.Key
	if k.Enabled == Off && k.Change != Disable { // that is a matter of KR507
		s.report("disabled", "the key is disabled")
	}
	if k.MultiRegion == On && !k.Replica && k.Replicated == Off {
		s.report("multi-Region", "the key is multi-Region, and nothing here replicates it")
	}
}

func checkModulus(s *subject) {
	if s.in.Key.Spec == "RSA_2048" && s.in.Key.Usage == "ENCRYPT_DECRYPT" {
		s.report("", "the key encrypts with RSA of 2048 bits")
	}
}

// losses say what a change takes away.
var losses = map[Change]string{
	Delete:  "deletes the key: what it encrypted is lost when the window ends",
	Replace: "replaces the key: the old one is deleted, with what it encrypted",
	Disable: "disables the key: nothing can use it",
}

func checkChange(s *subject) {
	if loss := losses[s.in.Key.Change]; loss != "" {
		s.report(fmt.Sprint(s.in.Key.Change), "the plan %s", loss)
	}
}
