package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/keywright/keywright/harness/runner"
	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/internal/lazyregexp"
	"github.com/keywright/keywright/kmsemu/store"
)

// reuse is what one package's tests keep for their next run: the emulator's state,
// and the roots with theirs. A nil one keeps nothing.
type reuse struct {
	dir    string
	folder *store.Folder

	mu   sync.Mutex
	made map[string]int // how many of each name
}

// openReuse opens what is kept below dir for this package and these tools: what
// another engine or provider made is another's. What a run left in the middle of an
// apply is thrown away, since keys may exist that no state knows.
func openReuse(dir string, tools toolchain.Toolchain) (*reuse, error) {
	name := fmt.Sprintf("%s-%s-aws-%s", tools.Engine.Product, tools.Engine.Version, tools.Provider.Version)
	r := &reuse{dir: filepath.Join(dir, filepath.FromSlash(packageName()), name), made: map[string]int{}}
	folder, err := store.Open(filepath.Join(r.dir, "emulator"))
	if err != nil {
		return nil, fmt.Errorf("opening KEYWRIGHT_REUSE: %w", err)
	}
	if err := label(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("opening KEYWRIGHT_REUSE: %w", err), folder.Close())
	}
	cutOff, err := runner.CutOff(r.roots())
	if err == nil && cutOff {
		note("the last run ended in the middle of an apply: what it kept is thrown away")
		err = errors.Join(folder.Close(), os.RemoveAll(r.dir))
		if err == nil {
			folder, err = store.Open(filepath.Join(r.dir, "emulator"))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening KEYWRIGHT_REUSE: %w", err)
	}
	if _, err := os.Stat(r.roots()); errors.Is(err, os.ErrNotExist) {
		note(fmt.Sprintf("what is applied is kept in %s, and used again until that is deleted", r.dir))
	}
	r.folder = folder
	return r, nil
}

// label keeps the folder out of backups, of git, and of the copies of a root module
// that it lies in.
func label(dir string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, runner.CacheTag), []byte(runner.CacheSignature+"\n# What tests applied, for their next run. It may be deleted.\n"), 0o600),
		os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o600))
}

// note tells whoever runs the tests.
func note(line string) { fmt.Fprintln(os.Stderr, "keywright:", line) }

func (r *reuse) roots() string { return filepath.Join(r.dir, "roots") }

// root is the folder of a test's next workspace of a root module; "" for none.
func (r *reuse) root(test, dir string) string {
	if r == nil {
		return ""
	}
	return filepath.Join(r.roots(), notInName.Compiled().ReplaceAllString(test, "_")+"-"+r.next(test, dir))
}

var notInName = lazyregexp.New(`[^A-Za-z0-9_-]+`)

// next is a suffix for what a test makes next by a name: in the test's next run it
// is the same.
func (r *reuse) next(test, name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := test + "\x00" + name
	r.made[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, r.made[key]))
	return hex.EncodeToString(sum[:4])
}

// close lets go of the folder.
func (r *reuse) close() error {
	if r == nil {
		return nil
	}
	return r.folder.Close()
}

// leave ends whatever still runs in the root's workspace and keeps what is applied.
func (r *root) leave(ctx context.Context, reason string) error {
	r.once.Do(func() {
		r.err = errors.Join(r.workspace.Stop(ctx, reason), r.workspace.Close())
	})
	return r.err
}

// packageName is the import path of the package that is tested.
func packageName() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Path != "" {
		return strings.TrimSuffix(info.Path, ".test")
	}
	return "package"
}
