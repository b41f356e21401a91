package toolchain_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain"
)

func TestProviderOrder(t *testing.T) {
	t.Parallel()
	// Each row installs one more place than the row above, in front of it.
	places := []struct {
		name    string
		version string
		origin  string
		install func(m *machine)
	}{
		{"the cache", "5.1.0", "cache ", func(m *machine) { m.provider("cache/providers", "5.1.0") }},
		{"a data folder", "5.2.0", "mirror ", func(m *machine) { m.provider("opt/anything", "5.2.0") }},
		{"the plugin cache", "5.3.0", "TF_PLUGIN_CACHE_DIR ", func(m *machine) {
			m.cfg.Environ["TF_PLUGIN_CACHE_DIR"] = m.path("plugins")
			m.provider("plugins", "5.3.0")
		}},
		{"shared data", "5.4.0", "engine's implied mirror ", func(m *machine) { m.provider("share/opentofu/plugins", "5.4.0") }},
		{"home data", "5.5.0", "engine's implied mirror ", func(m *machine) { m.provider("home/.local/share/terraform/plugins", "5.5.0") }},
		{"home", "5.6.0", "engine's implied mirror ", func(m *machine) { m.provider("home/.terraform.d/plugins", "5.6.0") }},
		{"the CLI configuration's cache", "5.7.0", "TF_CLI_CONFIG_FILE ", func(m *machine) {
			m.cfg.Environ["TF_CLI_CONFIG_FILE"] = m.file("rc", `plugin_cache_dir = "$HOME/cached"`, 0o644)
			m.provider("home/cached", "5.7.0")
		}},
		{"the CLI configuration's mirror", "5.8.0", "TF_CLI_CONFIG_FILE ", func(m *machine) {
			m.file("rc", `
plugin_cache_dir   = "$HOME/cached"
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path    = "~/mirror"
    include = ["registry.terraform.io/*/*"]
  }
  direct {}
}`, 0o644)
			m.provider("home/mirror", "5.8.0")
		}},
		{"a given mirror", "5.9.0", "given mirror ", func(m *machine) {
			m.cfg.ProviderDirs = []string{m.path("given")}
			m.provider("given", "5.9.0")
		}},
		{"a given path", "6.34.0", "the path given", func(m *machine) {
			m.cfg.ProviderPath = m.program("built/terraform-provider-aws_v6.34.0", "exit 1")
		}},
	}
	m := newMachine(t)
	m.engine("bin/tofu", "OpenTofu", "1.12.6")
	for _, p := range places {
		p.install(m)
		got, err := m.ensure()
		require.NoError(t, err, p.name)
		require.Equal(t, p.version, got.Provider.Version, p.name)
		require.Contains(t, got.Provider.Origin, p.origin, p.name)
		require.FileExists(t, got.Provider.Path, p.name)
	}
	require.Len(t, mirrors(t, m), 9, "other providers may come from any of them")
}

func mirrors(t *testing.T, m *machine) []string {
	t.Helper()
	tools, err := m.ensure()
	require.NoError(t, err)
	return tools.Mirrors
}

func TestProviderUnpacked(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.engine("bin/tofu", "OpenTofu", "1.12.6")
	m.zipped("opt/packed", "5.100.0", "terraform-provider-aws_v5.100.0_x5")
	for range 2 { // the second time from the cache
		got, err := m.ensure()
		require.NoError(t, err)
		require.Equal(t, m.path("cache/providers/registry.terraform.io/hashicorp/aws/5.100.0", target,
			"terraform-provider-aws_v5.100.0_x5"), got.Provider.Path)
		require.Equal(t, "mirror "+m.path("opt/packed"), got.Provider.Origin)
	}
	info, err := os.Stat(m.path("cache/providers/registry.terraform.io/hashicorp/aws/5.100.0", target, "terraform-provider-aws_v5.100.0_x5"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100, "it is executable")
	require.Equal(t, 1, countLines(m, "unpacking"), "it is unpacked once, and said so")
}

func countLines(m *machine, part string) int {
	n := 0
	for _, line := range m.lines {
		if len(line) >= len(part) && line[:len(part)] == part {
			n++
		}
	}
	return n
}

func TestProviderNewestUsable(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.engine("bin/tofu", "OpenTofu", "1.12.6")
	m.provider("opt/mirror", "5.9.0")
	m.provider("opt/mirror", "5.100.0")
	m.file(filepath.Join("opt/mirror/registry.terraform.io/hashicorp/aws/6.0.0", target, "LICENSE.txt"), "", 0o644)
	got, err := m.ensure()
	require.NoError(t, err)
	require.Equal(t, "5.100.0", got.Provider.Version)
	require.Contains(t, m.progress(), "broken mirror", "a broken version is told of")
	require.Contains(t, m.progress(), "using 5.100.0")
}

func TestProviderRefused(t *testing.T) {
	t.Parallel()
	const root = "opt/mirror/registry.terraform.io/hashicorp/aws"
	tests := []struct {
		name    string
		install func(m *machine)
		want    []string
		is      error
	}{
		{
			name:    "nothing anywhere",
			install: func(*machine) {},
			want:    []string{"no usable AWS provider", "the registry registry.opentofu.org", "no network", "put a mirror (the opentofu providers mirror command makes one)"},
		},
		{
			name: "no executable inside",
			install: func(m *machine) {
				m.file(filepath.Join(root, "5.100.0", target, "LICENSE.txt"), "", 0o644)
			},
			want: []string{"broken mirror", "holds no terraform-provider-aws executable"},
		},
		{
			name: "other platforms only",
			install: func(m *machine) {
				m.file(filepath.Join(root, "5.100.0", "plan9_mips", "terraform-provider-aws_v5.100.0"), "", 0o755)
			},
			want: []string{"holds hashicorp/aws for plan9_mips only, this machine is " + target},
			is:   toolchain.ErrWrongArchitecture,
		},
		{
			name: "another architecture under this one's name",
			install: func(m *machine) {
				m.foreign(filepath.Join(root, "5.100.0", target, "terraform-provider-aws_v5.100.0"))
			},
			want: []string{"wrong architecture", "EM_RISCV"},
			is:   toolchain.ErrWrongArchitecture,
		},
		{
			name: "a damaged archive",
			install: func(m *machine) {
				m.file(filepath.Join(root, "terraform-provider-aws_5.100.0_"+target+".zip"), "PK", 0o644)
			},
			want: []string{"broken mirror", "terraform-provider-aws_5.100.0_" + target + ".zip"},
		},
		{
			name:    "an archive that points outside",
			install: func(m *machine) { m.zipped("opt/mirror", "5.100.0", "../../terraform-provider-aws") },
			want:    []string{"points outside of it"},
		},
		{
			name: "a CLI configuration that is missing is named",
			install: func(m *machine) {
				m.cfg.Environ["TF_CLI_CONFIG_FILE"] = m.path("none")
			},
			want: []string{"TF_CLI_CONFIG_FILE", "not there"},
		},
		{
			name: "a CLI configuration that does not parse",
			install: func(m *machine) {
				m.cfg.Environ["TF_CLI_CONFIG_FILE"] = m.file("rc", "provider_installation {", 0o644)
			},
			want: []string{"TF_CLI_CONFIG_FILE", "parsing CLI configuration"},
		},
		{
			name: "a given path is final",
			install: func(m *machine) {
				m.provider("opt/mirror", "5.100.0")
				m.cfg.ProviderPath = m.path("none")
			},
			want: []string{"the path given", "no such file"},
			is:   os.ErrNotExist,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.program("bin/tofu", `[ "$1" = version ] && echo "OpenTofu v1.12.6" && exit; echo "no network" >&2; exit 1`)
			tt.install(m)
			_, err := m.ensure()
			require.Error(t, err)
			for _, part := range tt.want {
				require.ErrorContains(t, err, part)
			}
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
		})
	}
}

// registryEngine's init installs a provider as the engine would, into the
// folder it stands in.
const registryEngine = `
[ "$1" = version ] && echo "OpenTofu v1.12.6" && exit
echo "$@; $TF_CLI_CONFIG_FILE; [$TF_PLUGIN_CACHE_DIR]" >"$RECORD"
cat main.tf >>"$RECORD"
dir=.terraform/providers/registry.opentofu.org/hashicorp/aws/5.100.0/`

func TestProviderRegistry(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.cfg.Environ["PATH"] += string(os.PathListSeparator) + "/usr/bin" + string(os.PathListSeparator) + "/bin"
	m.cfg.Environ["RECORD"] = m.path("record")
	m.cfg.Environ["TF_PLUGIN_CACHE_DIR"] = m.path("shared")
	m.program("bin/tofu", registryEngine+target+`
mkdir -p $dir && printf '#!/bin/sh\n' >$dir/terraform-provider-aws && chmod +x $dir/terraform-provider-aws`)
	got, err := m.ensure()
	require.NoError(t, err)
	require.Equal(t, "registry", got.Provider.Origin)
	require.Equal(t, "5.100.0", got.Provider.Version)
	require.Equal(t, m.path("cache/providers/registry.terraform.io/hashicorp/aws/5.100.0", target, "terraform-provider-aws"), got.Provider.Path)
	require.Contains(t, m.progress(), "installing the AWS provider 5.100.0")
	record, err := os.ReadFile(m.path("record"))
	require.NoError(t, err)
	require.Contains(t, string(record), "init -input=false -no-color -backend=false; "+os.DevNull+"; []\n", "neither cache nor mirror answers in its place")
	require.Contains(t, string(record), `version = "5.100.0"`)

	got, err = m.ensure()
	require.NoError(t, err)
	require.Equal(t, "cache "+m.path("cache/providers"), got.Provider.Origin, "it was kept")
	left, err := filepath.Glob(m.path("cache/providers/registry.terraform.io/hashicorp/aws/5.100.0/.*"))
	require.NoError(t, err)
	require.Empty(t, left, "no scratch folder is left")
}
