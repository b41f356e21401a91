package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// conflict is two parts that do not go together. blame lists the arguments that
// may be at fault; the first that the block has is where the message points.
type conflict struct {
	blame           []string
	found           func(*Module) bool
	problem, remedy func(*Module) string
}

func says(text string) func(*Module) string { return func(*Module) string { return text } }

func (m *Module) symmetric() bool { return m.KeySpec == symmetricDefault }

// conflicts between parts. Source: KMS Developer Guide, Key spec reference, Rotate
// AWS KMS keys, Multi-Region keys, Custom key stores; the services' own pages are
// in the table of services.
var conflicts = []conflict{
	{
		[]string{"key_usage", "key_spec", "preset"},
		func(m *Module) bool { return m.KeyUsage == "" },
		func(m *Module) string { return fmt.Sprintf("key_spec %q does not say what the key is for", m.KeySpec) },
		func(m *Module) string { return "add key_usage, one of " + strings.Join(m.usages(), ", ") },
	},
	{
		[]string{"key_usage", "key_spec", "preset"},
		func(m *Module) bool { return m.KeyUsage != "" && !slices.Contains(m.usages(), m.KeyUsage) },
		func(m *Module) string {
			return fmt.Sprintf("a key of the spec %s cannot have the usage %s", m.KeySpec, m.KeyUsage)
		},
		func(m *Module) string {
			return "choose one of its own usages, " + strings.Join(m.usages(), ", ") + ", or another key_spec"
		},
	},
	{
		[]string{"key_spec"},
		func(m *Module) bool { s, _ := lookUpSpec(m.KeySpec); return m.Manages == ManagesKey && s.floor == "" },
		func(m *Module) string {
			return fmt.Sprintf("no AWS provider is known to make keys of the spec %s", m.KeySpec)
		},
		says(`make the key elsewhere, and write its policy with manages = "policy"`),
	},
	{
		[]string{"rotation_period_in_days"},
		func(m *Module) bool { return !m.rotates() && m.RotationPeriodInDays != 0 },
		func(m *Module) string { return "the key does not rotate by itself: " + m.ineligible() },
		says("leave rotation_period_in_days out"),
	},
	{
		[]string{"origin", "key_spec", "preset"},
		func(m *Module) bool { return (m.Origin == OriginCloudHSM || m.Origin == OriginXKS) && !m.symmetric() },
		func(m *Module) string {
			return fmt.Sprintf("a key of the origin %s cannot have the spec %s", m.Origin, m.KeySpec)
		},
		says("use SYMMETRIC_DEFAULT, or the origin AWS_KMS"),
	},
	{
		[]string{"origin", "key_spec", "preset"},
		// The provider's aws_kms_external_key takes another spec from 6.11 on only.
		func(m *Module) bool { return m.Manages == ManagesKey && m.imports() && !m.symmetric() },
		func(m *Module) string {
			return fmt.Sprintf("a module makes no key with imported material of the spec %s", m.KeySpec)
		},
		says(`use SYMMETRIC_DEFAULT, or make the key elsewhere, and write its policy with manages = "policy"`),
	},
	{
		[]string{"multi_region", "origin", "preset"},
		func(m *Module) bool {
			return m.MultiRegion != SingleRegion && (m.Origin == OriginCloudHSM || m.Origin == OriginXKS)
		},
		says("keys in custom key stores cannot be multi-Region"),
		says("leave multi_region out, or use another origin"),
	},
	{
		[]string{"multi_region", "origin", "preset"},
		func(m *Module) bool { return m.MultiRegion == PrimaryWithReplica && m.imports() },
		says("a primary key cannot be replicated before its material is imported, which happens outside Terraform"),
		says(`write two modules, with multi_region "primary" and "replica", and apply the second after the import`),
	},
	{
		[]string{"multi_region", "manages", "preset"},
		func(m *Module) bool { return m.MultiRegion == PrimaryWithReplica && m.Manages == ManagesPolicy },
		says("a policy is of keys of one Region, and primary_with_replica is of two"),
		says(`write multi_region "primary" or "replica", in a module for each`),
	},
	{
		[]string{"key_material_expires", "preset"},
		func(m *Module) bool { return m.KeyMaterialExpires && !m.imports() },
		says("only imported key material expires"),
		says(`add origin = "EXTERNAL", or leave key_material_expires out`),
	},
	{
		[]string{"encryption_context", "preset"},
		func(m *Module) bool { return len(m.EncryptionContext) > 0 && !m.symmetric() },
		func(m *Module) string { return "a key for " + string(m.ability()) + " takes no encryption context" },
		says("leave encryption_context out, or use SYMMETRIC_DEFAULT"),
	},
	{
		[]string{"encryption_context", "preset"},
		func(m *Module) bool { return len(m.EncryptionContext) > 0 && len(m.contextUsers()) == 0 },
		says("no role of the module uses the key itself, so nobody needs an encryption context"),
		says("add the verb use, encrypt or decrypt to roles, or leave encryption_context out"),
	},
	{
		[]string{"principal_binding", "root_statement"},
		func(m *Module) bool { return m.PrincipalBinding == ByARN && m.RootStatement == Delegate },
		says("principals bound by ARN get what the account's IAM policies allow them, and the root statement delegates everything to those already"),
		says(`use root_statement "break_glass", or leave principal_binding out`),
	},
	{
		[]string{"roles"},
		func(m *Module) bool { return len(m.partitions()) > 1 },
		func(m *Module) string {
			return "the roles are of the partitions " + strings.Join(m.partitions(), " and ") + ", and a key policy names those of its own alone"
		},
		says("write a module for each partition"),
	},
	{
		[]string{"target"},
		func(m *Module) bool {
			version, _ := m.needed()
			return m.Target.Provider != "" && older(m.Target.Provider, version)
		},
		func(m *Module) string {
			version, why := m.needed()
			return fmt.Sprintf("provider %q is too old: the module needs %s (%s)", m.Target.Provider, version, strings.TrimSuffix(why, "."))
		},
		func(m *Module) string {
			version, _ := m.needed()
			return fmt.Sprintf("write provider = %q, or leave it out", version)
		},
	},
}

// partitions are those of the principals in roles, sorted.
func (m *Module) partitions() []string {
	var all []string
	for _, arns := range m.Roles {
		for _, arn := range arns {
			all = append(all, strings.Split(arn, ":")[1])
		}
	}
	return union(all)
}

// usages are those of the module's spec.
func (m *Module) usages() []string {
	s, _ := lookUpSpec(m.KeySpec)
	return s.usages
}

// unmanaged lists the arguments that a module which makes no key does not take.
var unmanaged = map[Manages][]string{
	ManagesPolicy: {"aliases", "description", "protect_from_destroy", "tags"},
	ManagesGrants: {
		"aliases", "deletion_window_in_days", "description", "encryption_context", "key_material_expires", "multi_region", "origin",
		"principal_binding", "protect_from_destroy", "roles", "root_statement", "services", "tags",
	},
}

// conflicts reports parts of m that do not go together.
func (d *decoder) conflicts(block *moduleBlock, m *Module) {
	for _, name := range unmanaged[m.Manages] {
		if attr, ok := block.attributes[name]; ok {
			d.report(attr.NameRange, "leave it out: what manages keys takes it", "a module that manages %s does not take %s", m.Manages, name)
		}
	}
	for _, c := range conflicts {
		if c.found(m) {
			d.report(place(block, c.blame), c.remedy(m), "%s", c.problem(m))
		}
	}
	d.serviceConflicts(block, m)
	d.verbConflicts(block, m)
	d.separateDuties(block, m)
}

// place is the first of the arguments that the block has, or the block itself.
func place(block *moduleBlock, names []string) hcl.Range {
	for _, name := range names {
		if attr, ok := block.attributes[name]; ok {
			return attr.NameRange
		}
	}
	return block.DefRange
}

func (d *decoder) serviceConflicts(block *moduleBlock, m *Module) {
	at := place(block, []string{"services", "preset"})
	for _, name := range m.Services {
		s := services[name]
		switch {
		case m.KeySpec != s.spec || m.KeyUsage != s.usage:
			d.report(at, fmt.Sprintf("give it a module of its own, with key_spec %q", s.spec),
				"service %q takes keys of the spec %s and the usage %s, not %s and %s", name, s.spec, s.usage, m.KeySpec, m.KeyUsage)
		case s.singleRegion && m.MultiRegion != SingleRegion:
			d.report(at, "leave multi_region out, or give the service a module of its own", "service %q takes no multi-Region keys", name)
		}
	}
}

// verbConflicts reports verbs that the key cannot honour.
func (d *decoder) verbConflicts(block *moduleBlock, m *Module) {
	a := m.ability()
	for _, v := range verbs {
		if _, has := m.Roles[v.name]; has && v.name != Administer && v.actions[a] == nil && a != "" {
			d.report(place(block, []string{"roles", "key_spec", "preset"}), "use its own verbs, "+strings.Join(verbsFor(a), ", "),
				"a key for %s cannot honour the verb %q", a, v.name)
		}
	}
}

// separateDuties reports administrators that use the key as well.
func (d *decoder) separateDuties(block *moduleBlock, m *Module) {
	var users []string
	for _, v := range verbs {
		if v.uses {
			users = append(users, m.Roles[v.name]...)
		}
	}
	for _, arn := range union(users) {
		if slices.Contains(m.Roles[Administer], arn) {
			d.report(place(block, []string{"roles"}), "give administration and use to different roles",
				"principal %q is an administrator and uses the key too", arn)
		}
	}
}

// check refuses a Module that no spec was parsed for and that misses a part.
func (m *Module) check() error {
	for _, part := range []struct {
		name, value string
		known       []string
		needed      bool
	}{
		{"preset", m.Preset, presetNames(), m.Preset != ""},
		{"manages", string(m.Manages), texts(managed), true},
		{"key_spec", m.KeySpec, specNames(), true},
		{"key_usage", m.KeyUsage, words(abilities), true},
		{"origin", string(m.Origin), texts(origins), true},
		{"multi_region", string(m.MultiRegion), texts(regionRoles), true},
		{"engine", m.Target.Engine, words(engines), true},
		{"root_statement", string(m.RootStatement), texts(rootChoices), m.Manages != ManagesGrants},
		{"principal_binding", string(m.PrincipalBinding), texts(bindings), m.Manages != ManagesGrants},
	} {
		if part.needed && !slices.Contains(part.known, part.value) {
			return fmt.Errorf("unknown %s %q; %s", part.name, part.value, suggest(part.value, part.known))
		}
	}
	for _, name := range m.Services {
		if _, ok := services[name]; !ok {
			return fmt.Errorf("unknown service %q; %s", name, suggest(name, words(services)))
		}
	}
	return nil
}
