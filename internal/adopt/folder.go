package adopt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// folder is a module of a configuration as it is written: its blocks by their
// addresses, such as "var.name", "data.TYPE.NAME" and "module.name", and its locals.
type folder struct {
	dir    string
	blocks map[string]*hclsyntax.Block
	locals map[string]hcl.Expression
	unread []string // files that an engine would read besides
}

// addresses are what the addresses of blocks begin with, by their types; the labels
// follow.
var addresses = map[string]string{"variable": "var.", "output": "output.", "data": "data.", "module": "module.", "resource": "", "provider": "provider."}

// unread are the patterns of files that are not read: those in JSON, and those for
// OpenTofu alone.
var unread = []string{"*.tf.json", "*.tofu", "*.tofu.json"}

// isOverride reports whether the blocks of a file change those of others. Source:
// Terraform Language, "Override Files".
func isOverride(name string) bool {
	base := strings.TrimSuffix(filepath.Base(name), ".tf")
	return base == "override" || strings.HasSuffix(base, "_override")
}

// load reads the .tf files of a folder.
func load(dir string) (*folder, error) {
	var names, others []string
	for _, pattern := range append([]string{"*.tf"}, unread...) {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			if pattern == "*.tf" && !isOverride(name) {
				names = append(names, name)
			} else {
				others = append(others, name)
			}
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("folder %q holds no .tf file; name a state or plan, as terraform show -json prints it, or another folder", dir)
	}
	f := &folder{dir, map[string]*hclsyntax.Block{}, map[string]hcl.Expression{}, others}
	var problems []error
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		parsed, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
		if diags.HasErrors() {
			problems = append(problems, diags)
			continue
		}
		f.add(parsed.Body.(*hclsyntax.Body).Blocks)
	}
	return f, errors.Join(problems...)
}

func (f *folder) add(blocks hclsyntax.Blocks) {
	for _, block := range blocks {
		prefix, known := addresses[block.Type]
		switch {
		case block.Type == "locals":
			for name, attr := range block.Body.Attributes {
				f.locals[name] = attr.Expr
			}
		case known:
			labels := block.Labels
			if alias := block.Body.Attributes["alias"]; alias != nil && block.Type == "provider" {
				value, _ := alias.Expr.Value(nil) // aliases are literals
				labels = append(labels, text(fact{value: value}))
			}
			f.blocks[prefix+strings.Join(labels, ".")] = block
		}
	}
}
