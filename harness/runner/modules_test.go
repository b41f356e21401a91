package runner_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
)

func TestMode(t *testing.T) {
	t.Parallel()
	const child = `resource "aws_kms_key" "this" {}`
	tests := []struct {
		name    string
		files   map[string]string // the root is in "root"
		environ map[string]string
		want    runner.Mode
		why     string
	}{
		{name: "no provider block", files: map[string]string{"root/main.tf": child}, want: runner.Shared, why: "does not configure"},
		{name: "a block", files: map[string]string{"root/main.tf": `provider "aws" { region = "eu-west-1" }`}, want: runner.Own, why: "it configures the provider"},
		{name: "another provider's block", files: map[string]string{"root/main.tf": `provider "random" {}`}, want: runner.Shared, why: "does not configure"},
		{name: "AWS variables", files: map[string]string{"root/main.tf": child}, environ: map[string]string{"AWS_REGION": "eu-west-1"}, want: runner.Own, why: "AWS_ variables"},
		{name: "other variables", files: map[string]string{"root/main.tf": child}, environ: map[string]string{"TF_VAR_a": "b"}, want: runner.Shared, why: "does not configure"},
		{name: "an alias", files: map[string]string{"root/main.tf": `provider "aws" { alias = "eu" }`}, want: runner.Managed, why: "aliased configuration of the provider, aws.eu"},
		{name: "an alias under another local name", files: map[string]string{"root/main.tf": `
terraform {
  required_providers {
    cloud = { source = "registry.opentofu.org/hashicorp/aws" }
  }
}
provider "cloud" {
  alias = "eu"
}`}, want: runner.Managed, why: "cloud.eu"},
		{name: "aws that is not AWS", files: map[string]string{"root/main.tf": `
terraform {
  required_providers {
    aws = { source = "example.com/other/aws" }
  }
}
provider "aws" {
  alias = "eu"
}`}, want: runner.Shared, why: "does not configure"},
		{name: "one block in the root, one in a module", files: map[string]string{
			"root/main.tf":  "provider \"aws\" {}\nmodule \"m\" { source = \"../child\" }",
			"child/main.tf": `provider "aws" {}`,
		}, want: runner.Managed, why: "configures the provider 2 times"},
		{name: "an alias in a module's module", files: map[string]string{
			"root/main.tf":         `module "m" { source = "../child" }`,
			"child/main.tf":        `module "n" { source = "./nested" }`,
			"child/nested/main.tf": `provider "aws" { alias = "eu" }`,
		}, want: runner.Managed, why: "aws.eu"},
		{name: "a block in a native test", files: map[string]string{
			"root/main.tf": child, "root/tests/a.tftest.hcl": "provider \"aws\" {\n  region = \"eu-west-1\"\n}\nrun \"a\" {\n}",
		}, want: runner.Own, why: "it configures the provider"},
		{name: "an alias in a native test", files: map[string]string{
			"root/main.tf": child, "root/a.tofutest.hcl": "provider \"aws\" {\n  alias = \"eu\"\n}",
		}, want: runner.Managed, why: "aws.eu"},
		{name: "a mock in a native test", files: map[string]string{
			"root/main.tf": child, "root/tests/a.tftest.hcl": "mock_provider \"aws\" {}",
		}, want: runner.Shared, why: "does not configure"},
		{name: "a native test that does not parse", files: map[string]string{
			"root/main.tf": child, "root/tests/a.tftest.hcl": "run {",
		}, want: runner.Managed, why: "can't be read"},
		{name: "modules that call each other", files: map[string]string{
			"root/main.tf":  `module "m" { source = "../child" }`,
			"child/main.tf": `module "n" { source = "../root" }`,
		}, want: runner.Shared, why: "does not configure"},
		{name: "a module from elsewhere", files: map[string]string{
			"root/main.tf": `module "m" { source = "terraform-aws-modules/kms/aws" }`,
		}, want: runner.Managed, why: `module "m" comes from terraform-aws-modules/kms/aws`},
		{name: "a root that does not parse", files: map[string]string{"root/main.tf": `resource "a" {`}, want: runner.Managed, why: "can't be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := filepath.Join(writeTree(t, tt.files), "root")
			w, err := newBench(t).start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: root, Environ: tt.environ})
			require.NoError(t, err)
			require.Equal(t, tt.want, w.Mode)
			require.Contains(t, w.Why, tt.why)
			reattach, err := os.ReadFile(filepath.Join(filepath.Dir(w.Engine), "env"))
			require.NoError(t, err)
			require.Equal(t, tt.want != runner.Managed, strings.Contains(string(reattach), "TF_REATTACH_PROVIDERS"))
		})
	}
}

func TestNoRoot(t *testing.T) {
	t.Parallel()
	run := newBench(t).start()
	for _, dir := range []string{t.TempDir(), "does/not/exist"} {
		_, err := run.NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: dir})
		require.ErrorContains(t, err, "no such folder, or no .tf file in it")
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	from := writeTree(t, map[string]string{
		"fixtures/app/main.tf":                  `module "key" { source = "../../modules/key" }`,
		"fixtures/app/policies/p.json":          "{}",
		"fixtures/app/.terraform.lock.hcl":      "",
		"fixtures/app/.terraform/modules/x.tf":  "",
		"fixtures/app/.git/HEAD":                "",
		"fixtures/app/terraform.tfstate":        "{}",
		"fixtures/app/terraform.tfstate.backup": "{}",
		"fixtures/app/prod.tfstate":             "{}",
		"fixtures/app/a.tfvars":                 "",
		"fixtures/other/main.tf":                "",
		"modules/key/main.tf":                   `module "sub" { source = "./sub" }`,
		"modules/key/sub/main.tf":               "",
		"shared.json":                           "shared",
	})
	require.NoError(t, os.Symlink("../../shared.json", filepath.Join(from, "fixtures/app/link.json")))
	w, err := newBench(t).start().NewWorkspace(t.Context(), runner.WorkspaceConfig{Dir: filepath.Join(from, "fixtures/app")})
	require.NoError(t, err)

	base := filepath.Dir(filepath.Dir(w.Dir))
	var got []string
	require.NoError(t, filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(base, path)
			got = append(got, rel)
		}
		return err
	}))
	want := []string{
		"fixtures/app/.terraform.lock.hcl", "fixtures/app/a.tfvars", "fixtures/app/link.json", "fixtures/app/main.tf",
		"fixtures/app/policies/p.json", "modules/key/main.tf", "modules/key/sub/main.tf",
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("copied (-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(filepath.Join(w.Dir, "link.json"))
	require.NoError(t, err)
	require.Equal(t, "shared", string(data), "a link still leads to its file")
}
