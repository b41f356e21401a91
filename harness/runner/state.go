package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Resource is one resource instance of a state.
type Resource struct {
	// Address such as `module.key.aws_kms_alias.this["app"]`.
	Address string
	// Type such as "aws_kms_key".
	Type string
	// Attributes by name, as JSON has them.
	Attributes map[string]any
}

// ARN is the resource's attribute arn, or "".
func (r Resource) ARN() string { return r.Text("arn") }

// Text is an attribute that is a string, or "".
func (r Resource) Text(name string) string {
	text, _ := r.Attributes[name].(string)
	return text
}

// stateFile is what of a local state file is read: resources and their values.
type stateFile struct {
	Resources []struct {
		Module    string `json:"module"`
		Mode      string `json:"mode"`
		Type      string `json:"type"`
		Name      string `json:"name"`
		Instances []struct {
			IndexKey   any            `json:"index_key"`
			Attributes map[string]any `json:"attributes"`
		} `json:"instances"`
	} `json:"resources"`
}

// Resources returns the managed resources of the state, or, after a destroy, of
// the state before it. It reads the local state file, which costs nothing; a
// root that keeps its state elsewhere has none here.
func (w *Workspace) Resources() ([]Resource, error) {
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		list, err := readState(filepath.Join(w.Dir, name))
		if err != nil || len(list) > 0 {
			return list, err
		}
	}
	return nil, nil
}

func readState(path string) ([]Resource, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading state: %w", err)
	}
	var state stateFile
	if err := json.Unmarshal(data, &state); err != nil {
		return nil, fmt.Errorf("reading state: %w", err)
	}
	var list []Resource
	for _, r := range state.Resources {
		if r.Mode != "managed" {
			continue
		}
		address := r.Type + "." + r.Name
		if r.Module != "" {
			address = r.Module + "." + address
		}
		for _, i := range r.Instances {
			list = append(list, Resource{Address: address + index(i.IndexKey), Type: r.Type, Attributes: i.Attributes})
		}
	}
	return list, nil
}

// index is an instance's key as addresses write it.
func index(key any) string {
	if key == nil {
		return ""
	}
	return "[" + text(key) + "]"
}
