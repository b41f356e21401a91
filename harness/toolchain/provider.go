package toolchain

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// unknownVersion stands for a provider built without one. It is above every
// release, so that lower bounds in modules hold.
const unknownVersion = "99.0.0"

// providerSearch is the list of mirrors to look at, each with the name to tell
// the user.
type providerSearch struct {
	cfg    Config
	engine Engine
	dirs   []mirrorDir
	broken []Attempt // places that could not even be read
}

type mirrorDir struct{ path, origin string }

func newProviderSearch(cfg Config, engine Engine) *providerSearch {
	s := &providerSearch{cfg: cfg, engine: engine}
	for _, dir := range cfg.ProviderDirs {
		s.add("given mirror ", dir)
	}
	s.addCLIConfig()
	for _, dir := range impliedMirrors(cfg.Environ) {
		s.add("engine's implied mirror ", dir)
	}
	s.add("TF_PLUGIN_CACHE_DIR ", cfg.Environ["TF_PLUGIN_CACHE_DIR"])
	for _, parent := range cfg.DataDirs {
		// Glob's one error is a malformed pattern, which this is not.
		children, _ := filepath.Glob(filepath.Join(parent, "*"))
		for _, dir := range children {
			if mirrorHolds(dir) {
				s.add("mirror ", dir)
			}
		}
	}
	s.add("cache ", cfg.mirrorDir())
	return s
}

func (s *providerSearch) add(origin, dir string) {
	known := slices.ContainsFunc(s.dirs, func(m mirrorDir) bool { return m.path == dir })
	if dir != "" && !known {
		s.dirs = append(s.dirs, mirrorDir{path: dir, origin: origin + dir})
	}
}

func (s *providerSearch) addCLIConfig() {
	path := s.cfg.Environ["TF_CLI_CONFIG_FILE"]
	if path == "" {
		return
	}
	origin := "TF_CLI_CONFIG_FILE " + path
	dirs, err := cliConfigDirs(path, s.cfg.Environ["HOME"])
	if err != nil {
		if !errors.Is(err, errAbsent) {
			s.cfg.progress("%s: %v", origin, err)
		}
		s.broken = append(s.broken, Attempt{Origin: origin, Err: err})
	}
	for _, dir := range dirs {
		s.add(origin+": ", dir)
	}
}

// mirrors returns the search's folders that exist.
func (s *providerSearch) mirrors() []string {
	var paths []string
	for _, m := range s.dirs {
		if isDir(m.path) {
			paths = append(paths, m.path)
		}
	}
	return paths
}

// impliedMirrors are the folders that the engines look at without being told:
// those under home, then those of the XDG base directories. Source: CLI
// configuration file, section Implied Local Mirror Directories.
func impliedMirrors(env map[string]string) []string {
	var dirs []string
	if home := env["HOME"]; home != "" {
		dirs = append(dirs, filepath.Join(home, ".terraform.d", "plugins"))
		if env["XDG_DATA_HOME"] == "" {
			dirs = append(dirs, xdgMirrors(filepath.Join(home, ".local", "share"))...)
		}
	}
	dirs = append(dirs, xdgMirrors(env["XDG_DATA_HOME"])...)
	shared := env["XDG_DATA_DIRS"]
	if shared == "" {
		shared = "/usr/local/share:/usr/share"
	}
	for _, dir := range filepath.SplitList(shared) {
		dirs = append(dirs, xdgMirrors(dir)...)
	}
	return dirs
}

func xdgMirrors(base string) []string {
	if base == "" {
		return nil
	}
	return []string{filepath.Join(base, "terraform", "plugins"), filepath.Join(base, "opentofu", "plugins")}
}

// ensure goes through the places a provider can come from.
func (s *providerSearch) ensure(ctx context.Context) (Provider, error) {
	found, attempts, err := firstOf(ctx, s.sources(), s.cfg.progress)
	if errors.Is(err, errAbsent) {
		return Provider{}, &NotFoundError{
			What:     "AWS provider",
			Attempts: append(s.broken, attempts...),
			Remedy: fmt.Sprintf("put a mirror (the %s providers mirror command makes one) into a folder named above, "+
				"name the provider's path, or allow access to %s", s.engine.Product, s.engine.Product.RegistryHost()),
		}
	}
	return found, err
}

func (s *providerSearch) sources() []source[Provider] {
	if s.cfg.ProviderPath != "" {
		return []source[Provider]{{origin: "the path given", get: s.given}}
	}
	var list []source[Provider]
	for _, m := range s.dirs {
		list = append(list, source[Provider]{origin: m.origin, get: func(ctx context.Context) (Provider, error) {
			return s.cfg.mirrored(ctx, m.path, m.origin)
		}})
	}
	return append(list, source[Provider]{origin: "the registry " + s.engine.Product.RegistryHost(), get: s.registered})
}

// given is the provider at Config.ProviderPath.
func (s *providerSearch) given(context.Context) (Provider, error) {
	path := s.cfg.ProviderPath
	if err := checkExecutable(path); err != nil {
		return Provider{}, err
	}
	return Provider{Address: AWSProvider, Version: versionOf(path), Path: path, Origin: "the path given"}, nil
}

var versionInPath = lazyregexp.New(`[_/]v?(\d+\.\d+\.\d+)(?:_|/|$)`)

// versionOf reads the version from the executable's name, its folder in a
// mirror, or the module version the Go linker left in it.
func versionOf(path string) string {
	if all := versionInPath.Compiled().FindAllStringSubmatch(path, -1); all != nil {
		return all[len(all)-1][1]
	}
	info, err := buildinfo.ReadFile(path)
	if err == nil && strings.HasPrefix(info.Main.Version, "v") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return unknownVersion
}
