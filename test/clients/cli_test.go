package clients_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/toolchain"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

// TestCommandLine plays the scripts under testdata with the AWS CLI, which knows
// of the emulator by environment variables alone.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not on PATH")
	}
	env := clients(t)
	bin := t.TempDir()
	aws := fmt.Sprintf("#!/bin/sh\nexec '%s' -m awscli \"$@\"\n", env.Python)
	require.NoError(t, toolchain.WriteProgram(filepath.Join(bin, "aws"), strings.NewReader(aws), 0o755))
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			test := e.T().(testing.TB)
			e.Vars = append(e.Vars, access(kmsemutest.New(test, nil))...)
			e.Vars = append(e.Vars, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "AWS_PAGER=")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"save": save, "become": become},
	})
}

// save keeps what the last command wrote, in a variable and in the file "blob".
func save(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.TrimSpace(ts.ReadFile("stdout"))
	ts.Setenv(args[0], text)
	ts.Check(os.WriteFile(ts.MkAbs("blob"), []byte(text), 0o600))
}

// become takes the credentials that the last command wrote.
func become(ts *testscript.TestScript, _ bool, _ []string) {
	parts := strings.Fields(ts.ReadFile("stdout"))
	if len(parts) != 3 {
		ts.Fatalf("no credentials: %q", parts)
	}
	for i, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		ts.Setenv(name, parts[i])
	}
}
