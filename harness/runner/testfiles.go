package runner

import (
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// testPatterns are where the test command of either engine looks for tests, in
// a root module.
var testPatterns = []string{"*.tftest.hcl", "*.tofutest.hcl", "tests/*.tftest.hcl", "tests/*.tofutest.hcl"}

// testFile is the part of a native test that bears on the provider.
type testFile struct {
	Providers []testProvider `hcl:"provider,block"`
	Rest      hcl.Body       `hcl:",remain"`
}

type testProvider struct {
	Name  string   `hcl:"name,label"`
	Alias string   `hcl:"alias,optional"`
	Rest  hcl.Body `hcl:",remain"`
}

// countTestBlocks counts the provider blocks of the root's native tests: they
// configure the same process.
func (in *inspector) countTestBlocks(dir string) {
	for _, pattern := range testPatterns {
		// Glob's one error is a malformed pattern, which these are not.
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, path := range files {
			in.countInTest(path)
		}
	}
}

func (in *inspector) countInTest(path string) {
	file, diags := hclparse.NewParser().ParseHCLFile(path)
	if diags.HasErrors() {
		in.manage("%s can't be read", path)
		return
	}
	var test testFile
	if diags := gohcl.DecodeBody(file.Body, nil, &test); diags.HasErrors() {
		in.manage("%s can't be read", path)
		return
	}
	for _, block := range test.Providers {
		if isAWS(block.Name, nil) {
			in.count(block.Name, block.Alias)
		}
	}
}
