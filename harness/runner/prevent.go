package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// AllowDestroy sets prevent_destroy to false in the workspace's copies of the root and
// of the modules that it calls, so that [Workspace.Destroy] leaves nothing, and returns
// the resources that had it, such as "aws_kms_key.this", sorted. The modules
// themselves stay as they are. Files in JSON syntax are left alone.
func (w *Workspace) AllowDestroy() ([]string, error) {
	var freed []string
	err := filepath.WalkDir(w.tree, func(path string, entry fs.DirEntry, err error) error {
		// A link leads out of the workspace.
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(path) != ".tf" {
			return err
		}
		found, err := allowDestroy(path)
		freed = append(freed, found...)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the workspace is closed
	}
	if err != nil {
		return nil, fmt.Errorf("lifting prevent_destroy: %w", err)
	}
	slices.Sort(freed)
	return slices.Compact(freed), nil
}

// allowDestroy rewrites one file, if it has to.
func allowDestroy(path string) (freed []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, diags := hclwrite.ParseConfig(text, path, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, nil // the engine says it better
	}
	for _, block := range file.Body().Blocks() {
		if block.Type() == "resource" && freeResource(block.Body()) {
			freed = append(freed, strings.Join(block.Labels(), "."))
		}
	}
	if freed == nil {
		return nil, nil
	}
	return freed, os.WriteFile(path, file.Bytes(), 0o600)
}

// freeResource reports whether the resource was kept from being destroyed.
func freeResource(resource *hclwrite.Body) bool {
	freed := false
	for _, block := range resource.Blocks() {
		prevent := block.Body().GetAttribute("prevent_destroy")
		if block.Type() != "lifecycle" || prevent == nil || strings.TrimSpace(string(prevent.Expr().BuildTokens(nil).Bytes())) == "false" {
			continue
		}
		block.Body().SetAttributeValue("prevent_destroy", cty.False)
		freed = true
	}
	return freed
}
