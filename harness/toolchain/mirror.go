package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"

	"github.com/keywright/keywright/internal/cache"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// AWSProvider is the AWS provider's source address without its host, and
// its path in a mirror.
const AWSProvider = "hashicorp/aws"

// providerBinary is what the name of the provider's executable begins with.
const providerBinary = "terraform-provider-aws"

// mirrorHosts are the registries whose copies of the provider are the same
// official builds, so that either engine may use either's.
var mirrorHosts = []string{products[Terraform].host, products[OpenTofu].host}

// pkg is one version of the provider in a mirror: a folder or a zip archive.
type pkg struct {
	version *version.Version
	path    string
}

// platformName tells a platform's folder from the locks and scratch folders of
// the cache.
var platformName = lazyregexp.New(`^[a-z0-9]+_[a-z0-9]+$`)

var packedName = lazyregexp.New(`^terraform-provider-aws_([^_]+)_([a-z0-9]+_[a-z0-9]+)\.zip$`)

// mirrorHolds reports whether dir is a mirror with any version of the provider
// for any platform.
func mirrorHolds(dir string) bool {
	return slices.ContainsFunc(mirrorHosts, func(host string) bool {
		return isDir(filepath.Join(dir, host, AWSProvider))
	})
}

// mirrored takes the newest usable version from a mirror in either layout the
// engines know: unpacked, HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/, or packed,
// HOST/NAMESPACE/TYPE/terraform-provider-TYPE_VERSION_OS_ARCH.zip.
func (cfg Config) mirrored(ctx context.Context, dir, origin string) (Provider, error) {
	packages, others, err := scanMirror(dir)
	if err != nil {
		return Provider{}, err
	}
	if len(packages) == 0 && len(others) > 0 {
		return Provider{}, fmt.Errorf("%w: %s holds %s for %s only, this machine is %s",
			ErrWrongArchitecture, dir, AWSProvider, strings.Join(others, ", "), platform())
	}
	if len(packages) == 0 {
		return Provider{}, errAbsent
	}
	var broken []error
	for _, p := range packages {
		path, err := cfg.unpacked(ctx, p)
		if err == nil {
			err = errors.Join(broken...)
			if err != nil {
				cfg.progress("%s: %v; using %s", origin, err, p.version)
			}
			return Provider{Address: AWSProvider, Version: p.version.String(), Path: path, Origin: origin}, nil
		}
		broken = append(broken, err)
	}
	return Provider{}, errors.Join(broken...)
}

// scanMirror lists the mirror's packages for this platform, newest first, and
// the other platforms it has any for.
func scanMirror(dir string) (packages []pkg, others []string, err error) {
	for _, host := range mirrorHosts {
		root := filepath.Join(dir, host, AWSProvider)
		entries, err := os.ReadDir(root)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("listing mirror: %w", err)
		}
		for _, entry := range entries {
			for target, p := range packagesIn(root, entry.Name()) {
				if target != platform() {
					others = append(others, target)
					continue
				}
				packages = append(packages, p)
			}
		}
	}
	slices.SortStableFunc(packages, func(a, b pkg) int { return b.version.Compare(a.version) })
	slices.Sort(others)
	return packages, slices.Compact(others), nil
}

// packagesIn returns what one entry of a provider's folder holds, by platform:
// a zip archive, or a version's folder with a folder for each platform.
func packagesIn(root, name string) map[string]pkg {
	if m := packedName.FindStringSubmatch(name); m != nil {
		if v, err := version.NewVersion(m[1]); err == nil {
			return map[string]pkg{m[2]: {v, filepath.Join(root, name)}}
		}
	}
	v, err := version.NewVersion(name)
	if err != nil {
		return nil
	}
	// A folder that can't be read holds nothing for us; so does a plain file.
	targets, _ := os.ReadDir(filepath.Join(root, name))
	found := map[string]pkg{}
	for _, target := range targets {
		if platformName.MatchString(target.Name()) {
			found[target.Name()] = pkg{v, filepath.Join(root, name, target.Name())}
		}
	}
	return found
}

// unpacked returns the executable of p, unpacking an archive into the cache.
func (cfg Config) unpacked(ctx context.Context, p pkg) (string, error) {
	dir := p.path
	if filepath.Ext(dir) == ".zip" {
		dir = cfg.packageDir(p.version.String())
		if !isDir(dir) {
			cfg.progress("unpacking %s into %s", p.path, dir)
		}
		err := cache.Install(ctx, dir, cfg.Progress, func(scratch string) error { return unzip(p.path, scratch) })
		if err != nil {
			return "", err
		}
	}
	return executableIn(dir)
}

// packageDir is the cache folder of one provider version; the cache is itself
// a mirror.
func (cfg Config) packageDir(version string) string {
	return filepath.Join(cfg.mirrorDir(), mirrorHosts[0], AWSProvider, version, platform())
}

func (cfg Config) mirrorDir() string { return filepath.Join(cfg.CacheDir, "providers") }

// executableIn returns the provider's executable in an unpacked package.
func executableIn(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("listing package: %w", err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), providerBinary) {
			path := filepath.Join(dir, entry.Name())
			return path, checkExecutable(path)
		}
	}
	return "", fmt.Errorf("broken mirror: %s holds no %s executable", dir, providerBinary)
}
