package runner

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"

	"github.com/keywright/keywright/harness/toolchain"
)

// Mode tells which provider process serves a root.
type Mode string

const (
	// Shared means that the root sets nothing on the provider, so the run's warm process
	// serves it, alongside others.
	Shared Mode = "shared"
	// Own means that the root configures the provider, or was given AWS_ variables; a
	// warm process serves it alone.
	Own Mode = "own"
	// Managed means that the root may hold more than one configuration, so the engine
	// starts the provider processes, one for each, at every command. Always
	// right, and slower.
	Managed Mode = "managed"
)

// root is what a look at a root module and the local modules it calls gave.
type root struct {
	dirs []string // absolute; the root's own first
	mode Mode
	why  string // reason of the mode, for the user
}

// inspector walks from the root along local module calls.
type inspector struct {
	root
	seen   map[string]bool
	blocks int // provider "aws" blocks
}

// inspect reads the module at dir, and those it calls from local folders.
func inspect(dir string) (root, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return root{}, fmt.Errorf("resolving root module: %w", err)
	}
	if !tfconfig.IsModuleDir(abs) {
		return root{}, fmt.Errorf("root module %s: no such folder, or no .tf file in it", abs)
	}
	in := &inspector{root: root{mode: Shared, why: "it does not configure the provider"}, seen: map[string]bool{}}
	in.walk(abs)
	in.countTestBlocks(abs)
	switch {
	case in.blocks > 1:
		in.manage("it configures the provider %d times", in.blocks)
	case in.blocks == 1 && in.mode == Shared:
		in.mode, in.why = Own, "it configures the provider"
	}
	return in.root, nil
}

func (in *inspector) manage(format string, args ...any) {
	in.mode, in.why = Managed, fmt.Sprintf(format, args...)
}

func (in *inspector) walk(dir string) {
	if in.seen[dir] {
		return
	}
	in.seen[dir] = true
	in.dirs = append(in.dirs, dir)
	module, diags := tfconfig.LoadModule(dir)
	if diags.HasErrors() {
		// The engine says it better, with the line, when it runs.
		in.manage("%s can't be read", dir)
		return
	}
	in.countBlocks(module)
	for _, name := range slices.Sorted(maps.Keys(module.ModuleCalls)) {
		source := module.ModuleCalls[name].Source
		if !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
			in.manage("module %q comes from %s, which can't be looked into", name, source)
			continue
		}
		in.walk(filepath.Join(dir, source))
	}
}

// countBlocks counts the module's provider blocks for AWS, under whatever
// local name. A block with an alias is one beside the default configuration,
// which exists unasked.
func (in *inspector) countBlocks(module *tfconfig.Module) {
	for _, block := range module.ProviderConfigs {
		if !isAWS(block.Name, module.RequiredProviders[block.Name]) {
			continue
		}
		in.count(block.Name, block.Alias)
	}
}

func (in *inspector) count(name, alias string) {
	in.blocks++
	if alias != "" {
		in.manage("it has an aliased configuration of the provider, %s.%s", name, alias)
	}
}

// isAWS reports whether a local provider name means the AWS provider, from
// either engine's registry.
func isAWS(name string, required *tfconfig.ProviderRequirement) bool {
	if required == nil || required.Source == "" {
		return name == "aws"
	}
	return required.Source == toolchain.AWSProvider || strings.HasSuffix(required.Source, "/"+toolchain.AWSProvider)
}

// commonAncestor returns the deepest folder that holds all of dirs.
func commonAncestor(dirs []string) string {
	ancestor := dirs[0]
	for _, dir := range dirs[1:] {
		for !within(ancestor, dir) {
			ancestor = filepath.Dir(ancestor)
		}
	}
	return ancestor
}

func within(ancestor, dir string) bool {
	rel, err := filepath.Rel(ancestor, dir)
	return err == nil && filepath.IsLocal(rel)
}
