package generator

import "slices"

// What a README says that is neither read from the rendered files nor the same
// for all modules.

// summaries say what the module is, by what it manages.
var summaries = map[Manages]string{
	ManagesPolicy: "The key policy of KMS keys that are made elsewhere: as an output, and attached to the keys that you name.",
	ManagesGrants: "Grants on a KMS key that is made elsewhere, each checked before KMS would refuse it.",
}

// Summary is the README's first sentence.
func (v *view) Summary() string {
	m := &v.Module
	if text, ok := summaries[m.Manages]; ok {
		return text
	}
	return "A KMS key for " + string(m.ability()) + " with aliases" + v.rotationText() + " and a key policy that gives each listed role its part and no more."
}

func (v *view) rotationText() string {
	if v.Module.rotates() {
		return ", automatic rotation"
	}
	return ""
}

// note is a section of the README, a template in parts/readme.
type note struct {
	part    string
	applies func(*Module) bool
}

var notes = []note{
	{"unproven", func(m *Module) bool {
		version, _ := m.floor()
		return older("5.100", version)
	}},
	{"policy", func(m *Module) bool { return m.Manages == ManagesPolicy }},
	{"grants", func(m *Module) bool { return m.Manages == ManagesGrants }},
	{"context", func(m *Module) bool { return len(m.EncryptionContext) > 0 }},
	{"asymmetric", func(m *Module) bool {
		return m.Manages != ManagesGrants && slices.Contains([]ability{signs, encryptsAsymmetrically, agrees, encapsulates}, m.ability())
	}},
	{"ed25519", func(m *Module) bool {
		return m.KeyUsage == signVerify && len(m.selectable()) > 1 && slices.Contains(m.selectable(), "ECC_NIST_P256") && !slices.Contains(m.selectable(), "ECC_NIST_EDWARDS25519")
	}},
	{"external", func(m *Module) bool { return m.Manages == ManagesKey && m.imports() }},
	{"store", func(m *Module) bool {
		return m.Manages == ManagesKey && (m.Origin == OriginCloudHSM || m.Origin == OriginXKS)
	}},
	{"primary", func(m *Module) bool { return m.MultiRegion == Primary }},
	{"replica", func(m *Module) bool { return m.MultiRegion == Replica }},
	{"pair", func(m *Module) bool { return m.MultiRegion == PrimaryWithReplica }},
	{"binding", func(m *Module) bool { return m.PrincipalBinding == ByARN }},
	{"eks", func(m *Module) bool { return slices.Contains(m.Services, "eks") }},
}

// Notes are the sections that apply to the module.
func (v *view) Notes() []string {
	var parts []string
	for _, n := range notes {
		if n.applies(&v.Module) {
			parts = append(parts, n.part)
		}
	}
	return parts
}
