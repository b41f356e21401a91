package adopt_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/adopt"
)

// configuration writes files and returns their folder.
func configuration(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

const useActions = `["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]`

// TestConfigurations: what is written in the ways of the field comes to the same key.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	roles := map[generator.Verb][]string{generator.Use: {app}}
	inline := `policy = jsonencode({ Statement = [{ Sid = "Use", Effect = "Allow", Principal = { AWS = "` + app + `" }, Action = ` + useActions + `, Resource = "*" }] })`
	document := func(principals string) string {
		return "data \"aws_iam_policy_document\" \"key\" {\n  statement {\n    sid = \"Use\"\n    actions = " + useActions + "\n    resources = [\"*\"]\n    principals {\n      type = \"AWS\"\n      identifiers = " + principals + "\n    }\n  }\n}\n"
	}
	const byDocument = `policy = data.aws_iam_policy_document.key.json`
	key := func(arguments string) string { return "resource \"aws_kms_key\" \"orders\" {\n" + arguments + "\n}\n" }
	for _, test := range []struct {
		name  string
		files map[string]string
	}{
		{"jsonencode", map[string]string{"main.tf": key(inline)}},
		{"a heredoc", map[string]string{"main.tf": key("policy = <<EOT\n{\"Statement\": [{\"Sid\": \"Use\", \"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"${var.role}\"}, \"Action\": "+useActions+", \"Resource\": \"*\"}]}\nEOT") + "variable \"role\" {\n  default = \"" + app + "\"\n}\n"}},
		{"a file", map[string]string{"main.tf": key("policy = file(\"${path.module}/policy.json\")"), "policy.json": `{"Statement": {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": "` + app + `"}, "Action": ` + useActions + `, "Resource": "*"}}`}},
		{"a template", map[string]string{"main.tf": key("policy = templatefile(\"${path.module}/policy.tftpl\", { role = \"" + app + "\" })"), "policy.tftpl": `{"Statement": {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": "${role}"}, "Action": ` + useActions + `, "Resource": "*"}}`}},
		{"a policy document", map[string]string{"main.tf": key(byDocument) + document(`["`+app+`"]`)}},
		{"a role of the configuration", map[string]string{"main.tf": key(byDocument) + document(`[aws_iam_role.app.arn]`) + "resource \"aws_iam_role\" \"app\" {\n  name = local.name\n}\nlocals {\n  name = \"app\"\n}\n"}},
		{"the account it runs in", map[string]string{"main.tf": key(byDocument) + document(`["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/app"]`) + "data \"aws_partition\" \"current\" {}\ndata \"aws_caller_identity\" \"current\" {}\n"}},
		{"dynamic blocks", map[string]string{"main.tf": key(byDocument) + `
data "aws_iam_policy_document" "key" {
  dynamic "statement" {
    for_each = var.roles
    content {
      sid       = statement.key
      actions   = ` + useActions + `
      resources = ["*"]
      dynamic "principals" {
        for_each = statement.value
        content {
          type        = "AWS"
          identifiers = [principals.value]
        }
      }
    }
  }
}
variable "roles" {
  type    = map(list(string))
  default = { Use = ["` + app + `"] }
}
`}},
		{"documents in a document", map[string]string{"main.tf": key("policy = data.aws_iam_policy_document.all.json") + document(`["`+app+`"]`) + "data \"aws_iam_policy_document\" \"all\" {\n  source_policy_documents = [data.aws_iam_policy_document.key.json]\n}\n"}},
		{"a statement put in the place of another", map[string]string{"main.tf": key("policy = data.aws_iam_policy_document.all.json") + document(`["`+app+`"]`) + "data \"aws_iam_policy_document\" \"all\" {\n  statement {\n    sid = \"Use\"\n    actions = [\"kms:*\"]\n    resources = [\"*\"]\n  }\n  override_policy_documents = [data.aws_iam_policy_document.key.json]\n}\n"}},
		{"a policy of its own", map[string]string{"main.tf": key("") + "resource \"aws_kms_key_policy\" \"orders\" {\n  key_id = aws_kms_key.orders.id\n  " + inline + "\n}\n"}},
		{"counted", map[string]string{"main.tf": key("count = var.create ? 1 : 0\n"+inline) + "variable \"create\" {\n  type = bool\n  default = true\n}\n"}},
		{"for each", map[string]string{"main.tf": key("for_each = toset([\"a\"])\n  " + inline)}},
		{"a module", map[string]string{
			"main.tf":     "module \"orders\" {\n  source = \"./key\"\n  role = \"" + app + "\"\n}\n",
			"key/main.tf": key(byDocument) + document("[var.role]") + "variable \"role\" {}\n",
		}},
		{"another module's output", map[string]string{
			"main.tf":      key(byDocument) + document("[module.role.arn]") + "module \"role\" {\n  source = \"./role\"\n}\n",
			"role/main.tf": "output \"arn\" {\n  value = aws_iam_role.app.arn\n}\nresource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n}\n",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			keys := readFolder(t, configuration(t, test.files), nil)
			require.Len(t, keys, 1)
			require.Empty(t, cmp.Diff(roles, keys[0].Module.Roles), "%q", keys[0].Notes)
			require.Nil(t, keys[0].Remaining)
			require.Empty(t, keys[0].ID)
			require.Equal(t, "aws_kms_key.this", keys[0].Moves[0].To)
		})
	}
}

// TestConfigurationSettings: what the resources around a key say.
func TestConfigurationSettings(t *testing.T) {
	t.Parallel()
	dir := configuration(t, map[string]string{"main.tf": `
provider "aws" {
  region = var.region
}
provider "aws" {
  alias  = "other"
  region = "us-east-1"
}
resource "aws_kms_key" "orders" {
  description             = "Orders of ${upper(var.stage)}"
  deletion_window_in_days = var.days
  enable_key_rotation     = true
  tags                    = merge(local.tags, { name = "orders" })
  policy = jsonencode({ Statement = [{
    Effect    = "Allow", Principal = { Service = "logs.${data.aws_region.current.name}.amazonaws.com" }, Resource = "*"
    Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
    Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-west-1:111122223333:log-group:*" } }
  }] })
}
resource "aws_kms_alias" "orders" {
  for_each      = toset(["orders/data", "orders/log"])
  name          = "alias/${each.value}"
  target_key_id = aws_kms_key.orders.key_id
}
data "aws_region" "current" {}
locals {
  tags = { stage = var.stage }
}
variable "region" {
  default = "eu-west-1"
}
variable "stage" {}
variable "days" {
  type    = number
  default = 7
}
`})
	keys, notes, err := adopt.ReadFolder(dir, adopt.Settings{Account: account, Variables: map[string]string{"stage": "test"}})
	require.NoError(t, err)
	require.Empty(t, notes)
	m := keys[0].Module
	require.Equal(t, "Orders of TEST", m.Description)
	require.Equal(t, 7, m.DeletionWindowInDays)
	require.Equal(t, map[string]string{"name": "orders", "stage": "test"}, m.Tags)
	require.Equal(t, []string{"orders/data", "orders/log"}, m.Aliases)
	require.Equal(t, []string{"logs"}, m.Services)
	require.Empty(t, keys[0].Arguments, "all log groups of the Region are what holds without")
	require.Equal(t, []adopt.Move{
		{From: "aws_kms_key.orders", To: "aws_kms_key.this"},
		{From: `aws_kms_alias.orders["orders/data"]`, To: `aws_kms_alias.this["orders/data"]`},
		{From: `aws_kms_alias.orders["orders/log"]`, To: `aws_kms_alias.this["orders/log"]`},
	}, keys[0].Moves)
}

// TestConfigurationUnknown: what is not known is told, with what would tell it.
func TestConfigurationUnknown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, main, note string }{
		{"a variable", "resource \"aws_kms_key\" \"orders\" {\n  description = var.text\n}\nvariable \"text\" {}\n", "description of aws_kms_key.orders is not known: var.text has no value: give it one with --var"},
		{"the account", "resource \"aws_kms_key\" \"orders\" {\n  policy = \"${data.aws_caller_identity.current.account_id}\"\n}\ndata \"aws_caller_identity\" \"current\" {}\n", "policy of aws_kms_key.orders is not known: the configuration asks where it runs: give --account"},
		{"the Region", "resource \"aws_kms_key\" \"orders\" {\n  description = data.aws_region.current.id\n}\ndata \"aws_region\" \"current\" {}\n", "give --region"},
		{"a data source", "resource \"aws_kms_key\" \"orders\" {\n  description = data.aws_ssm_parameter.text.value\n}\ndata \"aws_ssm_parameter\" \"text\" {}\n", "data.aws_ssm_parameter.text is known only when it is read"},
		{"a function", "resource \"aws_kms_key\" \"orders\" {\n  description = uuid()\n}\n", "There is no function named"},
		{"a count", "resource \"aws_kms_key\" \"orders\" {\n  count = var.n\n}\nvariable \"n\" {}\n", "how many of aws_kms_key.orders there are is not known: var.n has no value"},
		{"a circle", "resource \"aws_kms_key\" \"orders\" {\n  description = local.a\n}\nlocals {\n  a = local.b\n  b = local.a\n}\n", "local.a depends on itself"},
		{"nothing of the name", "resource \"aws_kms_key\" \"orders\" {\n  description = local.nothing\n}\n", "local.nothing is not in the configuration"},
		{"a variable of another type", "resource \"aws_kms_key\" \"orders\" {\n  deletion_window_in_days = var.days\n}\nvariable \"days\" {\n  type = number\n  default = \"a week\"\n}\n", "var.days is no number"},
		{"aliases", "resource \"aws_kms_key\" \"orders\" {}\nresource \"aws_kms_alias\" \"a\" {\n  name = \"alias/${var.text}\"\n  target_key_id = aws_kms_key.orders.id\n}\nvariable \"text\" {}\n", "name of aws_kms_alias.a is not known"},
		{"an alias with a prefix alone", "resource \"aws_kms_key\" \"orders\" {}\nresource \"aws_kms_alias\" \"a\" {\n  name_prefix = \"alias/a-\"\n  target_key_id = aws_kms_key.orders.id\n}\n", "pass the name of aws_kms_alias.a, and the key's other aliases, in aliases"},
		{"a grant", "resource \"aws_kms_key\" \"orders\" {}\nresource \"aws_kms_grant\" \"a\" {\n  key_id = aws_kms_key.orders.id\n}\n", "aws_kms_grant.a stays as it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			keys, _, err := adopt.ReadFolder(configuration(t, map[string]string{"main.tf": test.main}), adopt.Settings{})
			require.NoError(t, err)
			require.True(t, contains(keys[0].Notes, test.note), "%q", keys[0].Notes)
			if strings.Contains(test.name, "alias") {
				require.Nil(t, keys[0].Module.Aliases)
			}
		})
	}
}

// TestConfigurationKinds: what kind of key it is, where resources leave it to their
// defaults or to another one.
func TestConfigurationKinds(t *testing.T) {
	t.Parallel()
	keys := readFolder(t, configuration(t, map[string]string{"main.tf": `
resource "aws_kms_key" "rsa" {
  customer_master_key_spec = "RSA_4096"
}
resource "aws_kms_key" "signs" {
  count                    = 2
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  multi_region             = true
}
resource "aws_kms_replica_key" "elsewhere" {
  primary_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"
}
resource "aws_kms_replica_key" "signs" {
  primary_key_arn = aws_kms_key.signs[1].arn
}
`}), nil)
	const taken = "taken for a symmetric encryption key"
	kinds, primaries := map[string][2]string{}, map[string]string{}
	for _, k := range keys {
		kinds[k.Address] = [2]string{k.Module.KeySpec, k.Module.KeyUsage}
		require.Equal(t, k.Address == "aws_kms_replica_key.elsewhere", contains(k.Notes, taken), "%q", k.Notes)
		if primary, ok := k.Arguments["primary_key_arn"]; ok {
			primaries[k.Address] = primary
		}
	}
	require.Equal(t, map[string][2]string{
		"aws_kms_key.rsa":               {"RSA_4096", "ENCRYPT_DECRYPT"},
		"aws_kms_key.signs[0]":          {"ECC_NIST_P256", "SIGN_VERIFY"},
		"aws_kms_key.signs[1]":          {"ECC_NIST_P256", "SIGN_VERIFY"},
		"aws_kms_replica_key.elsewhere": {"SYMMETRIC_DEFAULT", ""},
		"aws_kms_replica_key.signs":     {"ECC_NIST_P256", "SIGN_VERIFY"},
	}, kinds)
	require.Equal(t, map[string]string{
		"aws_kms_replica_key.elsewhere": `"arn:aws:kms:eu-west-1:111122223333:key/mrk-1"`,
		"aws_kms_replica_key.signs":     "module.signs-2.key_arn",
	}, primaries)
}

func TestReadFolderRefuses(t *testing.T) {
	t.Parallel()
	_, _, err := adopt.ReadFolder(t.TempDir(), adopt.Settings{})
	require.ErrorContains(t, err, "holds no .tf file")
	_, _, err = adopt.ReadFolder(configuration(t, map[string]string{"a.tf": "resource {", "b.tf": "locals {}"}), adopt.Settings{})
	require.ErrorContains(t, err, "a.tf:1,")
	_, _, err = adopt.ReadFolder(configuration(t, map[string]string{"a.tf": "module \"m\" {\n  source = \"./missing\"\n}\n"}), adopt.Settings{})
	require.ErrorContains(t, err, "reading module.m: folder ")

	_, notes, err := adopt.ReadFolder(configuration(t, map[string]string{"a.tf": "module \"m\" {\n  source = \"terraform-aws-modules/kms/aws\"\n}\n"}), adopt.Settings{})
	require.ErrorContains(t, err, "it holds no KMS key")
	require.Equal(t, []string{`module.m is from "terraform-aws-modules/kms/aws", which is not read: adopt its keys from a state or a plan`}, notes)
}

// TestUnreadFiles: what an engine would read besides is told, file by file.
func TestUnreadFiles(t *testing.T) {
	t.Parallel()
	key := "resource \"aws_kms_key\" \"orders\" {\n  description = \"orders\"\n}\n"
	for _, name := range []string{"more.tf.json", "main.tofu", "override.tf", "key_override.tf"} {
		dir := configuration(t, map[string]string{"main.tf": key, name: `{"resource": {}}`})
		keys, notes, err := adopt.ReadFolder(dir, adopt.Settings{Account: account})
		require.NoError(t, err, name)
		require.Len(t, keys, 1)
		require.Equal(t, []string{filepath.Join(dir, name) + " is not read: adopt its keys from a state or a plan"}, notes)
	}
	_, notes, err := adopt.ReadFolder(configuration(t, map[string]string{"main.tf": key, "overrides.tf": "locals {}\n", "more.json": "{}"}), adopt.Settings{Account: account})
	require.NoError(t, err)
	require.Empty(t, notes)
}

// TestPolicyAlone: the policy of a key that is made elsewhere.
func TestPolicyAlone(t *testing.T) {
	t.Parallel()
	k := readFolder(t, configuration(t, map[string]string{"main.tf": "resource \"aws_kms_key_policy\" \"orders\" {\n  key_id = \"1234\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Principal = { AWS = \"" + app + "\" }, Action = " + useActions + ", Resource = \"*\" }] })\n}\n"}), nil)[0]
	require.Equal(t, generator.ManagesPolicy, k.Module.Manages)
	require.Equal(t, map[generator.Verb][]string{generator.Use: {app}}, k.Module.Roles)
	require.Equal(t, []string{"key_ids"}, slices.Collect(maps.Keys(k.Arguments)))
	require.Equal(t, []adopt.Move{{From: "aws_kms_key_policy.orders", To: `aws_kms_key_policy.this["orders"]`}}, k.Moves)
}

// FuzzReadFolder: whatever a configuration says, it is read or refused, and each key
// is a module that can be written as a spec.
func FuzzReadFolder(f *testing.F) {
	for _, preset := range []string{"encryption", "s3", "policy", "external"} {
		text := ""
		for _, name := range []string{"main.tf", "policy.tf", "variables.tf"} {
			src, err := os.ReadFile(filepath.Join("..", "..", "modules", "kms", preset, name))
			require.NoError(f, err)
			text += string(src)
		}
		f.Add(text)
	}
	f.Add("resource \"aws_kms_key\" \"a\" {\n  for_each = { a = var.b }\n  policy = data.aws_iam_policy_document.b[0].json\n}\nvariable \"b\" {\n  type = list(any)\n}\ndata \"aws_iam_policy_document\" \"b\" {\n  count = 2\n  dynamic \"statement\" {\n    for_each = [1]\n    content {\n      actions = [each.key]\n    }\n  }\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		keys, _, err := adopt.ReadFolder(configuration(t, map[string]string{"main.tf": text}), adopt.Settings{Account: account, Region: region})
		if err != nil {
			return
		}
		for _, k := range keys {
			_, err := generator.FormatSpec(k.Module, k.Notes)
			require.NoError(t, err)
		}
	})
}
