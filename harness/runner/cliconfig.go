package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/keywright/keywright/harness/toolchain"
)

// writeCLIConfig writes the CLI configuration file of the run: the found
// provider from the run's mirror, other providers from the mirrors that hold
// them, the rest from their registries.
func (r *Runner) writeCLIConfig() error {
	hosts := []string{toolchain.Terraform.RegistryHost(), toolchain.OpenTofu.RegistryHost()}
	var own []string
	for _, host := range hosts {
		if err := linkProvider(r.folder.mirror(), host, r.cfg.Tools.Provider); err != nil {
			return err
		}
		own = append(own, host+"/"+r.cfg.Tools.Provider.Address)
	}
	mirrors := []mirror{{path: r.folder.mirror(), addresses: own}}
	taken := slices.Clone(own)
	for _, path := range r.cfg.Tools.Mirrors {
		m := mirror{path: path}
		for _, address := range mirroredAddresses(path) {
			if !slices.Contains(own, address) {
				m.addresses = append(m.addresses, address)
			}
		}
		if len(m.addresses) > 0 {
			mirrors = append(mirrors, m)
			taken = append(taken, m.addresses...)
		}
	}
	slices.Sort(taken)
	text := cliConfig(mirrors, slices.Compact(taken))
	if err := os.WriteFile(r.folder.cliConfig(), []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing CLI configuration: %w", err)
	}
	return nil
}

type mirror struct {
	path      string
	addresses []string // HOST/NAMESPACE/TYPE
}

// cliConfig renders the file. Addresses that a mirror serves are left out of
// the direct method: with both, init asks the registry too.
func cliConfig(mirrors []mirror, taken []string) string {
	var b strings.Builder
	b.WriteString("disable_checkpoint = true\nprovider_installation {\n")
	for _, m := range mirrors {
		fmt.Fprintf(&b, "  filesystem_mirror {\n    path    = %q\n    include = [%s]\n  }\n", m.path, quoted(m.addresses))
	}
	fmt.Fprintf(&b, "  direct {\n    exclude = [%s]\n  }\n}\n", quoted(taken))
	return b.String()
}

func quoted(list []string) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(words, ", ")
}

// mirroredAddresses lists the providers a mirror holds.
func mirroredAddresses(dir string) []string {
	// Glob's one error is a malformed pattern. A dot in the first part tells a
	// host from other folders.
	found, _ := filepath.Glob(filepath.Join(dir, "*.*", "*", "*"))
	var addresses []string
	for _, path := range found {
		if address, err := filepath.Rel(dir, path); err == nil {
			addresses = append(addresses, filepath.ToSlash(address))
		}
	}
	return addresses
}

// linkProvider puts the provider into a mirror of the run's own: it may come
// from anywhere, and each engine looks under its own registry's host.
func linkProvider(mirror, host string, p toolchain.Provider) error {
	target := runtime.GOOS + "_" + runtime.GOARCH
	link := filepath.Join(mirror, host, p.Address, p.Version, target)
	from := filepath.Dir(p.Path)
	// Outside of a mirror the executable's folder may hold anything, all of
	// which the engine would hash: link the file alone.
	if filepath.Base(from) != target {
		link, from = filepath.Join(link, filepath.Base(p.Path)), p.Path
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		return fmt.Errorf("making provider mirror: %w", err)
	}
	if err := os.Symlink(from, link); err != nil {
		return fmt.Errorf("making provider mirror: %w", err)
	}
	return nil
}
