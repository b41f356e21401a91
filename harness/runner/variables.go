package runner

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// VariablesOf returns the names of the variables that a variable file (.tfvars or
// .tfvars.json) sets, sorted.
func VariablesOf(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading variable file: %w", err)
	}
	parse := hclparse.NewParser().ParseHCL
	if strings.HasSuffix(path, ".json") {
		parse = hclparse.NewParser().ParseJSON
	}
	file, diags := parse(text, path)
	var attributes hcl.Attributes
	if !diags.HasErrors() {
		attributes, diags = file.Body.JustAttributes()
	}
	if diags.HasErrors() {
		return nil, fmt.Errorf("reading variable file %q: %w", path, diags)
	}
	return slices.Sorted(maps.Keys(attributes)), nil
}
