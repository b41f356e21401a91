package test

import (
	"path/filepath"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

// Every module of the catalogue is formatted, validates and passes its own
// native tests; every example validates.
func TestModulesAreSound(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("../modules/kms/*/main.tf")
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, main := range modules {
		dir := filepath.Dir(main)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			options := harness.New(t).Options(&terraform.Options{TerraformDir: dir})
			run(t, options, "fmt", "-check", "-recursive", "-diff")
			run(t, options, "init", "-input=false")
			run(t, options, "validate")
			run(t, options, "test")
		})
		examples, err := filepath.Glob(filepath.Join(dir, "examples", "*"))
		require.NoError(t, err)
		require.NotEmpty(t, examples)
		for _, example := range examples {
			t.Run(filepath.Join(filepath.Base(dir), filepath.Base(example)), func(t *testing.T) {
				t.Parallel()
				options := harness.New(t).Options(&terraform.Options{TerraformDir: example})
				run(t, options, "init", "-input=false")
				run(t, options, "validate")
			})
		}
	}
}

func run(t *testing.T, options *terraform.Options, args ...string) {
	t.Helper()
	_, err := terraform.RunTerraformCommandE(t, options, args...)
	require.NoError(t, err)
}
