package runner

import (
	"context"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
)

// Validate checks the configuration. What is wrong with it is in the result's
// Diagnostics, not in the error. It needs Init.
func (w *Workspace) Validate(ctx context.Context) (*tfjson.ValidateOutput, error) {
	tf, err := w.engine(ctx, false)
	if err != nil {
		return nil, err
	}
	out, err := tf.Validate(ctx)
	if err != nil {
		return nil, fmt.Errorf("running validate: %w", err)
	}
	return out, nil
}
