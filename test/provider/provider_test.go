package provider_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

// roots are the root modules of fixtures/provider.
var roots = map[string]struct {
	// change are variables for a second apply.
	change map[string]any
	// imported is the resource that is imported under the output import_id; ""
	// where the provider can't import any.
	imported string
	// check looks at the key once more, from outside; nil if there is no need.
	check func(*testing.T, *root)
}{
	"alias":       {map[string]any{"target": "second"}, "aws_kms_alias.this", nil},
	"ciphertext":  {map[string]any{"secret": "second"}, "", nil},
	"grant":       {map[string]any{"operations": []string{"Decrypt"}}, "aws_kms_grant.this", twoGrants},
	"key":         {map[string]any{"description": "second", "rotation_days": 365}, "aws_kms_key.this", nil},
	"key_policy":  {map[string]any{"action": "kms:Decrypt"}, "aws_kms_key_policy.this", policyIsChanged},
	"public_key":  {map[string]any{"specs": map[string]any{"RSA_2048": "SIGN_VERIFY"}}, "", nil},
	"replica_key": {map[string]any{"description": "second"}, "aws_kms_replica_key.this", nil},
	"iam":         {map[string]any{"days": 2}, "aws_iam_role.app", nil},
}

// root is an applied root module.
type root struct {
	*harness.Harness
	options *terraform.Options
}

func TestRoots(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../../fixtures/provider/*/main.tf")
	require.NoError(t, err)
	names := make([]string, len(folders))
	for i, folder := range folders {
		names[i] = filepath.Base(filepath.Dir(folder))
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(roots)), "each root module has its row")
	for name, row := range roots {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness.New(t)
			r := &root{h, h.Options(&terraform.Options{TerraformDir: filepath.Join("../../fixtures/provider", name), Vars: map[string]any{}})}
			terraform.InitAndApply(t, r.options)
			r.holds(t)
			maps.Copy(r.options.Vars, row.change)
			terraform.Apply(t, r.options)
			r.holds(t)
			if row.imported != "" {
				r.reimport(t, row.imported)
				r.holds(t)
			}
			if row.check != nil {
				row.check(t, r)
			}
		})
	}
}

// holds requires that the root's claims are true and that nothing is left to do.
func (r *root) holds(t *testing.T) {
	t.Helper()
	var claims map[string]bool
	require.NoError(t, json.Unmarshal([]byte(terraform.OutputJson(t, r.options, "claims")), &claims))
	require.NotEmpty(t, claims)
	for claim, holds := range claims {
		require.True(t, holds, claim)
	}
	r.AssertNoDrift(r.options)
}

// reimport forgets a resource and imports it.
func (r *root) reimport(t *testing.T, address string) {
	t.Helper()
	id := terraform.Output(t, r.options, "import_id")
	terraform.RunTerraformCommand(t, r.options, "state", "rm", address)
	args := append([]string{"import", "-input=false", "-no-color"}, terraform.FormatTerraformVarsAsArgs(r.options.Vars)...)
	terraform.RunTerraformCommand(t, r.options, append(args, address, id)...)
}

// TestEveryResourceHasARoot: what the provider has of KMS is used by some root.
func TestEveryResourceHasARoot(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../../fixtures/provider/*/main.tf")
	require.NoError(t, err)
	var all []byte
	for _, folder := range folders {
		text, err := os.ReadFile(folder)
		require.NoError(t, err)
		all = append(all, text...)
	}
	for _, block := range []string{
		`resource "aws_kms_alias"`, `resource "aws_kms_ciphertext"`, `resource "aws_kms_grant"`, `resource "aws_kms_key"`,
		`resource "aws_kms_key_policy"`, `resource "aws_kms_replica_key"`,
		`data "aws_kms_alias"`, `data "aws_kms_ciphertext"`, `data "aws_kms_key"`, `data "aws_kms_public_key"`, `data "aws_kms_secrets"`,
	} {
		require.Contains(t, string(all), block)
	}
}
