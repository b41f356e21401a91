package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Output returns the root module's outputs, with their values as JSON.
func (w *Workspace) Output(ctx context.Context) (map[string]tfexec.OutputMeta, error) {
	tf, err := w.engine(ctx, false)
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

// OutputsRead returns the names of the outputs that were read so far, by whatever
// started the engine; all is true if a command read every output.
func (w *Workspace) OutputsRead() (names []string, all bool, err error) {
	data, err := os.ReadFile(filepath.Join(w.folder, outputsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading which outputs were read: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		last := words[len(words)-1]
		if last == "output" || strings.HasPrefix(last, "-") {
			all = true
			continue
		}
		names = append(names, last)
	}
	return names, all, nil
}
