package runner

import (
	"context"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
)

// Show returns the state.
func (w *Workspace) Show(ctx context.Context) (*tfjson.State, error) {
	tf, err := w.engine(ctx, false)
	if err != nil {
		return nil, err
	}
	tf.SetStdout(nil) // values may be sensitive
	state, err := tf.Show(ctx)
	if err != nil {
		return nil, fmt.Errorf("running show: %w", err)
	}
	return state, nil
}
