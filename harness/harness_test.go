package harness_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/runner"
)

// policy lets the deployer administer the key, and app encrypt and decrypt.
const policy = `{"Version":"2012-10-17","Statement":[
	{"Sid":"Admin","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/` + backend.DeployerRole + `"},"Action":[
		"kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Disable*","kms:Get*",
		"kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion"],"Resource":"*"},
	{"Sid":"App","Effect":"Allow","Principal":{"AWS":"%s"},"Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey"],"Resource":"*"}]}`

// TestAsserts applies one key and makes every assertion twice: where it holds,
// and where one thing differs.
func TestAsserts(t *testing.T) {
	t.Parallel()
	rec := &recorder{TB: t}
	holds := func(claim string) { t.Helper(); require.Empty(t, rec.taken(), claim) }
	broken := func(parts ...string) {
		t.Helper()
		got := fmt.Sprint(rec.taken())
		for _, part := range parts {
			require.Contains(t, got, part)
		}
	}
	rec.run(func(rec *recorder) {
		h := harness.New(rec)
		app, stranger := h.Role("app"), h.Role("stranger")
		opts := h.Options(&terraform.Options{
			TerraformDir: "testdata/key",
			Vars:         map[string]any{"policy": fmt.Sprintf(policy, app.RoleARN), "description": "made by a test"},
		})
		terraform.InitAndApply(t, opts)
		key := terraform.Output(t, opts, "key_arn")

		h.AssertRoundTrip(app, key, map[string]string{"tenant": "a"})
		holds("round trip")
		h.AssertRoundTrip(stranger, key, nil)
		broken("round trip as stranger-", "AccessDenied")

		encryptAs := func(ctx context.Context, c *kms.Client) error {
			_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
			return err
		}
		require.NotEmpty(t, h.AssertRefused(stranger, encryptAs))
		holds("refusal")
		h.AssertRefused(app, encryptAs)
		broken("was allowed", `statement "App"`)

		again := h.Assume(app.RoleARN)
		require.NotEqual(t, app.ARN, again.ARN, "a session of its own")
		h.AssertRoundTrip(again, key, nil)
		holds("round trip as a role that was there")
		h.AssertRoundTrip(h.Assume(stranger.RoleARN), key, nil)
		broken("AccessDenied")
		rec.do(func() { h.Assume(app.RoleARN + "-else") })
		broken("assuming role "+app.RoleARN+"-else", "AccessDenied")

		may := []probe.Action{probe.Encrypt, probe.Decrypt, probe.GenerateDataKey}
		h.AssertAccess(probe.Matrix{Key: key, Rows: []probe.Row{{Identity: app, Allow: may}, {Identity: stranger, Stranger: true}}})
		holds("access")
		h.AssertAccess(probe.Matrix{Key: key, Rows: []probe.Row{{Identity: app, Allow: may[:2]}}})
		broken("GenerateDataKey: want denied, got allowed", `statement "App"`)
		h.AssertAccess(probe.Matrix{Key: key})
		broken("it has no rows")

		h.AssertNoDrift(opts)
		holds("no drift")
		_, err := h.KMS().UpdateKeyDescription(rec.Context(), &kms.UpdateKeyDescriptionInput{KeyId: &key, Description: aws.String("changed by hand")})
		require.NoError(t, err)
		h.AssertNoDrift(opts)
		broken(`aws_kms_key.this: update: description: "changed by hand" -> "made by a test"`)
		h.AssertNoDrift(&terraform.Options{TerraformDir: "testdata/key"})
		broken("not from this harness's Options")

		update := runner.Planned{Address: "aws_kms_key.this", Action: "update", After: map[string]any{"description": "made by a test"}}
		h.AssertPlan(opts, update)
		holds("plan")
		h.AssertPlan(opts)
		broken("plan: aws_kms_key.this: update, which is not expected")
		update.After = map[string]any{"description": "another"}
		h.AssertPlan(opts, update)
		broken(`description: want "another", got "made by a test"`)

		deed := probe.Deed{Principal: app.RoleARN, Action: probe.Decrypt, Key: key, EncryptionContext: map[string]string{"tenant": "a"}}
		require.NotEmpty(t, h.AssertAudit(deed))
		holds("audit")
		deed.EncryptionContext = map[string]string{"tenant": "b"}
		require.Empty(t, h.AssertAudit(deed))
		broken("nothing tells that "+app.RoleARN+" did Decrypt", "of that principal the audit trail has")
		h.AssertAudit(probe.Deed{Principal: stranger.RoleARN, Action: probe.Encrypt, Key: key, Denied: true})
		holds("audit of a denial")
		h.AssertAudit(probe.Deed{Principal: stranger.RoleARN, Action: probe.Encrypt, Key: key})
		broken("did Encrypt")

		h.AssertRotation(key, 365)
		broken("is off, want every 365 days")
		_, err = h.KMS().EnableKeyRotation(rec.Context(), &kms.EnableKeyRotationInput{KeyId: &key, RotationPeriodInDays: aws.Int32(90)})
		require.NoError(t, err)
		h.AssertRotation(key, 90)
		holds("rotation")
		h.AssertRotation(key, 91)
		broken("rotates every 90 days, want 91")

		h.AssertPendingDeletion(key)
		broken("is Enabled, want PendingDeletion")
		terraform.Destroy(t, opts)
		h.AssertPendingDeletion(key)
		holds("pending deletion")
		h.AssertPendingDeletion("none")
		broken("state of none")
	})
	holds("clean-up")
}

// What Options sets, and what it leaves alone.
func TestOptions(t *testing.T) {
	t.Parallel()
	h := harness.New(t)
	given := &terraform.Options{
		TerraformDir: "testdata/key",
		Vars:         map[string]any{"rotation": true},
		VarFiles:     []string{"../key/main.tf"},
		EnvVars:      map[string]string{"TF_VAR_description": "d"},
		RetryableTerraformErrors: map[string]string{
			".*throttled.*":                       "listed by the test",
			".*registry service is unreachable.*": "Failed to retrieve plugin due to transient network error.",
		},
	}
	got := h.Options(given)
	require.Equal(t, "testdata/key", given.TerraformDir, "the given options are not changed")
	require.NotEqual(t, given.TerraformDir, got.TerraformDir)
	require.FileExists(t, got.TerraformDir+"/main.tf")
	require.FileExists(t, got.TerraformBinary)
	require.FileExists(t, got.VarFiles[0], "as an absolute path")
	require.Equal(t, given.Vars, got.Vars)
	require.True(t, got.NoColor && got.Lock)
	require.Equal(t, "listed by the test", got.RetryableTerraformErrors[".*throttled.*"])
	require.NotContains(t, got.RetryableTerraformErrors, ".*registry service is unreachable.*", "terratest's default")
	require.Equal(t, 3, got.MaxRetries)
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]*terraform.Options{
		"no such root":      {TerraformDir: "testdata/none"},
		"an owned variable": {TerraformDir: "testdata/key", EnvVars: map[string]string{"AWS_CA_BUNDLE": "/ca.pem"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := &recorder{TB: t}
			rec.run(func(rec *recorder) { harness.New(rec).Options(opts) })
			require.NotEmpty(t, rec.taken())
		})
	}
}

// Harnesses side by side share the backend and the warm provider, and their
// roles don't meet.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	a, b := harness.New(t), harness.New(t)
	require.Same(t, a.Backend(), b.Backend())
	require.NotEqual(t, a.Role("app").RoleARN, b.Role("app").RoleARN)
}

// Without an engine a test fails with the reason, and nothing is started.
func TestNoEngine(t *testing.T) {
	if os.Getenv(scenarioVariable) != "" {
		t.Skip("this is the helper process")
	}
	out, err := reexec(t, "none", "KEYWRIGHT_ENGINE=/nowhere/terraform").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "no usable engine:\n")
	require.Contains(t, string(out), "/nowhere/terraform: no such file or directory")
}

// What a relative path means would depend on the package.
func TestRelativePaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"KEYWRIGHT_CACHE", "KEYWRIGHT_LOGS", "KEYWRIGHT_RESULTS", "KEYWRIGHT_REUSE"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := reexec(t, "none", name+"=some/where").CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), name+` is "some/where": set it to an absolute path, tests run in their packages' folders`)
		})
	}
}
