package runner

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Output returns the root module's outputs, with their values as JSON.
func (w *Workspace) Output(ctx context.Context) (map[string]tfexec.OutputMeta, error) {
	tf, err := w.engine(false)
	if err != nil {
		return nil, err
	}
	tf.SetStdout(nil) // values may be sensitive
	out, err := tf.Output(ctx)
	if err != nil {
		return nil, fmt.Errorf("running output: %w", err)
	}
	return out, nil
}
