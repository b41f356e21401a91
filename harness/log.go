package harness

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/gruntwork-io/terratest/modules/logger"
	terratesting "github.com/gruntwork-io/terratest/modules/testing"
)

// What terratest says without being given a logger, such as the commands it runs,
// belongs to its test: shown if that fails, or with -v. Set here because later
// other tests would be reading it.
func init() { logger.Default = logger.TestingT }

// testLog keeps the engine's output of one test and shows it as one block if
// the test fails; with -v it is shown as it comes. It is terratest's logger and
// the runner's writer.
type testLog struct {
	t    testing.TB
	mu   sync.Mutex
	kept bytes.Buffer
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

// flush shows what was kept if the test failed.
func (l *testLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.t.Failed() && l.kept.Len() > 0 {
		l.t.Logf("engine output:\n%s", l.kept.Bytes())
	}
}
