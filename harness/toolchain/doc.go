// Package toolchain finds, or installs, the two programs a run needs: the
// engine (Terraform or OpenTofu) and the AWS provider.
//
// [Ensure] does both and is the only call most users need:
//
//	tools, err := toolchain.Ensure(ctx, toolchain.Config{CacheDir: dir, Environ: env})
//
// It looks at the places of [Config] in a fixed order, says through
// Config.Progress what it does and where it keeps what it installs, and when
// nothing helps returns a [*NotFoundError] that lists every place with what was
// wrong there.
//
// # Order
//
//   - Engine: Config.EnginePath; PATH; the cache; the vendor's releases,
//     checksum and signature verified (Terraform only); a build of the engine's
//     own Go module, for networks that serve Go modules alone.
//   - Provider: Config.ProviderPath; Config.ProviderDirs; the mirrors and the
//     plugin cache of TF_CLI_CONFIG_FILE; the engine's implied mirror folders;
//     TF_PLUGIN_CACHE_DIR; folders in mirror layout under Config.DataDirs; the
//     cache; the registry, through the engine's own init.
//
// A path given in Config is final: when it does not serve, nothing else is
// tried in its stead.
//
// It does not run the engine for you (package runner does), does not upgrade,
// and reads no environment variable: they arrive in Config.Environ.
package toolchain
