package test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/hashicorp/go-version"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

// providerVersion is what the suites run with: a module that needs a newer one is
// format-checked alone, and its README says so.
var providerVersion = version.Must(version.NewVersion("5.100.0"))

// Every module of the catalogue is formatted and passes its own native tests;
// every example validates, and with it the module that it calls.
func TestModulesAreSound(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("../modules/kms/*/versions.tf")
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, versions := range modules {
		dir := filepath.Dir(versions)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			options := harness.New(t).Options(&terraform.Options{TerraformDir: dir})
			run(t, options, "fmt", "-check", "-recursive", "-diff")
			if floor := providerFloor(t, versions); floor.GreaterThan(providerVersion) {
				t.Skipf("the module needs provider %s", floor)
			}
			run(t, options, "init", "-input=false")
			run(t, options, "test")
		})
		if providerFloor(t, versions).GreaterThan(providerVersion) {
			continue
		}
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

var floorForm = regexp.MustCompile(`\n +version = ">= ([0-9.]+)"`)

// providerFloor is the lowest provider that a module's versions.tf takes.
func providerFloor(t *testing.T, file string) *version.Version {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	match := floorForm.FindSubmatch(text)
	require.NotNil(t, match, file)
	floor, err := version.NewVersion(string(match[1]))
	require.NoError(t, err)
	return floor
}

func run(t *testing.T, options *terraform.Options, args ...string) {
	t.Helper()
	_, err := terraform.RunTerraformCommandE(t, options, args...)
	require.NoError(t, err)
}
