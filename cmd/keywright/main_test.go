package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"keywright": func() {
			os.Exit(cli.Main(os.Args[1:], os.Environ(), cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
	})
}

// TestScript runs the command as a user does: each script is a story with its
// input files, the commands typed, and what they must print. $PLANS is the
// folder of the plans that several scripts need, $BROKEN that of the broken example. Engine and provider are those of
// the user's own cache; their sockets need a short TMPDIR.
func TestScript(t *testing.T) {
	t.Parallel()
	fixtures, err := filepath.Abs("../../fixtures")
	require.NoError(t, err)
	cache := os.Getenv("KEYWRIGHT_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(base, "keywright")
	}
	temp := os.TempDir()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PLANS", filepath.Join(fixtures, "plans"))
			env.Setenv("BROKEN", filepath.Join(fixtures, "broken"))
			env.Setenv("KEYWRIGHT_CACHE", cache)
			env.Setenv("TMPDIR", temp)
			return nil
		},
	})
}
