package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/keywright/keywright/harness/probe"
	"github.com/keywright/keywright/harness/runner"
)

// appliedKey is what the module's outputs say of its key.
type appliedKey struct{ arn, aliasARN string }

// What demo.hcl asks for.
const (
	rotationPeriodInDays = 180
	demoAlias            = "keywright/demo"
)

func (d *demo) openWorkspace(ctx context.Context) (string, error) {
	var err error
	d.runner, err = runner.Start(runner.Config{Tools: d.tools, Environ: d.app.environ, Backend: d.backend.Env()})
	if err != nil {
		return "", err
	}
	d.workspace, err = d.runner.NewWorkspace(ctx, runner.WorkspaceConfig{Dir: d.module.dir})
	if err != nil {
		return "", err
	}
	if err := d.writeVariables(); err != nil {
		return "", fmt.Errorf("writing the module's variables: %w", err)
	}
	return "one provider process for every run", d.workspace.Init(ctx)
}

// writeVariables names the roles in the module's policy, in a file that every
// engine run reads. The role that runs Terraform is an administrator: else it
// could not manage the key it makes.
func (d *demo) writeVariables() error {
	values, err := json.Marshal(map[string][]string{
		"administrators": {d.admin.RoleARN, d.backend.DeployerARN()},
		"users":          {d.user.RoleARN},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.workspace.Dir, "roles.auto.tfvars.json"), values, 0o600)
}

func (d *demo) apply(ctx context.Context) (string, error) {
	if err := d.workspace.Apply(ctx); err != nil {
		return "", err
	}
	outputs, err := d.workspace.Output(ctx)
	if err != nil {
		return "", err
	}
	aliases := map[string]string{}
	for name, into := range map[string]any{"key_arn": &d.key.arn, "alias_arns": &aliases} {
		if err := json.Unmarshal(outputs[name].Value, into); err != nil {
			return "", fmt.Errorf("reading output %s: %w", name, err)
		}
	}
	d.key.aliasARN = aliases[demoAlias]
	return d.key.arn, nil
}

func (d *demo) roundTrip(ctx context.Context) (string, error) {
	d.promise("round trip without encryption context", probe.RoundTrip(ctx, d.user.KMS, d.key.arn, nil))
	d.promise("round trip with encryption context", probe.RoundTrip(ctx, d.user.KMS, d.key.arn, map[string]string{"tenant": "a"}))
	return "data and data keys; a wrong encryption context is refused", ctx.Err()
}

func (d *demo) rotationAndAlias(ctx context.Context) (string, error) {
	status, err := d.admin.KMS.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &d.key.arn})
	if err != nil {
		return "", err
	}
	if !status.KeyRotationEnabled || aws.ToInt32(status.RotationPeriodInDays) != rotationPeriodInDays {
		err = fmt.Errorf("enabled %t, every %d days", status.KeyRotationEnabled, aws.ToInt32(status.RotationPeriodInDays))
	}
	d.promise("rotation as the spec asks", err)
	key, err := d.admin.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &d.key.aliasARN})
	if err == nil && aws.ToString(key.KeyMetadata.Arn) != d.key.arn {
		err = fmt.Errorf("it names %s", aws.ToString(key.KeyMetadata.Arn))
	}
	d.promise("the alias names the key", err)
	return fmt.Sprintf("every %d days; %s", aws.ToInt32(status.RotationPeriodInDays), d.key.aliasARN), nil
}

func (d *demo) planAgain(ctx context.Context) (string, error) {
	changes, err := d.workspace.Drift(ctx)
	if err != nil {
		return "", err
	}
	if len(changes) > 0 {
		err = fmt.Errorf("%v", changes)
	}
	d.promise("a second plan is empty", err)
	return fmt.Sprintf("%d changes", len(changes)), nil
}

// matrix is who should be able to do what.
func (d *demo) matrix() probe.Matrix {
	return probe.Matrix{Key: d.key.arn, Rows: []probe.Row{
		{Identity: d.admin, Allow: []probe.Action{
			probe.DescribeKey, probe.GetKeyPolicy, probe.GetKeyRotationStatus, probe.PutKeyPolicy,
			probe.EnableKeyRotation, probe.TagResource, probe.DisableKey, probe.ScheduleKeyDeletion,
		}},
		{Identity: d.user, Allow: []probe.Action{probe.Encrypt, probe.Decrypt, probe.ReEncrypt, probe.GenerateDataKey, probe.DescribeKey}},
		{Identity: d.stranger, Stranger: true},
	}}
}

func (d *demo) tryAccess(ctx context.Context) (string, error) {
	var err error
	if d.access, err = probe.Access(ctx, d.backend, d.matrix()); err != nil {
		return "", err
	}
	for _, r := range d.access {
		var wrong error
		if !r.OK() {
			wrong = errors.New(r.String())
		}
		d.promise("access", wrong)
	}
	return fmt.Sprintf("%d calls", len(d.access)), nil
}

func (d *demo) destroy(ctx context.Context) (string, error) {
	if err := d.workspace.Destroy(ctx); err != nil {
		return "", err
	}
	key, err := d.admin.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &d.key.arn})
	if err == nil && key.KeyMetadata.KeyState != types.KeyStatePendingDeletion {
		err = fmt.Errorf("it is %s", key.KeyMetadata.KeyState)
	}
	d.promise("the key is pending deletion", err)
	live, err := d.backend.LiveKeys(ctx)
	if err == nil && len(live) > 0 {
		err = fmt.Errorf("left: %s", strings.Join(live, ", "))
	}
	d.promise("no key is left", err)
	return "the key is pending deletion", nil
}
