package harness_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNothingLeftWhenTestEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scenario string
		fails    bool
		want     []string
	}{
		{"passes", false, []string{"0 live keys at the end"}},
		{"panics", true, []string{"panic: as planned", "0 live keys at the end"}},
		{"leaks", true, []string{"left behind: 1 key(s) that no destroy scheduled for deletion: arn:aws:kms:us-east-1:000000000000:key/"}},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			t.Parallel()
			cmd := reexec(t, tt.scenario)
			out, err := cmd.CombinedOutput()
			require.Equal(t, tt.fails, err != nil, string(out))
			for _, part := range tt.want {
				require.Contains(t, string(out), part)
			}
			requireNothingLeft(t, cmd)
		})
	}
}

func TestNothingLeftWhenInterrupted(t *testing.T) {
	t.Parallel()
	for scenario, sig := range map[string]syscall.Signal{"applies slowly": syscall.SIGINT, "strays": syscall.SIGTERM} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			cmd := reexec(t, scenario)
			cmd.Args = append(cmd.Args, "-test.v") // shows the engine's output as it comes
			said, told := signalWhenReady(t, cmd, sig)
			require.Contains(t, told, "keywright: stopped: everything applied was destroyed, nothing is left behind")
			if scenario == "applies slowly" {
				require.Contains(t, said, "Interrupt received.")
			}
			require.NotContains(t, said, "Two interrupts received.", "at a second one an engine gives up its state")
			requireNothingLeft(t, cmd)
		})
	}
}

// signalWhenReady starts a scenario, sends a signal to its process group, as a
// terminal does, once a key exists, checks that it ends by that, and returns its
// standard output after that and its standard error.
func signalWhenReady(t *testing.T, cmd *exec.Cmd, sig syscall.Signal) (said, told string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	out := bufio.NewReader(stdout)
	for line := ""; line != ready+"\n"; {
		line, err = out.ReadString('\n')
		require.NoError(t, err)
	}
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, sig))
	rest, err := io.ReadAll(out)
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	require.Equal(t, sig, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), "it ends by the signal: %s", stderr.String())
	return string(rest), stderr.String()
}

// A process that just dies can clean nothing up. What it started dies with it, and
// its folder goes.
func TestNothingLeftWhenTheProcessDies(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows which processes belong to a run")
	}
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		cmd := reexec(t, "applies in two Regions")
		signalWhenReady(t, cmd, syscall.SIGKILL)
		requireNothingLeftSoon(t, cmd)
	})
	for _, scenario := range []string{"panics elsewhere", "exits"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			cmd := reexec(t, scenario, stubs(t, applyForever)...)
			out, err := cmd.CombinedOutput()
			require.Error(t, err, string(out))
			require.NotContains(t, string(out), "scenario: ", "no clean-up ran")
			requireNothingLeftSoon(t, cmd)
		})
	}
}

func requireNothingLeftSoon(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	temp := valueIn(cmd, "TMPDIR")
	require.Eventually(t, func() bool {
		left, err := os.ReadDir(temp)
		return err == nil && len(left) == 0
	}, time.Minute, 20*time.Millisecond, "its folder")
	requireNothingLeft(t, cmd)
}

// What a test needs may die before the test does.
func TestNothingLeftAfterACrash(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux shows which processes to kill")
	}
	tests := []struct {
		scenario string
		want     []string
	}{
		{"loses its engine", []string{"as planned: ", "signal: killed", "left behind: 1 key(s) that no destroy scheduled for deletion: "}},
		// What comes after it has a new one.
		{"loses its provider", []string{"as planned: ", "the provider process", "ended while it was in use: signal: killed",
			"plan of testdata/key, after the failure:\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			t.Parallel()
			cmd := reexec(t, tt.scenario)
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			for _, part := range tt.want {
				require.Contains(t, string(out), part)
			}
			requireNothingLeft(t, cmd)
		})
	}
}

func TestNoRoomForTheRun(t *testing.T) {
	t.Parallel()
	t.Run("read-only", func(t *testing.T) {
		t.Parallel()
		out, err := reexec(t, "none", "TMPDIR=/proc").CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "harness: making run folder: mkdir /proc/keywright-")
		require.Contains(t, string(out), "TMPDIR must name a folder that can be written to")
	})
	// A limit on the size of files stands for a full disk: the script that starts
	// the engine has room, the engine's state has none.
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		cmd := reexec(t, "fills the disk")
		cmd.Args = append([]string{"sh", "-c", `ulimit -f 4; exec "$0" "$@"`}, cmd.Args...)
		cmd.Path = "/bin/sh"
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "file too large")
		require.Contains(t, string(out), "key(s) that no destroy scheduled for deletion: ")
		requireNothingLeft(t, cmd)
	})
}

// The test binary's own timeout panics and runs no clean-up: the harness must
// be through before.
func TestNothingLeftAtTheDeadline(t *testing.T) {
	t.Parallel()
	cmd := reexec(t, "hangs")
	cmd.Args[2] = "-test.timeout=80s" // of which 20 are for the destroy
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: test timed out after 1m20s")
	require.Contains(t, string(out), "keywright: stopped: everything applied was destroyed, nothing is left behind")
	requireNothingLeft(t, cmd)
}
