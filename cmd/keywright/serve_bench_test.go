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

// BenchmarkServe starts the two programs that serve, built as docs/serve.md says, in
// turn with testdata/bare, a server that does nothing. It tells how long each takes
// from there to the line that says that it takes connections, the median of all starts,
// in milliseconds and as a multiple of bare's, and how much memory it then has.
func BenchmarkServe(b *testing.B) {
	bare := newServing(b, "./testdata/bare")
	all := []*serving{
		bare,
		newServing(b, "../kmsemu", "--listen", "127.0.0.1:0"),
		newServing(b, "../keywright", "serve", "--listen", "127.0.0.1:0"),
	}
	for b.Loop() {
		for _, s := range all {
			s.start(b)
		}
	}
	b.ReportMetric(0, "ns/op") // of no program
	for _, s := range all {
		b.ReportMetric(s.median().Seconds()*1000, s.name+"-ms")
		b.ReportMetric(s.median().Seconds()/bare.median().Seconds(), s.name+"-times-bare")
		b.ReportMetric(s.memory, s.name+"-MB")
	}
}

// serving is a program that serves, and what was measured of it.
type serving struct {
	name, path string
	args       []string
	starts     []time.Duration
	memory     float64 // the most that it had, in MB
}

// newServing builds the program of the package in a folder.
func newServing(b *testing.B, folder string, args ...string) *serving {
	b.Helper()
	name := filepath.Base(folder)
	path := filepath.Join(b.TempDir(), name)
	build := exec.Command("go", "build", "-o", path, folder)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	require.NoError(b, err, string(output))
	return &serving{name: name, path: path, args: args}
}

// start starts the program, and ends it once it is ready.
func (s *serving) start(b *testing.B) {
	b.Helper()
	cmd := exec.Command(s.path, s.args...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	begin := time.Now()
	require.NoError(b, cmd.Start())
	_, err = bufio.NewReader(stdout).ReadString('\n')
	s.starts = append(s.starts, time.Since(begin))
	require.NoError(b, err)
	s.memory = max(s.memory, residentMB(b, cmd.Process.Pid))
	require.NoError(b, cmd.Process.Signal(os.Interrupt))
	require.NoError(b, cmd.Wait())
}

func (s *serving) median() time.Duration {
	slices.Sort(s.starts)
	return s.starts[len(s.starts)/2]
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
