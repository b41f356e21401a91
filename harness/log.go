package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gruntwork-io/terratest/modules/logger"
	terratesting "github.com/gruntwork-io/terratest/modules/testing"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// What terratest says without being given a logger, such as the commands it runs,
// belongs to its test. Set here because later other tests would be reading it.
func init() { logger.Default = logger.New(defaultLog{}) }

// logs are the logs of the tests that run, by test.
var logs sync.Map

// defaultLog is terratest's logger for all tests of the process.
type defaultLog struct{}

// Logf implements terratest's TestLogger: to the log of the test's harness, or to
// the test if it has none.
func (defaultLog) Logf(t terratesting.TestingT, format string, args ...any) {
	if h, ok := t.(testing.TB); ok {
		h.Helper()
	}
	log, ok := logs.Load(t)
	if !ok {
		logger.TestingT.Logf(t, format, args...)
		return
	}
	// Indented, since it quotes errors that are not the engine's last.
	log.(*testLog).printf("terratest: %s", strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n  "))
}

// testLog keeps the engine's output of one test. Of a test that fails it shows the
// last error and writes the rest to a file; with -v it shows all as it comes. It is
// terratest's logger and the runner's writer.
type testLog struct {
	t    testing.TB
	path string // of the file
	mu   sync.Mutex
	kept bytes.Buffer
}

// newLog makes the log of a test, whose file would be at path.
func newLog(t testing.TB, path string) *testLog {
	l := &testLog{t: t, path: path}
	logs.Store(t, l)
	return l
}

// Logf implements terratest's TestLogger.
func (l *testLog) Logf(_ terratesting.TestingT, format string, args ...any) {
	l.t.Helper()
	l.printf(format, args...)
}

func (l *testLog) printf(format string, args ...any) {
	l.t.Helper()
	if testing.Verbose() {
		l.t.Logf(format, args...)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.kept, format+"\n", args...)
}

// Write implements io.Writer; it never fails.
func (l *testLog) Write(data []byte) (int, error) {
	l.printf("%s", bytes.TrimSuffix(data, []byte("\n")))
	return len(data), nil
}

// flush tells of a failed test what the engine said; that of one that passes, and
// what its last failure left, goes.
func (l *testLog) flush() {
	l.t.Helper()
	logs.Delete(l.t)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.t.Failed() {
		_ = os.Remove(l.path) // there mostly is none
		return
	}
	if l.kept.Len() == 0 {
		return
	}
	if err := l.save(); err != nil {
		l.t.Logf("engine output, which could not be kept in a file: %v\n%s", err, l.kept.Bytes())
		return
	}
	if last := lastError(l.kept.String()); last != "" {
		l.t.Logf("the engine's last error:\n%s", last)
	}
	l.t.Logf("all engine output, %d lines: %s", bytes.Count(l.kept.Bytes(), []byte("\n")), l.path)
}

func (l *testLog) save() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(l.path, l.kept.Bytes(), 0o600)
}

// mostErrorLines bounds what is shown of an engine's error.
const mostErrorLines = 12

var errorLine = lazyregexp.New(`(?m)^(│ )?Error: `)

// lastError is the beginning of the last error in an engine's output; "" if there
// is none.
func lastError(output string) string {
	all := errorLine.Compiled().FindAllStringIndex(output, -1)
	if all == nil {
		return ""
	}
	lines := strings.Split(output[all[len(all)-1][0]:], "\n")
	return strings.TrimSpace(strings.Join(lines[:min(len(lines), mostErrorLines)], "\n"))
}
