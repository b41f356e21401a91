package runner

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Apply makes the configuration real. When ctx ends the engine is interrupted:
// it finishes the call it is in, saves its state and ends.
func (w *Workspace) Apply(ctx context.Context, opts ...tfexec.ApplyOption) error {
	tf, err := w.engine(ctx, false)
	if err != nil {
		return err
	}
	if err := tf.Apply(ctx, opts...); err != nil {
		return fmt.Errorf("running apply: %w", err)
	}
	return nil
}
