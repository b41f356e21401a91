package python_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/harness/toolchain/python"
)

// machine is a computer made of temporary folders, with nothing installed.
type machine struct {
	*testing.T
	dir string
	cfg python.Config

	mu    sync.Mutex
	lines []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{T: t, dir: t.TempDir()}
	m.cfg = python.Config{
		CacheDir: m.path("cache"),
		Environ:  map[string]string{"PATH": m.path("bin") + ":/usr/bin:/bin", "HOME": m.path("home"), "PYTHONPATH": "/elsewhere", "PIP_INDEX_URL": "the caller's"},
		Progress: func(line string) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.lines = append(m.lines, line)
		},
	}
	// The system's own interpreters are in the way of the stubs.
	for _, name := range []string{"sh", "cat", "mkdir", "cp", "env", "grep"} {
		m.link(name)
	}
	m.cfg.Environ["PATH"] = m.path("bin")
	return m
}

func (m *machine) path(elem ...string) string {
	return filepath.Join(append([]string{m.dir}, elem...)...)
}

// link puts a tool that the stubs need into the machine's PATH.
func (m *machine) link(name string) {
	m.Helper()
	for _, dir := range []string{"/usr/bin", "/bin"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			require.NoError(m, os.MkdirAll(m.path("bin"), 0o755))
			require.NoError(m, os.Symlink(filepath.Join(dir, name), m.path("bin", name)))
			return
		}
	}
	m.Fatalf("%s is not on this machine", name)
}

// stub writes an interpreter that tells its version, makes environments that
// hold a copy of itself, and runs pip, which does what the script says.
func (m *machine) stub(path, version, pip string) string {
	m.Helper()
	path = m.path(path)
	script := fmt.Sprintf(`#!/bin/sh
case "$1 $2" in
"-c "*) case %[1]s in 3.1[2-9].*) echo "%[1]s $0";; *) echo "it is older than 3.12" >&2; exit 1;; esac;;
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python";;
"-m pip") echo "$@" >>%[2]s; env >>%[2]s; %[3]s;;
esac
`, version, m.path("record"), pip)
	require.NoError(m, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(m, toolchain.WriteProgram(path, strings.NewReader(script), 0o755))
	return path
}

func (m *machine) record() string {
	m.Helper()
	data, err := os.ReadFile(m.path("record"))
	require.NoError(m, err)
	return string(data)
}

var clients = python.Requirements{Name: "clients", Text: []byte("boto3==1.44.5\n")}

func TestEnsure(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.stub("bin/python3.12", "3.12.1", "true")
	env, err := python.Ensure(t.Context(), m.cfg, clients)
	require.NoError(t, err)
	require.FileExists(t, env.Python)
	require.True(t, strings.HasPrefix(env.Python, m.path("cache/python/clients-3.12.1-")), env.Python)
	require.Contains(t, strings.Join(m.lines, "\n"), "installing clients for Python 3.12.1")
	require.Contains(t, m.record(), "-m pip install --no-deps --no-input")
	require.Contains(t, m.record(), "PIP_INDEX_URL=the caller's", "pip's configuration is the caller's")
	require.NotContains(t, m.record(), "PYTHONPATH", "packages of elsewhere would hide those installed")

	again, err := python.Ensure(t.Context(), m.cfg, clients)
	require.NoError(t, err)
	require.Equal(t, env.Python, again.Python)
	require.Equal(t, 1, strings.Count(m.record(), "pip install"), "it was kept")

	other, err := python.Ensure(t.Context(), m.cfg, python.Requirements{Name: "clients", Text: []byte("boto3==1.44.4\n")})
	require.NoError(t, err)
	require.NotEqual(t, env.Python, other.Python, "other requirements, another environment")
}

// Of many that want the same environment one installs it.
func TestEnsureSideBySide(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.stub("bin/python3.12", "3.12.1", "true")
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { _, errs[i] = python.Ensure(t.Context(), m.cfg, clients) })
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 1, strings.Count(m.record(), "pip install"))
}

// An install that fails says why and leaves nothing, so that the next try does
// not take a half for the whole.
func TestFailedInstall(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.stub("bin/python3.12", "3.12.1", `echo "no such package" >&2; exit 1`)
	_, err := python.Ensure(t.Context(), m.cfg, clients)
	require.ErrorContains(t, err, "installing Python environment clients")
	require.ErrorContains(t, err, "no such package")
	left, err := filepath.Glob(m.path("cache/python/*"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, ".lock", filepath.Ext(left[0]))

	m.stub("bin/python3.12", "3.12.1", "true")
	_, err = python.Ensure(t.Context(), m.cfg, clients)
	require.NoError(t, err)
}

// Which interpreter is taken.
func TestSearch(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		install func(*machine)
		want    string // the version, which the environment's folder names
	}{
		{"3.13 before 3.12", func(m *machine) {
			m.stub("bin/python3.12", "3.12.7", "true")
			m.stub("bin/python3.13", "3.13.1", "true")
		}, "3.13.1"},
		{"a python3 that is new enough", func(m *machine) { m.stub("bin/python3", "3.14.0", "true") }, "3.14.0"},
		{"pyenv's version behind an old python3", func(m *machine) {
			m.stub("bin/python3", "3.11.7", "true")
			m.stub("home/.pyenv/versions/3.12.1/bin/python3", "3.12.1", "true")
		}, "3.12.1"},
		{"pyenv's versions elsewhere", func(m *machine) {
			m.cfg.Environ["PYENV_ROOT"] = m.path("pyenv")
			m.stub("home/.pyenv/versions/3.13.1/bin/python3", "3.13.1", "true")
			m.stub("pyenv/versions/3.12.1/bin/python3", "3.12.1", "true")
		}, "3.12.1"},
		{"a broken one in front", func(m *machine) {
			require.NoError(m, toolchain.WriteProgram(m.path("bin/python3.13"), strings.NewReader("#!/bin/sh\nexit 127\n"), 0o755))
			m.stub("bin/python3.12", "3.12.1", "true")
		}, "3.12.1"},
		{"the path given", func(m *machine) {
			m.stub("bin/python3.13", "3.13.1", "true")
			m.cfg.Path = m.stub("mine/python", "3.12.2", "true")
		}, "3.12.2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			row.install(m)
			env, err := python.Ensure(t.Context(), m.cfg, clients)
			require.NoError(t, err)
			require.Contains(t, env.Python, "clients-"+row.want+"-")
		})
	}
}

func TestNoPython(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		install func(*machine)
		want    string
	}{
		{"none", func(*machine) {}, "PATH and pyenv's versions: none there"},
		{"too old", func(m *machine) { m.stub("bin/python3", "3.11.7", "true") }, "bin/python3: exit status 1: it is older than 3.12"},
		{"something else", func(m *machine) {
			require.NoError(m, toolchain.WriteProgram(m.path("bin/python3"), strings.NewReader("#!/bin/sh\necho hello\n"), 0o755))
		}, `it is not Python: it says "hello`},
		{"the path given is final", func(m *machine) {
			m.stub("bin/python3", "3.12.1", "true")
			m.cfg.Path = m.path("none")
		}, "no such file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			row.install(m)
			_, err := python.Ensure(t.Context(), m.cfg, clients)
			require.ErrorIs(t, err, python.ErrNoPython)
			require.ErrorContains(t, err, row.want)
			require.ErrorContains(t, err, "install Python 3.12 or newer")
		})
	}
}

func TestCacheDirIsNeeded(t *testing.T) {
	t.Parallel()
	_, err := python.Ensure(t.Context(), python.Config{}, clients)
	require.ErrorContains(t, err, "CacheDir is empty")
}
