package harness_test

import (
	"os"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/runner"
)

const mayUseKeys = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey"],"Resource":"*"}]}`

func TestStart(t *testing.T) {
	t.Parallel()
	h := harness.New(t)
	opts := h.Options(&terraform.Options{TerraformDir: "testdata/key"})
	terraform.InitAndApply(t, opts)
	key, app := terraform.Output(t, opts, "key_arn"), h.Role("app", mayUseKeys)
	h.AssertRoundTrip(app, key, map[string]string{"tenant": "a"})
	h.AssertAudit(probe.Deed{Principal: app.RoleARN, Action: probe.Decrypt, Key: key})
	h.AssertNoDrift(opts)
}

func TestPlanned(t *testing.T) {
	t.Parallel()
	h := harness.New(t)
	opts := h.Options(&terraform.Options{TerraformDir: "testdata/key", Vars: map[string]any{"rotation": true}})
	terraform.Init(t, opts)
	h.AssertPlan(opts, runner.Planned{Address: "aws_kms_key.this", Action: "create", After: map[string]any{
		"enable_key_rotation": true, "deletion_window_in_days": 30, "arn": runner.Unknown,
	}})
}

// The guide shows the tests above as they stand there.
func TestGuideShowsStart(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/harness.md")
	require.NoError(t, err)
	source, err := os.ReadFile("start_test.go")
	require.NoError(t, err)
	for _, name := range []string{"TestStart", "TestPlanned"} {
		_, after, _ := strings.Cut(string(source), "func "+name+"(")
		body, _, found := strings.Cut(after, "\n}\n")
		require.True(t, found)
		require.Contains(t, string(guide), "func "+name+"("+body+"\n}\n")
	}
}
