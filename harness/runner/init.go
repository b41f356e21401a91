package runner

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Init prepares the workspace: modules, and the providers that no warm process
// serves.
func (w *Workspace) Init(ctx context.Context, opts ...tfexec.InitOption) error {
	tf, err := w.engine(ctx, false)
	if err != nil {
		return err
	}
	if err := tf.Init(ctx, opts...); err != nil {
		return fmt.Errorf("running init: %w", err)
	}
	return nil
}
