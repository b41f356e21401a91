package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Destroy removes what the state holds. It does nothing when the state holds
// nothing, and works after [Workspace.Stop].
func (w *Workspace) Destroy(ctx context.Context, opts ...tfexec.DestroyOption) error {
	empty, err := w.empty()
	if err != nil || empty {
		return err
	}
	tf, err := w.engine(ctx, true)
	if err != nil {
		return err
	}
	if err := tf.Destroy(ctx, opts...); err != nil {
		return fmt.Errorf("running destroy: %w", err)
	}
	return nil
}

// empty reports whether there is surely nothing to destroy: the state is a
// local file, and there is none or it lists no resource.
func (w *Workspace) empty() (bool, error) {
	elsewhere, err := w.keepsStateElsewhere()
	if err != nil || elsewhere {
		return false, err
	}
	named, err := filepath.Glob(filepath.Join(w.Dir, "terraform.tfstate.d", "*", "terraform.tfstate"))
	if err != nil {
		return false, fmt.Errorf("looking for state: %w", err)
	}
	if len(named) > 0 {
		return false, nil
	}
	data, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading state: %w", err)
	}
	var state struct {
		Resources []json.RawMessage `json:"resources"`
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return false, fmt.Errorf("reading state: %w", err)
	}
	return len(state.Resources) == 0, nil
}

// keepsStateElsewhere reports whether init noted a backend that keeps the state in
// another place than without one.
func (w *Workspace) keepsStateElsewhere() (bool, error) {
	data, err := os.ReadFile(filepath.Join(w.Dir, ".terraform", "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the backend: %w", err)
	}
	var noted struct {
		Backend struct {
			Type   string         `json:"type"`
			Config map[string]any `json:"config"`
		} `json:"backend"`
	}
	if err := json.Unmarshal(data, &noted); err != nil {
		return false, fmt.Errorf("reading the backend: %w", err)
	}
	config := noted.Backend.Config
	return noted.Backend.Type != "local" || config["path"] != nil || config["workspace_dir"] != nil, nil
}
