package toolchain_test

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain"
)

// target is this machine's OS_ARCH.
var target = runtime.GOOS + "_" + runtime.GOARCH

// machine is a computer made of temporary folders, with nothing installed.
type machine struct {
	t   *testing.T
	dir string
	cfg toolchain.Config

	mu    sync.Mutex
	lines []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	m.cfg = toolchain.Config{
		// The one product that is not looked for in the vendor's releases, so
		// that no test reaches for the network.
		Product:  toolchain.OpenTofu,
		CacheDir: m.path("cache"),
		DataDirs: []string{m.path("opt")},
		Environ:  map[string]string{"PATH": m.path("bin"), "HOME": m.path("home"), "XDG_DATA_DIRS": m.path("share")},
		Progress: func(line string) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.lines = append(m.lines, line)
		},
	}
	return m
}

func (m *machine) path(elem ...string) string {
	return filepath.Join(append([]string{m.dir}, elem...)...)
}

func (m *machine) progress() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.lines, "\n")
}

// file writes a file with a mode and returns its path.
func (m *machine) file(path, content string, mode os.FileMode) string {
	m.t.Helper()
	path = m.path(path)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(m.t, toolchain.WriteProgram(path, strings.NewReader(content), mode))
	return path
}

// program writes a shell script.
func (m *machine) program(path, script string) string {
	m.t.Helper()
	return m.file(path, "#!/bin/sh\n"+script+"\n", 0o755)
}

// engine writes an engine that knows its version and, with init, how to fetch
// a provider.
func (m *machine) engine(path, title, version string) string {
	m.t.Helper()
	return m.program(path, fmt.Sprintf(`echo "%s v%s"; echo "on %s"`, title, version, target))
}

// provider writes an unpacked provider into a mirror and returns the path of
// its executable.
func (m *machine) provider(mirror, version string) string {
	m.t.Helper()
	return m.program(filepath.Join(mirror, "registry.terraform.io/hashicorp/aws", version, target,
		"terraform-provider-aws_v"+version+"_x5"), "exit 1")
}

// zipped writes a packed provider into a mirror.
func (m *machine) zipped(mirror, version, member string) string {
	m.t.Helper()
	path := m.file(filepath.Join(mirror, "registry.terraform.io/hashicorp/aws",
		fmt.Sprintf("terraform-provider-aws_%s_%s.zip", version, target)), "", 0o644)
	out, err := os.Create(path)
	require.NoError(m.t, err)
	w := zip.NewWriter(out)
	header := &zip.FileHeader{Name: member, Method: zip.Deflate}
	header.SetMode(0o755)
	part, err := w.CreateHeader(header)
	require.NoError(m.t, err)
	_, err = part.Write([]byte("#!/bin/sh\n"))
	require.NoError(m.t, err)
	require.NoError(m.t, w.Close())
	require.NoError(m.t, out.Close())
	return path
}

// foreign writes a program of another architecture.
func (m *machine) foreign(path string) string {
	m.t.Helper()
	if runtime.GOOS != "linux" {
		m.t.Skip("made by changing an ELF header, which programs of this system don't have")
	}
	self, err := os.Executable()
	require.NoError(m.t, err)
	data, err := os.ReadFile(self)
	require.NoError(m.t, err)
	const machineField = 18 // e_machine, two bytes
	copy(data[machineField:], []byte{0xf3, 0})
	return m.file(path, string(data), 0o755)
}

func (m *machine) ensure() (toolchain.Toolchain, error) {
	m.t.Helper()
	return toolchain.Ensure(m.t.Context(), m.cfg)
}
