package test

import (
	"maps"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKeySpecs asks a key of every spec that a module can be told, beside the one that
// it has by itself, for what it is for: with all of its algorithms, checked outside of
// KMS too.
func TestKeySpecs(t *testing.T) {
	t.Parallel()
	var told []preset
	for _, p := range presets {
		for _, spec := range otherSpecs(t, p) {
			of := p
			of.name, of.module, of.vars = p.name+"-"+spec, p.name, maps.Clone(p.vars)
			if of.vars == nil {
				of.vars = map[string]any{}
			}
			of.vars["key_spec"] = spec
			told = append(told, of)
		}
	}
	require.NotEmpty(t, told)
	c := newCatalogue(t, told)
	c.apply(t)
	c.ask(t, "applied", c.keys(), []promise{
		{"Spec", all, func(t *testing.T, k *key) { require.EqualValues(t, k.preset.vars["key_spec"], k.metadata(t).KeySpec) }},
		{"RoundTrip", is(rsaEncryption), roundTrip},
		{"SealedOutside", is(rsaEncryption), sealedOutside},
		{"Signature", is(signing), signature},
		{"MAC", is(mac), macs},
		{"KeyAgreement", is(agreement), keyAgreement},
	})
}

var (
	specVariable = regexp.MustCompile(`(?s)variable "key_spec" \{.*?default +=\s+"(\w+)".*?contains\(\[(.*?)\], var\.key_spec\)`)
	specName     = regexp.MustCompile(`\w+`)
)

// otherSpecs are those that the preset's module can be told besides its own; nil for a
// module of one spec.
func otherSpecs(t *testing.T, p preset) []string {
	t.Helper()
	source, err := os.ReadFile(p.folder() + "/variables.tf")
	require.NoError(t, err)
	found := specVariable.FindSubmatch(source)
	if found == nil {
		require.NotContains(t, string(source), `"key_spec"`)
		return nil
	}
	var others []string
	for _, spec := range specName.FindAllString(string(found[2]), -1) {
		if spec != string(found[1]) {
			others = append(others, spec)
		}
	}
	return others
}
