package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

// Position is a place in a configuration; Line starts at 1.
type Position struct {
	File string
	Line int
}

// Configuration finds the resources of a configuration folder.
type Configuration struct {
	root    string
	folders map[string]string // of installed modules, by their names joined by dots
	modules map[string]*tfconfig.Module
}

// OpenConfiguration opens the folder of a root module. Where it was initialized,
// its installed modules are found too, else only local ones.
func OpenConfiguration(dir string) (*Configuration, error) {
	if !tfconfig.IsModuleDir(dir) {
		return nil, fmt.Errorf("the folder %q holds no .tf files: name the root module that the plan was made from", dir)
	}
	c := &Configuration{root: dir, folders: map[string]string{}, modules: map[string]*tfconfig.Module{}}
	src, err := os.ReadFile(filepath.Join(dir, ".terraform", "modules", "modules.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list of installed modules: %w", err)
	}
	var manifest struct{ Modules []struct{ Key, Dir string } }
	if err := json.Unmarshal(src, &manifest); err != nil {
		return nil, fmt.Errorf("reading the list of installed modules: %w", err)
	}
	for _, m := range manifest.Modules {
		c.folders[m.Key] = filepath.Join(dir, filepath.FromSlash(m.Dir))
	}
	return c, nil
}

// Find is where the resource of an address is written; false if it is not found.
func (c *Configuration) Find(address string) (Position, bool) {
	dir, key := c.root, ""
	path := steps(address)
	for len(path) > 2 && path[0].name == "module" {
		name := path[1].name
		key = strings.TrimPrefix(key+"."+name, ".")
		if dir = c.folder(dir, key, name); dir == "" {
			return Position{}, false
		}
		path = path[2:]
	}
	if len(path) < 2 {
		return Position{}, false
	}
	resource := c.module(dir).ManagedResources[path[0].name+"."+path[1].name]
	if resource == nil {
		return Position{}, false
	}
	return Position{File: resource.Pos.Filename, Line: resource.Pos.Line}, true
}

// folder is that of a module called from another; "" if it is not found.
func (c *Configuration) folder(parent, key, name string) string {
	if dir, ok := c.folders[key]; ok {
		return dir
	}
	call := c.module(parent).ModuleCalls[name]
	if call == nil || !strings.HasPrefix(call.Source, ".") {
		return ""
	}
	return filepath.Join(parent, filepath.FromSlash(call.Source))
}

// module reads a folder once. Diagnostics do not matter: what could be read is
// there all the same.
func (c *Configuration) module(dir string) *tfconfig.Module {
	if c.modules[dir] == nil {
		c.modules[dir], _ = tfconfig.LoadModule(dir)
	}
	return c.modules[dir]
}
