// Package gomod tests the emulator with programs in Go that use KMS: Tink's
// integration and the key source of SOPS. It is a module of its own, so that what
// those depend on is no dependency of Keywright.
package gomod
