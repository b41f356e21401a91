package adopt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/adopt"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/templates"
)

const (
	account = "111122223333"
	region  = "us-east-1"
)

// given are values of the variables that a module requires and no list of roles is.
var given = map[string]string{
	"aliases":             `["orders/data"]`,
	"custom_key_store_id": `"cks-1234567890abcdef0"`,
	"xks_key_id":          `"xks-1"`,
	"primary_key_arn":     `"arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"`,
	"valid_to":            `"2030-01-01T00:00:00Z"`,
	"key_ids":             `{ orders = "1234abcd-12ab-34cd-56ef-1234567890ab" }`,
}

// shipped are the templates that are shipped.
var shipped = sync.OnceValues(func() (*generator.Renderer, error) { return generator.NewRenderer(templates.FS) })

var variableBlocks = regexp.MustCompile(`(?m)^variable "([a-z_]+)" \{\n  description = "(.*)"`)

// filled passes something for every variable of the module in dir that lists who may
// use the key.
func filled(t *testing.T, dir string) map[string]string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(dir, "variables.tf"))
	require.NoError(t, err)
	values := map[string]string{}
	for _, match := range variableBlocks.FindAllStringSubmatch(string(src), -1) {
		name := match[1]
		switch {
		case given[name] != "":
			values[name] = given[name]
		case strings.HasPrefix(match[2], "ARNs of the IAM roles"):
			values[name] = fmt.Sprintf(`["arn:aws:iam::%[1]s:role/%[2]s", "arn:aws:iam::%[1]s:user/ci/%[2]s"]`, account, name)
		case strings.HasSuffix(name, "_source_services"):
			values[name] = `["events.amazonaws.com"]`
		}
	}
	return values
}

func readFolder(t *testing.T, dir string, variables map[string]string) []adopt.Key {
	t.Helper()
	keys, _, err := adopt.ReadFolder(dir, adopt.Settings{Account: account, Region: region, Variables: variables})
	require.NoError(t, err)
	return keys
}

// renderedAgain writes the module of the spec that was adopted, and reads it as it
// is called with the arguments.
func renderedAgain(t *testing.T, k adopt.Key) adopt.Key {
	t.Helper()
	text, err := generator.FormatSpec(k.Module, k.Notes)
	require.NoError(t, err)
	spec, err := generator.ParseSpec("keywright.hcl", text)
	require.NoError(t, err, string(text))
	r, err := shipped()
	require.NoError(t, err)
	files, err := r.Render(spec.Modules[0])
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "again")
	_, err = generator.Write(dir, files)
	require.NoError(t, err)
	return readFolder(t, dir, k.Arguments)[0]
}

func parsed(t *testing.T, text string) *keypolicy.Policy {
	t.Helper()
	p, err := keypolicy.Parse("policy", []byte(text))
	require.NoError(t, err)
	return p
}

// written renders a module of these arguments into a folder.
func written(t *testing.T, arguments string) string {
	t.Helper()
	spec, err := generator.ParseSpec("keywright.hcl", []byte("module \"orders\" {\n"+arguments+"\n}\n"))
	require.NoError(t, err)
	r, err := shipped()
	require.NoError(t, err)
	files, err := r.Render(spec.Modules[0])
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "orders")
	_, err = generator.Write(dir, files)
	require.NoError(t, err)
	return dir
}

// TestRoundTrip adopts a module of every preset and of other parts, with all lists
// filled: the spec that comes of it makes a policy that allows the same, and nothing
// remains.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	modules := map[string]string{
		"by ARN":              "preset = \"encryption\"\nprincipal_binding = \"arn\"\nservices = [\"s3\", \"logs\", \"ebs\"]",
		"by ARN and context":  "preset = \"application-data\"\nprincipal_binding = \"arn\"\nencryption_context = [\"tenant\", \"table\"]",
		"delegating":          "preset = \"encryption\"\nroot_statement = \"delegate\"\nroles = { encrypt = [], decrypt = [], read = [] }",
		"without the account": "preset = \"hmac\"\nroot_statement = \"none\"",
		"all services":        `services = ["backup", "cloudtrail", "dynamodb", "ebs", "efs", "eks", "kinesis", "lambda", "logs", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm"]`,
		"of a week":           "preset = \"encryption\"\ndeletion_window_in_days = 7",
	}
	for _, p := range generator.Presets() {
		modules[p.Name] = fmt.Sprintf("preset = %q", p.Name)
	}
	delete(modules, "grants") // has no policy
	for name, arguments := range modules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := written(t, arguments)
			keys := readFolder(t, dir, filled(t, dir))
			require.Len(t, keys, 1+map[bool]int{true: 1}[name == "multi-region"])
			for _, k := range keys {
				require.Nil(t, k.Remaining, "%q", k.Notes)
				again := renderedAgain(t, k)
				same := keypolicy.Compare(parsed(t, k.Policy), parsed(t, again.Policy), keypolicy.Scope{Account: account})
				want := keypolicy.Equal
				if name == "multi-region" && k.Module.MultiRegion == generator.Replica {
					want = keypolicy.Narrower // by what nobody can do to a replica, and that is told
				}
				require.Equal(t, want, same.Relation, "%+v\n%s\n%s", same, k.Policy, again.Policy)
				require.Equal(t, want == keypolicy.Narrower, contains(k.Notes, "no longer does: kms:DisableKeyRotation, kms:EnableKeyRotation, kms:ListKeyRotations, kms:ReplicateKey, kms:RotateKeyOnDemand"))
				require.Equal(t, k.Module.Services, again.Module.Services)
				require.Equal(t, k.Module.DeletionWindowInDays, again.Module.DeletionWindowInDays)
			}
		})
	}
}
