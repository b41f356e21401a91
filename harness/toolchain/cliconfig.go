package toolchain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// cliConfig is the part of the engines' CLI configuration file that says where
// providers are.
type cliConfig struct {
	PluginCacheDir string              `hcl:"plugin_cache_dir,optional"`
	Installations  []installationBlock `hcl:"provider_installation,block"`
	Rest           hcl.Body            `hcl:",remain"`
}

type installationBlock struct {
	Mirrors []mirrorBlock `hcl:"filesystem_mirror,block"`
	Rest    hcl.Body      `hcl:",remain"`
}

type mirrorBlock struct {
	Path string   `hcl:"path"`
	Rest hcl.Body `hcl:",remain"`
}

// cliConfigDirs returns the mirrors, then the plugin cache, that a CLI
// configuration file names. A file that is missing is errAbsent, as to the
// engines it is no more than a warning.
func cliConfigDirs(path, home string) ([]string, error) {
	src, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, fmt.Errorf("reading CLI configuration: %w", err)
	}
	file, diags := hclparse.NewParser().ParseHCL(src, path)
	if diags.HasErrors() {
		return nil, fmt.Errorf("parsing CLI configuration: %w", diags)
	}
	var parsed cliConfig
	if diags := gohcl.DecodeBody(file.Body, nil, &parsed); diags.HasErrors() {
		return nil, fmt.Errorf("decoding CLI configuration: %w", diags)
	}
	var dirs []string
	for _, installation := range parsed.Installations {
		for _, mirror := range installation.Mirrors {
			dirs = append(dirs, expandHome(mirror.Path, home))
		}
	}
	if parsed.PluginCacheDir != "" {
		dirs = append(dirs, expandHome(parsed.PluginCacheDir, home))
	}
	return dirs, nil
}

// expandHome replaces the $HOME and ~ that such files may begin a path with.
func expandHome(path, home string) string {
	for _, prefix := range []string{"$HOME/", "${HOME}/", "~/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok && home != "" {
			return filepath.Join(home, rest)
		}
	}
	return path
}
