// Package test proves what Keywright promises, with terratest, on modules as they
// are committed: one file a promise, each with its deny twin. It is also the
// example to copy: everything it uses is public.
//
// The suites apply with a real engine and the official AWS provider, by default
// on the embedded emulator. TestCatalogue applies all presets that one root can hold
// together; the table in presets_test.go says what each promises.
package test
