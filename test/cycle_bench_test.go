package test

import (
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"

	"github.com/keywright/keywright/harness"
)

// BenchmarkCycle is what one test of a module costs: init, apply and destroy of
// a key with alias, policy and rotation. Most of it is the provider's own
// polling.
func BenchmarkCycle(b *testing.B) {
	h := harness.New(b)
	app := h.Role("app")
	for b.Loop() {
		options := h.Options(&terraform.Options{
			TerraformDir: "../modules/kms/encryption",
			Vars: map[string]any{
				"aliases":        []string{"bench/cycle"},
				"administrators": []string{h.DeployerARN()},
				"users":          []string{app.RoleARN},
			},
		})
		terraform.InitAndApply(b, options)
		terraform.Destroy(b, options)
	}
}
