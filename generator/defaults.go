package generator

import (
	"cmp"
	"maps"
	"slices"
)

// fill completes the parts from the preset, and then with defaults.
func (m *Module) fill() {
	p, _ := lookUpPreset(m.Preset)
	d := p.parts
	m.Manages = cmp.Or(m.Manages, d.Manages, ManagesKey)
	m.fillKey(d)
	m.Services = union(m.Services, d.Services)
	m.EncryptionContext = either(m.EncryptionContext, d.EncryptionContext)
	m.Target.Engine = cmp.Or(m.Target.Engine, "any")
	if m.Manages == ManagesGrants {
		return
	}
	roles := maps.Clone(d.Roles)
	if roles == nil {
		roles = verbsOf(Administer)
	}
	maps.Copy(roles, m.Roles)
	if _, has := roles[Administer]; !has {
		roles[Administer] = nil
	}
	m.Roles = roles
	m.RootStatement = cmp.Or(m.RootStatement, BreakGlass)
	m.PrincipalBinding = cmp.Or(m.PrincipalBinding, ByUniqueID)
	m.DeletionWindowInDays = cmp.Or(m.DeletionWindowInDays, defaultDeletionWindowInDays)
	if m.rotates() {
		m.RotationPeriodInDays = cmp.Or(m.RotationPeriodInDays, defaultRotationPeriodInDays)
	}
	if m.Manages == ManagesKey {
		m.Description = cmp.Or(m.Description, d.Description, "Key for "+string(m.ability()))
	}
}

// fillKey completes what kind of key it is. The usage follows from the spec where
// that has one alone, or where the preset's is among those it has.
func (m *Module) fillKey(d Module) {
	if m.KeySpec == "" && len(m.Services) > 0 && m.Preset == "" {
		m.KeySpec = services[m.Services[0]].spec
		m.KeyUsage = cmp.Or(m.KeyUsage, services[m.Services[0]].usage)
	}
	m.KeySpec = cmp.Or(m.KeySpec, d.KeySpec, symmetricDefault)
	if s, ok := lookUpSpec(m.KeySpec); ok && m.KeyUsage == "" {
		switch {
		case slices.Contains(s.usages, d.KeyUsage):
			m.KeyUsage = d.KeyUsage
		case len(s.usages) == 1 && d.KeyUsage == "":
			m.KeyUsage = s.usages[0]
		default:
			m.KeyUsage = d.KeyUsage
		}
	}
	m.Origin = cmp.Or(m.Origin, d.Origin, OriginKMS)
	m.KeyMaterialExpires = m.KeyMaterialExpires || d.KeyMaterialExpires
	m.MultiRegion = cmp.Or(m.MultiRegion, d.MultiRegion, SingleRegion)
}

// either returns the first list that holds something.
func either(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return slices.Clone(b)
}
