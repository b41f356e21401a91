// Package moto starts moto's server, one of the emulators that benchmarks
// compare Keywright's with. It is no backend: it decides no call by a key policy.
package moto

import (
	"context"
	_ "embed" // the pinned packages

	"github.com/keywright/keywright/harness/toolchain/python"
)

//go:embed requirements.txt
var requirements []byte

// Start serves moto on a loopback port, installing it first where that was not
// done yet. The caller must close the server.
func Start(ctx context.Context, cfg python.Config) (*python.Server, error) {
	env, err := python.Ensure(ctx, cfg, python.Requirements{Name: "moto", Text: requirements})
	if err != nil {
		return nil, err
	}
	return env.Serve(ctx, python.Program{
		Module: "moto.server",
		Args:   func(port string) []string { return []string{"--host", "127.0.0.1", "--port", port} },
		Health: "/moto-api/data.json",
	})
}
