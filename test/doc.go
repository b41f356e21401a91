// Package test proves what Keywright promises, with terratest, on modules as they
// are committed: one file a promise, each with its deny twin. It is also the
// example to copy: everything it uses is public.
//
// The suites apply with a real engine and the official AWS provider, by default
// on the embedded emulator. TestCatalogue applies all presets that one root can hold
// together, TestMultiRegion those of two Regions, TestKeySpecs a key of every spec; the
// tables in presets_test.go and multi_region_test.go say what each preset promises.
// What takes days is asked of a copy of the emulator, whose clock is turned.
package test
