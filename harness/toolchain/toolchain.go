package toolchain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// dataDirs are the system folders whose children are looked at for a mirror.
var dataDirs = []string{"/opt", "/usr/share", "/usr/local/share", "/usr/local/lib"}

// Config says what is wanted and where to look.
type Config struct {
	// Product is the engine's kind; the zero value is [Terraform], or, with
	// EnginePath set, whatever that program says it is.
	Product Product
	// EnginePath is the engine to use; "" means search.
	EnginePath string
	// ProviderPath is the provider's executable to use; "" means search.
	ProviderPath string
	// ProviderDirs are mirrors to look at before all others.
	ProviderDirs []string
	// DataDirs are folders whose children are looked at for a mirror; nil means
	// /opt, /usr/share, /usr/local/share and /usr/local/lib.
	DataDirs []string
	// CacheDir is where installed programs are kept. It is made when needed
	// and must be set.
	CacheDir string
	// Environ holds the environment variables to work with, by name: PATH,
	// HOME, TF_CLI_CONFIG_FILE, TF_PLUGIN_CACHE_DIR, XDG_DATA_HOME, proxies and
	// Go's own settings. Nil means none.
	Environ map[string]string
	// Progress receives one line for each thing done that takes time or that
	// the user should know of; nil discards them.
	Progress func(line string)
}

// Toolchain is the pair of programs found.
type Toolchain struct {
	Engine   Engine
	Provider Provider
	// Mirrors are the folders in mirror layout that were met on the search, in
	// its order. Other providers may be installed from them.
	Mirrors []string
}

// Engine is a Terraform or OpenTofu executable that was run once to learn its
// version.
type Engine struct {
	Product Product
	Version string // such as "1.11.4"
	Path    string // absolute
	Origin  string // where it came from, such as "PATH"
}

// Provider is the AWS provider's executable.
type Provider struct {
	Address string // source address without host: "hashicorp/aws"
	Version string // such as "5.100.0"
	Path    string // absolute, of the executable
	Origin  string // where it came from, such as "mirror /opt/plugins"
}

// Ensure finds or installs engine and provider. The error is a
// [*NotFoundError] when every place was tried in vain, and wraps ctx's error
// when ctx ended first. Installs are atomic and safe to run from several
// processes at once.
func Ensure(ctx context.Context, cfg Config) (Toolchain, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return Toolchain{}, err
	}
	engine, err := ensureEngine(ctx, cfg)
	if err != nil {
		return Toolchain{}, err
	}
	s := newProviderSearch(cfg, engine)
	provider, err := s.ensure(ctx)
	if err != nil {
		return Toolchain{}, err
	}
	return Toolchain{Engine: engine, Provider: provider, Mirrors: s.mirrors()}, nil
}

// complete returns cfg with its zero values replaced and paths made absolute.
func (cfg Config) complete() (Config, error) {
	if cfg.CacheDir == "" {
		return cfg, errors.New("toolchain: CacheDir is empty: set it to a folder that may keep about 1 GB")
	}
	if cfg.DataDirs == nil {
		cfg.DataDirs = dataDirs
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	cfg.Environ = maps.Clone(cfg.Environ)
	for _, path := range []*string{&cfg.CacheDir, &cfg.EnginePath, &cfg.ProviderPath} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return cfg, fmt.Errorf("resolving path %q: %w", *path, err)
		}
		*path = abs
	}
	return cfg, nil
}

func (cfg Config) progress(format string, args ...any) {
	cfg.Progress(fmt.Sprintf(format, args...))
}

// environ is Environ as os/exec wants it, with extra set on top.
func (cfg Config) environ(extra map[string]string) []string {
	all := maps.Clone(cfg.Environ)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, extra)
	list := make([]string, 0, len(all))
	for name, value := range all {
		list = append(list, name+"="+value)
	}
	return list
}

// isDir reports whether path is a folder, or a link to one.
func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
