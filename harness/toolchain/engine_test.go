package toolchain_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain"
)

func TestEngineOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		install func(m *machine)
		want    toolchain.Engine // Path relative to the machine
	}{
		{
			name: "a given path before PATH",
			install: func(m *machine) {
				m.cfg.EnginePath = m.engine("given/tofu", "OpenTofu", "1.9.0")
				m.engine("bin/tofu", "OpenTofu", "1.10.0")
			},
			want: toolchain.Engine{Product: toolchain.OpenTofu, Version: "1.9.0", Path: "given/tofu", Origin: "the path given"},
		},
		{
			name: "a given path tells its product",
			install: func(m *machine) {
				m.cfg.Product = ""
				m.cfg.EnginePath = m.engine("given/engine", "Terraform", "1.11.4")
			},
			want: toolchain.Engine{Product: toolchain.Terraform, Version: "1.11.4", Path: "given/engine", Origin: "the path given"},
		},
		{
			name: "PATH before the cache",
			install: func(m *machine) {
				m.engine("bin/tofu", "OpenTofu", "1.9.0")
				m.engine("cache/engines/opentofu_1.12.6/tofu", "OpenTofu", "1.12.6")
			},
			want: toolchain.Engine{Product: toolchain.OpenTofu, Version: "1.9.0", Path: "bin/tofu", Origin: "PATH"},
		},
		{
			name: "Terraform is the default on PATH",
			install: func(m *machine) {
				m.cfg.Product = ""
				m.engine("bin/tofu", "OpenTofu", "1.12.6")
				m.engine("bin/terraform", "Terraform", "1.8.5")
			},
			want: toolchain.Engine{Product: toolchain.Terraform, Version: "1.8.5", Path: "bin/terraform", Origin: "PATH"},
		},
		{
			name: "an old engine in front does not hide a newer one behind",
			install: func(m *machine) {
				m.cfg.Environ["PATH"] = m.path("old") + string(os.PathListSeparator) + m.path("bin")
				m.engine("old/tofu", "OpenTofu", "1.7.9")
				m.engine("bin/tofu", "OpenTofu", "1.8.0")
			},
			want: toolchain.Engine{Product: toolchain.OpenTofu, Version: "1.8.0", Path: "bin/tofu", Origin: "PATH"},
		},
		{
			name: "the newest of the cache",
			install: func(m *machine) {
				m.engine("cache/engines/opentofu_1.9.0/tofu", "OpenTofu", "1.9.0")
				m.engine("cache/engines/opentofu_1.12.6/tofu", "OpenTofu", "1.12.6")
			},
			want: toolchain.Engine{Product: toolchain.OpenTofu, Version: "1.12.6", Path: "cache/engines/opentofu_1.12.6/tofu", Origin: "cache"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.provider("opt/mirror", "5.100.0")
			tt.install(m)
			got, err := m.ensure()
			require.NoError(t, err)
			tt.want.Path = m.path(tt.want.Path)
			if diff := cmp.Diff(tt.want, got.Engine); diff != "" {
				t.Errorf("engine (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEngineRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		install func(m *machine)
		want    []string // parts of the error
		is      error
	}{
		{
			name:    "nothing anywhere",
			install: func(*machine) {},
			want:    []string{"no usable OpenTofu", "PATH: tofu: not there", "the cache", "the go command is not on PATH", "put tofu 1.8.0 or newer on PATH"},
		},
		{
			name:    "too old",
			install: func(m *machine) { m.engine("bin/tofu", "OpenTofu", "1.7.9") },
			want:    []string{"is version 1.7.9: 1.8.0 or newer is needed"},
		},
		{
			name: "another product",
			install: func(m *machine) {
				m.cfg.EnginePath = m.engine("given/terraform", "Terraform", "1.11.4")
			},
			want: []string{"is terraform, not opentofu"},
		},
		{
			name: "a given path is final",
			install: func(m *machine) {
				m.cfg.EnginePath = m.path("given/none")
				m.engine("bin/tofu", "OpenTofu", "1.12.6")
			},
			want: []string{"the path given", "no such file"},
			is:   os.ErrNotExist,
		},
		{
			name: "not executable",
			install: func(m *machine) {
				m.cfg.EnginePath = m.file("given/tofu", "#!/bin/sh\n", 0o644)
			},
			want: []string{"is not executable: run chmod +x on it"},
		},
		{
			name:    "another architecture",
			install: func(m *machine) { m.cfg.EnginePath = m.foreign("given/tofu") },
			want:    []string{"wrong architecture", "EM_RISCV", target},
			is:      toolchain.ErrWrongArchitecture,
		},
		{
			name:    "a truncated download",
			install: func(m *machine) { m.cfg.EnginePath = m.file("given/tofu", "\x7fELF", 0o755) },
			want:    []string{"is a damaged program"},
		},
		{
			name:    "something else",
			install: func(m *machine) { m.program("bin/tofu", `echo "tofu press 3000"`) },
			want:    []string{`is neither Terraform nor OpenTofu: its version command says "tofu press 3000"`},
		},
		{
			name:    "an unknown product",
			install: func(m *machine) { m.cfg.Product = "pulumi" },
			want:    []string{`unknown engine product "pulumi"`},
		},
		{
			name:    "no cache folder",
			install: func(m *machine) { m.cfg.CacheDir = "" },
			want:    []string{"CacheDir is empty"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.provider("opt/mirror", "5.100.0")
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

// goCommand stands for the go command: it notes each build and makes an engine.
const goCommand = `
echo "$@" >>"$RECORD"
cp go.mod "$RECORD.mod"
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\necho OpenTofu v1.12.6\n' >"$2" && chmod +x "$2"
`

func TestEngineBuild(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.provider("opt/mirror", "5.100.0")
	m.cfg.Environ["PATH"] += string(os.PathListSeparator) + "/usr/bin" + string(os.PathListSeparator) + "/bin"
	m.cfg.Environ["RECORD"] = m.path("record")
	m.program("bin/go", goCommand)

	var group sync.WaitGroup
	for range 4 { // several processes start at once
		group.Go(func() {
			tools, err := m.ensure()
			if err != nil {
				t.Errorf("ensure: %v", err)
				return
			}
			if want := m.path("cache/engines/opentofu_1.12.6/tofu"); tools.Engine.Path != want {
				t.Errorf("path: got %s, want %s", tools.Engine.Path, want)
			}
		})
	}
	group.Wait()

	record, err := os.ReadFile(m.path("record"))
	require.NoError(t, err)
	require.Regexp(t, `^build -mod=mod -trimpath -ldflags -s -w -X github.com/opentofu/opentofu/version.dev=no`+
		` -o \S+/tofu github.com/opentofu/opentofu/cmd/tofu\n$`, string(record), "one build, of this package")
	module, err := os.ReadFile(m.path("record.mod"))
	require.NoError(t, err)
	require.Contains(t, string(module), "require github.com/opentofu/opentofu v1.12.6\n")
	require.Contains(t, string(module), "replace github.com/hashicorp/hcl/v2 v2.20.1 => github.com/opentofu/hcl/v2 ")
	require.Contains(t, m.progress(), "building OpenTofu 1.12.6 from its Go module")
	require.Contains(t, m.progress(), m.path("cache"), "it says where")
}

func TestEngineBuildFails(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program("bin/go", `echo "dial tcp: lookup proxy: no such host" >&2; exit 1`)
	_, err := m.ensure()
	var missing *toolchain.NotFoundError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "lookup proxy: no such host")
	left, err := filepath.Glob(m.path("cache/engines/*tofu*"))
	require.NoError(t, err)
	require.Equal(t, []string{m.path("cache/engines/opentofu_1.12.6.lock")}, left, "no half install")
}

func TestEnsureCancelled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.engine("bin/tofu", "OpenTofu", "1.12.6")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := toolchain.Ensure(ctx, m.cfg)
	require.ErrorIs(t, err, context.Canceled)
}
