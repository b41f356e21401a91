package runner

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/keywright/keywright/harness/toolchain"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// cleanupVariable lets the run's own destroy through the closed gate of
// [Workspace.Stop]. The script reads it before the environment is emptied.
const cleanupVariable = "KEYWRIGHT_CLEANUP"

// outputsFile notes, a line each, the arguments of the engine's output commands.
const outputsFile = "outputs"

// engineScript starts the engine in the environment of the file "env" beside
// it. Every exec keeps the process id, so that a signal to the script's process
// reaches the engine, and the id that the script notes is the engine's. A terminal's
// interrupt must not reach it: Stop interrupts it, and at the second interrupt an
// engine gives up its state. So it leaves its caller's process group, where the
// system has the means; of the leader of a group setsid would make another process.
const engineScript = `#!/bin/sh
# Runs the engine in the environment its workspace owns.
here=%s
: >"$here/running/$$" || exit 1
if [ "$1" = output ]; then echo "$*" >>"$here/` + outputsFile + `"; fi
if [ -e "$here/closed" ] && [ -z "$` + cleanupVariable + `" ]; then
	echo "keywright: not started, the test is being stopped: $(cat "$here/closed")" >&2
	exit 1
fi
apart=
if read -r _ _ _ _ group _ 2>/dev/null <"/proc/$$/stat" && [ "$group" != "$$" ] && command -v setsid >/dev/null; then
	apart=setsid
fi
exec $apart /usr/bin/env -i /bin/sh -c '. "$1"; shift; exec "$@"' keywright "$here/env" %s "$@"
`

var variableName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// writeEngine writes the script into dir and returns its path.
func writeEngine(dir, engine string) (string, error) {
	if err := os.MkdirAll(filepath.Join(dir, "running"), 0o700); err != nil {
		return "", fmt.Errorf("making workspace: %w", err)
	}
	script := filepath.Join(dir, filepath.Base(engine))
	text := fmt.Sprintf(engineScript, quote(dir), quote(engine))
	if err := toolchain.WriteProgram(script, strings.NewReader(text), 0o700); err != nil {
		return "", fmt.Errorf("writing engine script: %w", err)
	}
	return script, nil
}

// writeEnvironment writes what the script reads; a script that starts meanwhile
// reads all of the old or all of the new.
func writeEnvironment(dir string, env map[string]string) error {
	text, err := environmentFile(env)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "env")
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing environment: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing environment: %w", err)
	}
	return nil
}

// environmentFile is env as export lines for sh.
func environmentFile(env map[string]string) (string, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !variableName.MatchString(name) {
			return "", fmt.Errorf("environment variable %q: not a name that sh can export", name)
		}
		fmt.Fprintf(&b, "export %s=%s\n", name, quote(env[name]))
	}
	return b.String(), nil
}

// quote makes one word of s for sh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
