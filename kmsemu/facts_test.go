package kmsemu_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	factLine = regexp.MustCompile(`^\| (K\d{4}) \| (.+) \| (.+) \| (documented|observed|assumed) \| (.+) \|$`)
	factMark = regexp.MustCompile(`\bK\d{4}\b`)
	testName = regexp.MustCompile(`\bTest\w+`)
)

// TestFacts: every fact names tests that exist, and every number cited in the
// code is in the list.
func TestFacts(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("FACTS.md")
	require.NoError(t, err)
	code := sources(t)
	facts := map[string]bool{}
	for _, line := range strings.Split(string(list), "\n") {
		if !strings.HasPrefix(line, "| K") {
			continue
		}
		fields := factLine.FindStringSubmatch(line)
		require.NotNil(t, fields, "malformed line: %s", line)
		require.False(t, facts[fields[1]], "%s is listed twice", fields[1])
		facts[fields[1]] = true
		tests := testName.FindAllString(fields[5], -1)
		require.NotEmpty(t, tests, "%s names no test", fields[1])
		for _, name := range tests {
			require.Contains(t, code, "func "+name+"(", "%s names a test that does not exist", fields[1])
		}
	}
	require.NotEmpty(t, facts)
	for _, number := range factMark.FindAllString(code, -1) {
		require.True(t, facts[number], "%s is cited and not listed", number)
	}
}

// sources is the text of all Go files of the package.
func sources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}
