package test

import (
	"os"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/probe"
)

func TestQuickstart(t *testing.T) {
	t.Parallel()
	h := harness.New(t)
	app := h.Role("app")
	opts := h.Options(&terraform.Options{
		TerraformDir: "../modules/kms/encryption",
		Vars:         map[string]any{"aliases": []string{"orders"}, "users": []string{app.RoleARN}, "administrators": []string{h.DeployerARN()}},
	})
	terraform.InitAndApply(t, opts)
	key := terraform.Output(t, opts, "key_arn")
	h.AssertRoundTrip(app, key, map[string]string{"tenant": "a"})
	h.AssertAccess(probe.Matrix{Key: key, Rows: []probe.Row{
		{Identity: app, Allow: []probe.Action{probe.Encrypt, probe.Decrypt, probe.ReEncrypt, probe.GenerateDataKey, probe.DescribeKey}},
	}})
}

// The README shows TestQuickstart as it stands above.
func TestReadmeShowsQuickstart(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("quickstart_test.go")
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(source), "func TestQuickstart")
	body, _, found := strings.Cut(after, "\n}\n")
	require.True(t, found)
	require.Contains(t, string(readme), "func TestQuickstart"+body+"\n}\n")
}
