package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoPython says that the machine has no Python that serves. Errors that wrap
// it list what was looked at.
var ErrNoPython = errors.New("no usable Python 3.12 or newer")

const remedy = "install Python 3.12 or newer with its venv module (python3.12-venv on Debian and Ubuntu, python@3.13 of Homebrew, or a version of pyenv), or name its path"

// names are the interpreters to look for on PATH, the preferred ones first: pinned
// packages are built for these.
var names = []string{"python3.13", "python3.12", "python3", "python"}

// probeTimeout bounds a look at one interpreter, in case the program is something
// else altogether.
const probeTimeout = 30 * time.Second

// probe tells version and path, and fails where environments can't be made:
// some systems package ensurepip apart.
const probe = `import sys, ensurepip, venv
print(".".join(map(str, sys.version_info[:3])), sys.executable)
sys.exit(0 if sys.version_info >= (3, 12) else "it is older than 3.12")`

// interpreter is a Python that serves.
type interpreter struct {
	version string // such as "3.12.1"
	path    string // absolute, behind whatever wrapper it was found by
}

// find returns the first candidate that serves.
func (cfg Config) find(ctx context.Context) (interpreter, error) {
	candidates := []string{cfg.Path}
	if cfg.Path == "" {
		candidates = cfg.candidates()
	}
	var tried []string
	for _, path := range candidates {
		found, err := cfg.inspect(ctx, path)
		if err == nil {
			return found, nil
		}
		if ctx.Err() != nil {
			return found, fmt.Errorf("looking at %s: %w", path, ctx.Err())
		}
		tried = append(tried, fmt.Sprintf("\n  %s: %v", path, err))
	}
	if tried == nil {
		tried = []string{"\n  PATH and pyenv's versions: none there"}
	}
	return interpreter{}, fmt.Errorf("%w:%s\n%s", ErrNoPython, strings.Join(tried, ""), remedy)
}

// candidates lists PATH's interpreters, then those of pyenv.
func (cfg Config) candidates() []string {
	var list []string
	for _, name := range names {
		for _, dir := range filepath.SplitList(cfg.Environ["PATH"]) {
			// Relative folders are skipped, as os/exec does.
			if path := filepath.Join(dir, name); filepath.IsAbs(dir) && isFile(path) {
				list = append(list, path)
			}
		}
	}
	root := cfg.Environ["PYENV_ROOT"]
	if home := cfg.Environ["HOME"]; root == "" && home != "" {
		root = filepath.Join(home, ".pyenv")
	}
	if root == "" {
		return list
	}
	for _, version := range []string{"3.13", "3.12", "3"} {
		// The pattern is well formed, which is all that Glob can complain about.
		found, _ := filepath.Glob(filepath.Join(root, "versions", version+".*", "bin", "python3"))
		list = append(list, found...)
	}
	return list
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// inspect runs an interpreter to learn what it is.
func (cfg Config) inspect(ctx context.Context, path string) (interpreter, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var complaint strings.Builder
	cmd := exec.CommandContext(ctx, path, "-c", probe)
	cmd.Env, cmd.Stderr = pairs(cfg.Environ), &complaint
	out, err := cmd.Output()
	if err != nil {
		return interpreter{}, fmt.Errorf("%w: %s", err, lastLine(complaint.String()))
	}
	version, real, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if !ok {
		return interpreter{}, fmt.Errorf("it is not Python: it says %q", tail(out))
	}
	return interpreter{version, real}, nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
