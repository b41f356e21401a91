package runner

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// janitorScript waits for the end of its standard input: the run closes it, and
// the system does when the run's process dies, however that happens. Then it kills
// what still runs in the run's environment, such as an engine in the middle of an
// apply, or the providers of an engine that was killed, and removes the folder.
// Only Linux shows the environments of processes; elsewhere it removes the folder.
const janitorScript = `
trap '' HUP INT TERM
read -r line
rounds=0
while [ $rounds -lt 100 ]; do
	found=$(grep -lsF "TMPDIR=$1" /proc/[0-9]*/environ)
	[ -n "$found" ] || break
	for file in $found; do
		pid=${file#/proc/}
		kill -KILL "${pid%/environ}"
	done
	rounds=$((rounds + 1))
	sleep 0.02
done
rm -rf "$2"
`

// janitor is a process that cleans up after a run, and does so too when the run's
// process can't.
type janitor struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// startJanitor starts one for the folder. It has a process group of its own, which
// a terminal's interrupt does not reach, and nothing of the run's environment, or
// it would find itself.
func startJanitor(f *folder, path string) (*janitor, error) {
	cmd := exec.Command("/bin/sh", "-c", janitorScript, "keywright-janitor", f.temp(), f.path) //nolint:noctx // it outlives every context
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + path + ":/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("starting what cleans up after the run: %w", err)
	}
	return &janitor{cmd: cmd, stdin: stdin}, nil
}

// finish has it do its work, and waits until it is done.
func (j *janitor) finish() error {
	if err := j.stdin.Close(); err != nil {
		return fmt.Errorf("cleaning up after the run: %w", err)
	}
	if err := j.cmd.Wait(); err != nil {
		return fmt.Errorf("cleaning up after the run: %w", err)
	}
	return nil
}
