package generator

import "github.com/hashicorp/hcl/v2"

// argument is one argument of a module block: the source of its decoding, of the
// JSON Schema and of the reference.
type argument struct {
	name string
	// doc is a sentence or two for the reference; fallback what holds without the
	// argument.
	doc, fallback string
	form          form
	decode        func(*decoder, hcl.Expression, *Module)
}

// arguments of a module block, in the order the documentation lists them.
var arguments = []argument{
	{
		"preset", "A named row of parts to begin with. Other arguments change or add to them.",
		"none: then `key_spec`, `services` or `manages` says what the module is for", oneWord(presetNames()),
		func(d *decoder, e hcl.Expression, m *Module) { m.Preset = d.oneOf(e, presetNames()) },
	},
	{
		"manages", "What the module manages: a key with its aliases and policy, the policy of keys that are made elsewhere, or grants on one.",
		"`\"key\"`", oneWord(texts(managed)),
		func(d *decoder, e hcl.Expression, m *Module) { m.Manages = oneOf(d, e, managed...) },
	},
	{
		"key_spec", "The kind of key, as KMS names it.",
		"that of the preset or the services, else `\"SYMMETRIC_DEFAULT\"`", oneWord(specNames()),
		func(d *decoder, e hcl.Expression, m *Module) { m.KeySpec = d.oneOf(e, specNames()) },
	},
	{
		"key_usage", "What the key is for, as KMS names it.",
		"that of the preset, or the only one of the spec", oneWord(words(abilities)),
		func(d *decoder, e hcl.Expression, m *Module) { m.KeyUsage = d.oneOf(e, words(abilities)) },
	},
	{
		"origin", "Where the key material comes from: KMS, you, a CloudHSM key store or an external one.",
		"`\"AWS_KMS\"`", oneWord(texts(origins)),
		func(d *decoder, e hcl.Expression, m *Module) { m.Origin = oneOf(d, e, origins...) },
	},
	{
		"key_material_expires", "Whether imported key material expires.",
		"`false`", form{Type: "boolean"},
		func(d *decoder, e hcl.Expression, m *Module) { m.KeyMaterialExpires = d.boolean(e) },
	},
	{
		"multi_region", "The key's part in a set of multi-Region keys: none, the primary, a replica of a primary made elsewhere, or both in one module.",
		"`\"none\"`", oneWord(texts(regionRoles)),
		func(d *decoder, e hcl.Expression, m *Module) { m.MultiRegion = oneOf(d, e, regionRoles...) },
	},
	{
		"services", "AWS services that use the key. Each brings the statements, variables and checks that its documentation asks for; they combine.",
		"none", listOf(oneWord(words(services))), decodeServices,
	},
	{
		"roles", "Who may do what: verbs, each with the ARNs of IAM roles and users. A verb with an empty list makes a variable to be filled by the module's caller.",
		"the verbs of the preset, all empty; `administer` is always there", rolesForm(), decodeRoles,
	},
	{
		"encryption_context", "Keys that the encryption context of each cryptographic call must have.",
		"none", form{Type: "array", Items: &form{Type: "string", Pattern: contextKeyPattern}, MinItems: 1, MaxItems: maxContextKeys}, decodeEncryptionContext,
	},
	{
		"aliases", "Aliases without the prefix `alias/`.",
		"a variable that the module's caller must fill", form{Type: "array", Items: &form{Type: "string", Pattern: aliasPattern}, MaxItems: maxAliases, UniqueItems: true}, decodeAliases,
	},
	{
		"rotation_period_in_days", "Days between automatic rotations.",
		"`365` for a key that KMS rotates", wholeDays(rotationPeriods),
		func(d *decoder, e hcl.Expression, m *Module) {
			m.RotationPeriodInDays = d.days(e, "the rotation period", rotationPeriods)
		},
	},
	{
		"deletion_window_in_days", "Days that KMS waits before it deletes the key.",
		"`30`", wholeDays(deletionWindows),
		func(d *decoder, e hcl.Expression, m *Module) {
			m.DeletionWindowInDays = d.days(e, "the deletion window", deletionWindows)
		},
	},
	{
		"root_statement", "What the account that owns the key gets: a way back in for its root user alone, everything for its IAM policies to delegate, or nothing.",
		"`\"break_glass\"`", oneWord(texts(rootChoices)),
		func(d *decoder, e hcl.Expression, m *Module) { m.RootStatement = oneOf(d, e, rootChoices...) },
	},
	{
		"principal_binding", "How the policy recognizes a role: by its unique ID, so that one made again is locked out, or by its ARN.",
		"`\"unique_id\"`", oneWord(texts(bindings)),
		func(d *decoder, e hcl.Expression, m *Module) { m.PrincipalBinding = oneOf(d, e, bindings...) },
	},
	{
		"protect_from_destroy", "Whether plans that would destroy the key fail.",
		"`false`", form{Type: "boolean"},
		func(d *decoder, e hcl.Expression, m *Module) { m.ProtectFromDestroy = d.boolean(e) },
	},
	{
		"target", "What the module is written for: the engine, and the lowest AWS provider it must take.",
		"any engine, and the lowest provider that has what the module uses", targetForm(), decodeTarget,
	},
	{
		"tags", "Tags of the key.",
		"none", tagsForm(), decodeTags,
	},
	{
		"description", "Description of the key, a single line.",
		"what the preset says", form{Type: "string", MaxLength: maxDescription}, decodeDescription,
	},
	{
		"output", "The module's folder, inside that of the spec.",
		"the module's name", form{Type: "string", MinLength: 1}, decodeOutput,
	},
}

// The words of arguments that have a type of their own.
var (
	managed     = []Manages{ManagesKey, ManagesPolicy, ManagesGrants}
	origins     = []Origin{OriginKMS, OriginExternal, OriginCloudHSM, OriginXKS}
	regionRoles = []MultiRegion{SingleRegion, Primary, Replica, PrimaryWithReplica}
	rootChoices = []RootStatement{BreakGlass, Delegate, NoRoot}
	bindings    = []Binding{ByUniqueID, ByARN}
)
