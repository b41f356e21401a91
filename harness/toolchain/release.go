package toolchain

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"

	"github.com/keywright/keywright/internal/cache"
)

// releaseTimeout bounds one download of about 30 MB with its checksums.
const releaseTimeout = 5 * time.Minute

// releasedEngine installs Terraform from the vendor's releases; hc-install
// verifies the archive's checksum and the checksums' signature.
func (cfg Config) releasedEngine(ctx context.Context) (Engine, error) {
	wanted := version.Must(version.NewVersion(products[cfg.Product].released))
	dir := cfg.engineDir(wanted.String())
	cfg.progress("installing %s %s from the vendor's releases into %s", cfg.engineName(), wanted, dir)
	err := cache.Install(ctx, dir, cfg.Progress, func(scratch string) error {
		release := &releases.ExactVersion{
			Product: product.Terraform, Version: wanted, InstallDir: scratch, Timeout: releaseTimeout,
		}
		if _, err := release.Install(ctx); err != nil {
			return fmt.Errorf("downloading %s %s: %w", cfg.Product, wanted, err)
		}
		return nil
	})
	if err != nil {
		return Engine{}, err
	}
	return inspectEngine(ctx, filepath.Join(dir, products[cfg.Product].binary), cfg.Product, "vendor's releases")
}
