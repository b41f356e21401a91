package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/templates"
)

// earlier is a module of fixtures/upgrade, as its users call it.
type earlier struct {
	name, folder string
	alias        func(string) map[string]any // as a variable
	users        string                      // the variable that lists them
}

func inList(alias string) map[string]any { return map[string]any{"aliases": []string{alias}} }

func alone(alias string) map[string]any { return map[string]any{"alias": alias} }

var earliers = []earlier{
	{name: "first", folder: "0.1.0/encryption", alias: alone, users: "users"},
	{name: "second", folder: "0.2.0/encryption", alias: inList, users: "users"},
	{name: "storage", folder: "0.2.0/s3", alias: inList, users: "s3_users"},
}

// TestUpgrade brings modules of earlier versions, which are applied, to the present
// one: the plan does nothing to keys and aliases, nobody gains access, and what was
// encrypted before opens.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	h := harness.New(t)
	w := newWorld(t, h)
	options := h.Options(&terraform.Options{TerraformDir: writeEarlier(t, h, w)})
	terraform.InitAndApply(t, options)
	keys := terraform.OutputMap(t, options, "key_arns")
	require.Len(t, keys, len(earliers))
	sealed, policies := map[string][]byte{}, map[string]string{}
	for name, arn := range keys {
		out, err := w.root.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &arn, Plaintext: plaintext})
		require.NoError(t, err)
		sealed[name], policies[name] = out.CiphertextBlob, w.policyOf(t, arn)
	}

	update(t, options.TerraformDir)
	root := rootOf(h, w, inList)
	root["moved"] = map[string]string{ // as UPGRADING.md says
		"from": "module.first.aws_kms_alias.this", "to": `module.first.aws_kms_alias.this["upgrade/first"]`,
	}
	writeRoot(t, options.TerraformDir, root)
	h.AssertPlan(options) // nothing
	terraform.Apply(t, options)

	require.Equal(t, keys, terraform.OutputMap(t, options, "key_arns"))
	for name, arn := range keys {
		got := keypolicy.Compare(parsed(t, policies[name]), parsed(t, w.policyOf(t, arn)), keypolicy.Scope{Account: w.account, ARN: arn})
		require.True(t, got.Relation.NoNewAccess(), "%s: %s: %v", name, got.Relation, got.Widened)
		opened, err := w.root.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed[name]})
		require.NoError(t, err)
		require.Equal(t, plaintext, opened.Plaintext)
		described, err := w.deployer.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("alias/upgrade/" + name)})
		require.NoError(t, err)
		require.Equal(t, arn, aws.ToString(described.KeyMetadata.Arn))
	}
}

// writeEarlier makes a root module with copies of the earlier modules in it, as those
// have it who update them.
func writeEarlier(t *testing.T, h *harness.Harness, w world) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "upgrade")
	folders, err := filepath.Glob("../fixtures/upgrade/*/*")
	require.NoError(t, err)
	require.Len(t, earliers, len(folders), "one for each fixture")
	for _, e := range earliers {
		require.NoError(t, os.CopyFS(filepath.Join(dir, e.name), os.DirFS("../fixtures/upgrade/"+e.folder)))
	}
	writeRoot(t, dir, rootOf(h, w, nil))
	return dir
}

// rootOf calls the modules, with the alias as they take it, or as alias says.
func rootOf(h *harness.Harness, w world, alias func(string) map[string]any) map[string]any {
	calls, arns := map[string]any{}, map[string]string{}
	for _, e := range earliers {
		take := e.alias
		if alias != nil {
			take = alias
		}
		call := take("upgrade/" + e.name)
		call["source"] = "./" + e.name
		call["administrators"] = []string{w.roles["administrator"].RoleARN, h.DeployerARN()}
		call[e.users] = []string{w.roles["user"].RoleARN}
		calls[e.name], arns[e.name] = call, "${module."+e.name+".key_arn}"
	}
	return map[string]any{"module": calls, "output": map[string]any{"key_arns": map[string]any{"value": arns}}}
}

func writeRoot(t *testing.T, dir string, root map[string]any) {
	t.Helper()
	text, err := json.MarshalIndent(root, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.tf.json"), text, 0o600))
}

// update does what keywright update does with each module.
func update(t *testing.T, dir string) {
	t.Helper()
	renderer, err := generator.NewRenderer(templates.FS)
	require.NoError(t, err)
	for _, e := range earliers {
		folder := filepath.Join(dir, e.name)
		module, err := generator.Stamped(folder)
		require.NoError(t, err)
		files, err := renderer.Render(module)
		require.NoError(t, err)
		planned, err := generator.PlanUpdate(folder, files)
		require.NoError(t, err)
		require.NotEmpty(t, planned.Steps)
		require.Empty(t, planned.Conflicts())
		require.NoError(t, planned.Write())
	}
}

func (w *world) policyOf(t *testing.T, key string) string {
	t.Helper()
	out, err := w.root.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: aws.String("default")})
	require.NoError(t, err)
	return aws.ToString(out.Policy)
}

func parsed(t *testing.T, text string) *keypolicy.Policy {
	t.Helper()
	policy, err := keypolicy.Parse("key policy", []byte(text))
	require.NoError(t, err)
	return policy
}
