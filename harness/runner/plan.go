package runner

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"
)

// planFile is where Plan keeps its result, out of the root module's sight.
const planFile = "plan"

// Plan makes a plan and returns it. [Changes] tells what it would change;
// [Workspace.Drift] is faster where nothing else is asked.
func (w *Workspace) Plan(ctx context.Context, opts ...tfexec.PlanOption) (*tfjson.Plan, error) {
	_, plan, err := w.plan(ctx, true, opts)
	return plan, err
}

// Drift makes a plan and returns what it would change: nothing, if what is
// applied is as the configuration says.
func (w *Workspace) Drift(ctx context.Context, opts ...tfexec.PlanOption) ([]Change, error) {
	changed, plan, err := w.plan(ctx, false, opts)
	if err != nil || !changed {
		return nil, err
	}
	return Changes(plan), nil
}

// plan reads the plan it made if that changes anything, or always: reading
// takes as long as planning.
func (w *Workspace) plan(ctx context.Context, always bool, opts []tfexec.PlanOption) (bool, *tfjson.Plan, error) {
	tf, err := w.engine(ctx, false)
	if err != nil {
		return false, nil, err
	}
	path := filepath.Join(w.folder, planFile)
	changed, err := tf.Plan(ctx, append(opts, tfexec.Out(path))...)
	if err != nil {
		return false, nil, fmt.Errorf("running plan: %w", err)
	}
	if !changed && !always {
		return false, nil, nil
	}
	// Showing a plan prints all of it as JSON, which is no log.
	tf.SetStdout(nil)
	plan, err := tf.ShowPlanFile(ctx, path)
	if err != nil {
		return false, nil, fmt.Errorf("reading plan: %w", err)
	}
	return changed, plan, nil
}
