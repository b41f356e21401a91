package toolchain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/keywright/keywright/internal/cache"
)

// registryRoot is a root module that does nothing but require the provider.
const registryRoot = `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "%s"
    }
  }
}
`

// registered lets the engine's own init fetch the provider: it knows the
// registry protocol, proxies and signatures better than a second
// implementation would.
func (s *providerSearch) registered(ctx context.Context) (Provider, error) {
	cfg, dir := s.cfg, s.cfg.packageDir(registryProvider)
	cfg.progress("installing the AWS provider %s (about 700 MB unpacked) from %s into %s",
		registryProvider, s.engine.Product.RegistryHost(), dir)
	err := cache.Install(ctx, dir, cfg.Progress, func(scratch string) error { return s.fetch(ctx, scratch) })
	if err != nil {
		return Provider{}, err
	}
	path, err := executableIn(dir)
	return Provider{Address: AWSProvider, Version: registryProvider, Path: path, Origin: "registry"}, err
}

// fetch runs init in a root of its own and moves the package it got to dir.
func (s *providerSearch) fetch(ctx context.Context, dir string) error {
	root, err := os.MkdirTemp(filepath.Dir(dir), ".init-*")
	if err != nil {
		return fmt.Errorf("making scratch root: %w", err)
	}
	defer os.RemoveAll(root)
	main := fmt.Appendf(nil, registryRoot, registryProvider)
	if err := os.WriteFile(filepath.Join(root, "main.tf"), main, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.engine.Path, "init", "-input=false", "-no-color", "-backend=false")
	cmd.Dir = root
	// The empty variables keep a plugin cache or a mirror that was found broken
	// from answering in the registry's place.
	cmd.Env = s.cfg.environ(map[string]string{
		"TF_CLI_CONFIG_FILE": os.DevNull, "TF_PLUGIN_CACHE_DIR": "", "TF_CLI_ARGS": "", "TF_CLI_ARGS_init": "",
		"TF_DATA_DIR": "", "TF_REATTACH_PROVIDERS": "", "TF_LOG": "", "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1",
	})
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s init: %w\n%s", s.engine.Product, err, tail(out))
	}
	fetched := filepath.Join(root, ".terraform", "providers", s.engine.Product.RegistryHost(),
		AWSProvider, registryProvider, platform())
	if err := os.Remove(dir); err != nil { // it is empty, and in the way
		return err
	}
	return os.Rename(fetched, dir)
}
