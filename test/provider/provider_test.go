package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
)

// root is an applied root module.
type root struct {
	*harness.Harness
	options *terraform.Options
}

func open(t *testing.T, dir string, variables map[string]any) *root {
	t.Helper()
	h := harness.New(t)
	return &root{h, h.Options(&terraform.Options{TerraformDir: dir, Vars: variables})}
}

// TestRoots applies, changes, imports and destroys all that can be applied. What
// a root module claims is in its own preconditions, so that an apply fails where
// one does not hold; after each step nothing is left to do.
func TestRoots(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	home := open(t, "testdata/home", map[string]any{
		"trust_anchor": certificate(t),
		"valid_to":     []string{now.AddDate(0, 0, 100).Format(time.RFC3339), now.AddDate(0, 0, 200).Format(time.RFC3339)},
	})
	terraform.InitAndApply(t, home.options)
	// It is destroyed first, as it was opened last.
	abroad := open(t, "testdata/abroad", map[string]any{"primaries": terraform.OutputMap(t, home.options, "primaries")})
	t.Run("home", func(t *testing.T) {
		t.Parallel()
		home.live(t)
		grantIsReplaced(t, home)
		policyIsChanged(t, home)
	})
	t.Run("abroad", func(t *testing.T) {
		t.Parallel()
		terraform.InitAndApply(t, abroad.options)
		abroad.live(t)
	})
}

// live takes an applied root through the rest of its life.
func (r *root) live(t *testing.T) {
	t.Helper()
	r.AssertNoDrift(r.options)
	r.options.Vars["changed"] = true
	terraform.Apply(t, r.options)
	r.reimport(t)
	r.AssertNoDrift(r.options)
}

// reimport forgets what the output imports names, and imports it. The apply notes
// besides what only the configuration knows, such as the deletion window; it must
// not make another.
func (r *root) reimport(t *testing.T) {
	t.Helper()
	ids := terraform.OutputMap(t, r.options, "imports")
	terraform.RunTerraformCommand(t, r.options, append([]string{"state", "rm"}, slices.Sorted(maps.Keys(ids))...)...)
	var blocks strings.Builder
	for address, id := range ids {
		fmt.Fprintf(&blocks, "import {\n  to = %s\n  id = %q\n}\n", address, id)
	}
	require.NoError(t, os.WriteFile(filepath.Join(r.options.TerraformDir, "imports.tf"), []byte(blocks.String()), 0o600))
	require.Contains(t, terraform.Apply(t, r.options), fmt.Sprintf("Resources: %d imported, 0 added, ", len(ids)))
}

// The provider has kept the name of a data source that it removed.
func TestRemovedDataSource(t *testing.T) {
	t.Parallel()
	r := open(t, "../../fixtures/provider/secret", nil)
	_, err := terraform.InitAndPlanE(t, r.options)
	require.ErrorContains(t, err, "aws_kms_secrets")
}

// What the provider has of KMS is in some root module, and each of them is used.
func TestAllIsHere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../fixtures/provider/*/main.tf")
	require.NoError(t, err)
	tested := read(t, "testdata/home/main.tf") + read(t, "testdata/abroad/main.tf") + read(t, "provider_test.go")
	var all string
	for _, file := range files {
		all += read(t, file)
		require.Contains(t, tested, "fixtures/provider/"+filepath.Base(filepath.Dir(file))+`"`)
	}
	for kind, types := range map[string][]string{
		"resource": {"alias", "ciphertext", "custom_key_store", "external_key", "grant", "key", "key_policy", "replica_external_key", "replica_key"},
		"data":     {"alias", "ciphertext", "custom_key_store", "key", "public_key", "secret", "secrets"},
	} {
		for _, name := range types {
			require.Contains(t, all, kind+` "aws_kms_`+name+`"`)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// certificate is a trust anchor of a CloudHSM cluster, in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Now()
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now, NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
