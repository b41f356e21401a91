package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// versionTimeout bounds the engine's version command, in case the program is
// something else altogether.
const versionTimeout = 30 * time.Second

// ensureEngine goes through the places an engine can come from.
func ensureEngine(ctx context.Context, cfg Config) (Engine, error) {
	sources := []source[Engine]{cfg.engineAt("the path given", cfg.EnginePath)}
	if cfg.EnginePath == "" {
		if cfg.Product == "" {
			cfg.Product = Terraform
		}
		if err := cfg.Product.known(); err != nil {
			return Engine{}, err
		}
		sources = cfg.engineSources()
	}
	engine, attempts, err := firstOf(ctx, sources, cfg.progress)
	if errors.Is(err, errAbsent) {
		return Engine{}, &NotFoundError{What: cfg.engineName(), Attempts: attempts, Remedy: cfg.engineRemedy()}
	}
	return engine, err
}

func (cfg Config) engineSources() []source[Engine] {
	list := []source[Engine]{
		{origin: "PATH", get: cfg.engineOnPath},
		{origin: "the cache " + cfg.CacheDir, get: cfg.engineInCache},
	}
	if products[cfg.Product].released != "" {
		list = append(list, source[Engine]{origin: "the vendor's releases", get: cfg.releasedEngine})
	}
	return append(list, source[Engine]{origin: "a build of its Go module", get: cfg.builtEngine})
}

// engineAt is the source for one known executable.
func (cfg Config) engineAt(origin, path string) source[Engine] {
	return source[Engine]{origin: origin, get: func(ctx context.Context) (Engine, error) {
		return inspectEngine(ctx, path, cfg.Product, origin)
	}}
}

// engineOnPath tries every match on PATH, not the first alone: a broken or old
// one in front must not hide a good one behind.
func (cfg Config) engineOnPath(ctx context.Context) (Engine, error) {
	var broken []error
	for _, path := range cfg.lookPath(products[cfg.Product].binary) {
		engine, err := inspectEngine(ctx, path, cfg.Product, "PATH")
		if err == nil {
			return engine, nil
		}
		broken = append(broken, err)
	}
	if len(broken) == 0 {
		return Engine{}, fmt.Errorf("%s: %w", products[cfg.Product].binary, errAbsent)
	}
	return Engine{}, errors.Join(broken...)
}

// lookPath returns the files called name in the folders of PATH.
func (cfg Config) lookPath(name string) []string {
	var found []string
	for _, dir := range filepath.SplitList(cfg.Environ["PATH"]) {
		// Relative folders are skipped, as os/exec does: what they hold depends
		// on where one stands.
		if !filepath.IsAbs(dir) {
			continue
		}
		path := filepath.Join(dir, name)
		if err := checkExecutable(path); err == nil || errors.Is(err, ErrWrongArchitecture) {
			found = append(found, path)
		}
	}
	return found
}

// engineInCache takes the newest engine that installs of other runs left.
func (cfg Config) engineInCache(ctx context.Context) (Engine, error) {
	t := products[cfg.Product]
	matches, err := filepath.Glob(filepath.Join(cfg.CacheDir, "engines", string(cfg.Product)+"_*", t.binary))
	if err != nil {
		return Engine{}, fmt.Errorf("listing the cache: %w", err)
	}
	var best Engine
	var broken []error
	for _, path := range matches {
		engine, err := inspectEngine(ctx, path, cfg.Product, "cache")
		if err != nil {
			broken = append(broken, err)
			continue
		}
		if best.Path == "" || newer(engine.Version, best.Version) {
			best = engine
		}
	}
	if best.Path == "" && len(broken) == 0 {
		return best, errAbsent
	}
	if best.Path == "" {
		return best, errors.Join(broken...)
	}
	return best, nil
}

// engineDir is the cache folder of one engine.
func (cfg Config) engineDir(version string) string {
	return filepath.Join(cfg.CacheDir, "engines", string(cfg.Product)+"_"+version)
}

var versionLine = lazyregexp.New(`(?m)^(Terraform|OpenTofu) v(\S+)$`)

// inspectEngine runs path's version command; product "" accepts either.
func inspectEngine(ctx context.Context, path string, product Product, origin string) (Engine, error) {
	if err := checkExecutable(path); err != nil {
		return Engine{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = []string{"CHECKPOINT_DISABLE=1"}
	cmd.Dir = filepath.Dir(path) // away from the caller's folder, whose lock file it would read
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		return Engine{}, fmt.Errorf("%w: %s does not run on %s", ErrWrongArchitecture, path, platform())
	}
	if err != nil {
		return Engine{}, fmt.Errorf("running %s version: %w\n%s", path, err, out)
	}
	m := versionLine.Compiled().FindSubmatch(out)
	if m == nil {
		return Engine{}, fmt.Errorf("%s is neither Terraform nor OpenTofu: its version command says %q", path, firstLine(out))
	}
	engine := Engine{Product: productTitled(string(m[1])), Version: string(m[2]), Path: path, Origin: origin}
	return engine, engine.suits(product)
}

// suits checks product and version floor.
func (e Engine) suits(product Product) error {
	if product != "" && e.Product != product {
		return fmt.Errorf("%s is %s, not %s", e.Path, e.Product, product)
	}
	if oldest := products[e.Product].oldest; newer(oldest, e.Version) {
		return fmt.Errorf("%s is version %s: %s or newer is needed", e.Path, e.Version, oldest)
	}
	return nil
}

func productTitled(title string) Product {
	for p, t := range products {
		if t.title == title {
			return p
		}
	}
	return ""
}

// newer reports whether version a is above b; a malformed version is never
// above another and always below.
func newer(a, b string) bool {
	va, err := version.NewVersion(a)
	if err != nil {
		return false
	}
	vb, err := version.NewVersion(b)
	return err != nil || va.GreaterThan(vb)
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

func (cfg Config) engineName() string {
	if cfg.Product == "" {
		return "engine"
	}
	return products[cfg.Product].title
}

func (cfg Config) engineRemedy() string {
	if cfg.EnginePath != "" {
		return "name another program, or none to have one found"
	}
	return fmt.Sprintf("put %s %s or newer on PATH, name its path, or allow access to the vendor's releases or to a Go module proxy",
		products[cfg.Product].binary, products[cfg.Product].oldest)
}
