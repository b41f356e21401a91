package toolchain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/keywright/keywright/internal/cache"
)

// builtEngine builds the engine from its Go module. It needs the go command
// and a module proxy, nothing else.
func (cfg Config) builtEngine(ctx context.Context) (Engine, error) {
	t := products[cfg.Product]
	goCommands := cfg.lookPath("go")
	if len(goCommands) == 0 {
		return Engine{}, fmt.Errorf("the go command is not on PATH: %w", errAbsent)
	}
	dir := cfg.engineDir(t.module.version)
	cfg.progress("building %s %s from its Go module (about 5 minutes on 2 cores) into %s", t.title, t.module.version, dir)
	err := cache.Install(ctx, dir, cfg.Progress, func(scratch string) error {
		return cfg.goBuild(ctx, goCommands[0], scratch)
	})
	if err != nil {
		return Engine{}, err
	}
	return inspectEngine(ctx, filepath.Join(dir, t.binary), cfg.Product, "build of "+t.module.path)
}

// goBuild builds the engine into dir from a module written for it: unlike "go
// install pkg@version" such a module may hold the replace that OpenTofu needs,
// so that one way serves both.
func (cfg Config) goBuild(ctx context.Context, goCommand, dir string) error {
	t := products[cfg.Product]
	work, err := os.MkdirTemp(filepath.Dir(dir), ".build-*")
	if err != nil {
		return fmt.Errorf("making build folder: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "go.mod"), []byte(t.module.goMod()), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, goCommand, "build", "-mod=mod", "-trimpath",
		"-ldflags", t.module.ldflags(), "-o", filepath.Join(dir, t.binary), t.module.command)
	cmd.Dir = work
	// The caller's build settings are for the caller's modules.
	cmd.Env = cfg.environ(map[string]string{"GOFLAGS": "", "GOWORK": "off", "CGO_ENABLED": "0", "GOOS": "", "GOARCH": ""})
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s v%s: %w\n%s", t.module.command, t.module.version, err, tail(out))
	}
	return nil
}

func (m goModule) goMod() string {
	text := fmt.Sprintf("module engine\n\ngo 1.26\n\nrequire %s v%s\n", m.path, m.version)
	if m.replace != "" {
		text += "\nreplace " + m.replace + "\n"
	}
	return text
}

// ldflags strips symbols and marks the build as a release: both engines call
// any other build "-dev", which fails every required_version.
func (m goModule) ldflags() string { return fmt.Sprintf("-s -w -X %s/version.dev=no", m.path) }

// tailBytes is how much of a failed build's output is kept: the error is at
// its end.
const tailBytes = 2000

func tail(out []byte) []byte { return out[max(0, len(out)-tailBytes):] }
