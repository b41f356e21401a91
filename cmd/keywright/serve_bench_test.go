package main_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkServe starts the two programs that serve, built as docs/serve.md says, and
// tells how long each takes from there to the line that says that it takes
// connections, the median of all starts, and how much memory it then has.
func BenchmarkServe(b *testing.B) {
	for _, command := range [][]string{{"keywright", "serve"}, {"kmsemu"}} {
		program := filepath.Join(b.TempDir(), command[0])
		build := exec.Command("go", "build", "-o", program, "../"+command[0])
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		output, err := build.CombinedOutput()
		require.NoError(b, err, string(output))
		flags := slices.Concat(command[1:], []string{"--listen", "127.0.0.1:0"})
		b.Run(command[0], func(b *testing.B) { benchmarkStart(b, program, flags) })
	}
}

func benchmarkStart(b *testing.B, program string, flags []string) {
	var starts []time.Duration
	var memory float64
	for b.Loop() {
		cmd := exec.Command(program, flags...)
		stdout, err := cmd.StdoutPipe()
		require.NoError(b, err)
		begin := time.Now()
		require.NoError(b, cmd.Start())
		_, err = bufio.NewReader(stdout).ReadString('\n')
		starts = append(starts, time.Since(begin))
		require.NoError(b, err)
		memory = max(memory, residentMB(b, cmd.Process.Pid))
		require.NoError(b, cmd.Process.Signal(os.Interrupt))
		require.NoError(b, cmd.Wait())
	}
	slices.Sort(starts)
	b.ReportMetric(starts[len(starts)/2].Seconds()*1000, "ms-to-ready")
	b.ReportMetric(memory, "MB-resident")
}

// residentMB is the memory of a process. Only Linux tells it here.
func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if os.IsNotExist(err) {
		b.Skip("there is no /proc to read the memory of a process from")
	}
	require.NoError(b, err)
	_, rest, found := strings.Cut(string(text), "VmRSS:")
	require.True(b, found)
	var kb float64
	_, err = fmt.Sscan(rest, &kb)
	require.NoError(b, err)
	return kb / 1000
}
