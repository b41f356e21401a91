package harness_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness"
	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/harness/backend/backendtest"
	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/kmsemu"
)

// standIn names an emulator in the place of AWS, where changes of IAM, keys and
// policies count after a second.
const standIn = "aws-stand-in"

func TestMain(m *testing.M) {
	harness.RegisterBackend(standIn, startStandIn)
	os.Exit(m.Run()) //nolint:forbidigo // as every TestMain does
}

// ownAWS is the backend of AWS with the emulator that ends with it.
type ownAWS struct {
	*backend.AWS
	emulator *backendtest.StandIn
}

// Close tells what it is closed with.
func (b ownAWS) Close() error {
	roles, err := iam.NewFromConfig(b.emulator.Root).ListRoles(context.Background(), &iam.ListRolesInput{})
	live, unknown := b.LiveKeys(context.Background())
	for _, e := range b.emulator.Server.EventsWhere(kmsemu.EventFilter{Name: "ScheduleKeyDeletion"}) {
		fmt.Fprintln(os.Stderr, "scenario: deletion in", e.RequestParameters["pendingWindowInDays"], "days")
	}
	if err == nil && unknown == nil {
		fmt.Fprintf(os.Stderr, "scenario: %d roles and %d live keys at the end\n", len(roles.Roles), len(live))
	}
	return errors.Join(err, unknown, b.AWS.Close(), b.emulator.Close())
}

func startStandIn(ctx context.Context) (backend.Backend, error) {
	emulator, err := backendtest.StartStandIn(ctx, time.Second)
	if err != nil {
		return nil, err
	}
	emulator.Config.Progress = func(line string) { fmt.Fprintln(os.Stderr, "keywright:", line) }
	b, err := backend.StartAWS(ctx, emulator.Config)
	return ownAWS{b, emulator}, err
}

// onAWS applies a key, proves it with its roles, and looks at what is left.
func onAWS(t *testing.T, h *harness.Harness, opts *terraform.Options) {
	t.Cleanup(func() { fmt.Println("scenario: run", h.Backend().Env()["TF_AWS_DEFAULT_TAGS_keywright"]) })
	app, stranger := h.Role("app"), h.Role("stranger")
	opts.Vars["policy"] = strings.Replace(fmt.Sprintf(policy, app.RoleARN), "arn:aws:iam::000000000000:role/"+backend.DeployerRole, h.DeployerARN(), 1)
	terraform.InitAndApply(t, opts)
	key := terraform.Output(t, opts, "key_arn")
	tags, err := h.KMS().ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: &key})
	require.NoError(t, err)
	require.Len(t, tags.Tags, 1)
	fmt.Println("scenario: tagged", *tags.Tags[0].TagKey, *tags.Tags[0].TagValue)
	h.AssertRoundTrip(app, key, nil)
	h.AssertAccess(probe.Matrix{Key: key, Rows: []probe.Row{
		{Identity: app, Allow: []probe.Action{probe.Encrypt, probe.Decrypt, probe.GenerateDataKey}}, {Identity: stranger, Stranger: true},
	}})
	h.AssertNoDrift(opts)
	h.AssertAudit(probe.Deed{Principal: app.RoleARN, Action: probe.Encrypt})
}

// On AWS, or what stands in for it, the whole way is gone: with its tag, its cost
// told once, its waits, and no audit trail to ask.
func TestAWS(t *testing.T) {
	if os.Getenv(scenarioVariable) != "" {
		t.Skip("this is the helper process")
	}
	t.Parallel()
	cmd := reexec(t, "on AWS", "KEYWRIGHT_BACKEND="+standIn)
	cmd.Args = append(cmd.Args, "-test.v")
	data, err := cmd.CombinedOutput()
	out := string(data)
	require.NoError(t, err, out)
	require.Equal(t, 1, strings.Count(out, "this run makes keys in AWS account 000000000000, eu-west-1: a key costs 1 USD a month"), out)
	_, run, _ := strings.Cut(out, "scenario: run ")
	require.Contains(t, out, "scenario: tagged keywright "+strings.Fields(run)[0]+"\n")
	require.Contains(t, out, "--- PASS: TestScenario/access/app")
	require.Contains(t, out, "not proven: aws: the backend keeps no audit trail")
	require.Contains(t, out, "scenario: 0 roles and 0 live keys at the end")
	require.Contains(t, out, "scenario: deletion in 7 days\n", "the module's own is 30")
	requireNothingLeft(t, cmd)
}

// An interrupted run takes its roles with it, which would outlive it in AWS.
func TestAWSInterrupted(t *testing.T) {
	t.Parallel()
	cmd := reexec(t, "hangs with a role", "KEYWRIGHT_BACKEND="+standIn)
	_, told := signalWhenReady(t, cmd, syscall.SIGTERM)
	require.Contains(t, told, "keywright: stopped: everything applied was destroyed, nothing is left behind")
	require.Contains(t, told, "scenario: 0 roles and 0 live keys at the end")
	requireNothingLeft(t, cmd)
}

// A name that is taken, or that nobody registered.
func TestRegisterBackend(t *testing.T) {
	t.Parallel()
	for _, name := range []string{standIn, "embedded", "localstack", "aws"} {
		require.Panics(t, func() { harness.RegisterBackend(name, startStandIn) }, name)
	}
}
