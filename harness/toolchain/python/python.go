// Package python makes environments of pinned Python packages and runs programs
// of theirs: clients that test the emulator, and the emulators it is compared
// with.
//
//	env, err := python.Ensure(ctx, cfg, python.Requirements{Name: "clients", Text: pinned})
//	out, err := env.Command(ctx, "-m", "awscli", "--version").Output()
//
// [Ensure] finds a Python of version 3.12 or newer, makes a virtual environment
// in the cache, once for each set of requirements, and installs them with pip,
// which obeys its own configuration in the caller's environment. [Environment.Serve]
// starts a server that ends with this process.
//
// It installs no Python: without one Ensure returns [ErrNoPython] and says what
// to install.
package python

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/keywright/keywright/internal/cache"
)

// Config says where to look and what to work with.
type Config struct {
	// Path is the interpreter to use; "" means search. A path that is given is
	// final: when it does not serve, no other is tried.
	Path string
	// CacheDir is where environments are kept, in its folder "python". It is made
	// when needed and must be set.
	CacheDir string
	// Environ holds the environment variables to work with, by name: PATH, HOME,
	// PYENV_ROOT, proxies and pip's own settings. Nil means none.
	Environ map[string]string
	// Progress receives one line for each thing done that takes time; nil
	// discards them.
	Progress func(line string)
}

// Requirements is a set of packages in the format of pip's requirement files.
// It must pin everything, also what its packages need: nothing else is installed.
type Requirements struct {
	Name string // a file name for the environment's folder, such as "localstack"
	Text []byte
}

// Environment is an installed set of requirements.
type Environment struct {
	// Python is the absolute path of the environment's interpreter. Programs are
	// run as its modules: those in its folder do not know where they are.
	Python string

	environ map[string]string
}

// Ensure finds or installs an environment with the requirements. The error wraps
// [ErrNoPython] when there is no interpreter to make it with. Installs are atomic
// and safe to run from several processes at once.
func Ensure(ctx context.Context, cfg Config, r Requirements) (Environment, error) {
	if cfg.CacheDir == "" {
		return Environment{}, errors.New("python: CacheDir is empty: set it to a folder that may keep about 1 GB")
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	found, err := cfg.find(ctx)
	if err != nil {
		return Environment{}, err
	}
	dir, err := filepath.Abs(filepath.Join(cfg.CacheDir, "python", r.Name+"-"+found.version+"-"+r.key(found)))
	if err != nil {
		return Environment{}, fmt.Errorf("resolving the cache folder %q: %w", cfg.CacheDir, err)
	}
	err = cache.Install(ctx, dir, cfg.Progress, func(scratch string) error {
		cfg.Progress(fmt.Sprintf("installing %s for Python %s into %s", r.Name, found.version, dir))
		return cfg.make(ctx, found, installation{r, scratch})
	})
	if err != nil {
		return Environment{}, fmt.Errorf("installing Python environment %s: %w", r.Name, err)
	}
	return Environment{Python: filepath.Join(dir, "bin", "python"), environ: cfg.Environ}, nil
}

// key tells environments apart: by what is in them, and by the interpreter that
// they point to.
func (r Requirements) key(with interpreter) string {
	sum := sha256.New()
	for _, part := range [][]byte{r.Text, []byte(with.path), []byte(with.version), []byte(runtime.GOARCH)} {
		sum.Write(fmt.Appendf(nil, "%d:%s", len(part), part))
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// installation is a set of requirements and the folder it goes to.
type installation struct {
	Requirements
	dir string
}

// make makes the environment. That its folder is renamed later does not matter to
// an interpreter that is started by its path.
func (cfg Config) make(ctx context.Context, with interpreter, i installation) error {
	list := filepath.Join(i.dir, "requirements.txt")
	steps := [][]string{
		{with.path, "-m", "venv", i.dir},
		{filepath.Join(i.dir, "bin", "python"), "-m", "pip", "install", "--no-deps", "--no-input",
			"--disable-pip-version-check", "--quiet", "--requirement", list},
	}
	if err := os.WriteFile(list, i.Text, 0o644); err != nil {
		return err
	}
	for _, argv := range steps {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = pairs(cfg.Environ)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("running %v: %w\n%s", argv, err, tail(out))
		}
	}
	return nil
}

// Command is a command that runs the interpreter with the arguments and the
// environment's variables, which the caller may add to.
func (e Environment) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.Python, args...)
	cmd.Env = pairs(e.environ)
	return cmd
}

// pairs is env as os/exec wants it. Variables that lead Python to the packages of
// another environment are left out.
func pairs(env map[string]string) []string {
	list := []string{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if name != "PYTHONPATH" && name != "PYTHONHOME" && name != "VIRTUAL_ENV" {
			list = append(list, name+"="+env[name])
		}
	}
	return list
}

// tailBytes is how much of a failed program's output is kept: the error is at
// its end.
const tailBytes = 4000

func tail(out []byte) []byte { return out[max(0, len(out)-tailBytes):] }
