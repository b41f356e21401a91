package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/coverage"
	"github.com/keywright/keywright/harness/report"
)

func promise(name string, outcome report.Outcome, reason string) *report.Promise {
	return &report.Promise{Name: name, Module: "modules/app", Backend: "embedded", Engine: "terraform 1.11.4", Outcome: outcome, Reason: reason, Seconds: 0.5}
}

// Two shards' files are one report, whose coverage is that of both.
func TestMerge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var paths []string
	for i, shard := range [][]report.Line{
		{
			{Promise: promise("round trip", report.Held, "")},
			{Coverage: &coverage.Module{Module: "modules/app", Variables: []coverage.Item{{Name: "alias", Touched: true}, {Name: "tags"}}}},
		},
		{
			{Promise: promise("refusal", report.Broken, `<it> was "allowed"`)},
			{Promise: promise("audit", report.Skipped, "no trail")},
			{Coverage: &coverage.Module{Module: "modules/app", Variables: []coverage.Item{{Name: "alias"}, {Name: "tags", Touched: true}, {Name: "users"}}}},
		},
	} {
		paths = append(paths, filepath.Join(dir, string(rune('a'+i))))
		file, err := report.Open(paths[i])
		require.NoError(t, err)
		for _, line := range shard {
			require.NoError(t, file.Add(line))
		}
		require.NoError(t, file.Close())
	}
	r, err := report.Read(paths...)
	require.NoError(t, err)
	require.Equal(t, [3]int{1, 1, 1}, [3]int{r.Count(report.Held), r.Count(report.Broken), r.Count(report.Skipped)})
	require.Equal(t, []coverage.Item{{Name: "alias", Touched: true}, {Name: "tags", Touched: true}, {Name: "users"}}, r.Coverage[0].Variables)

	var text, junit, lines strings.Builder
	require.NoError(t, r.Text(&text))
	require.Contains(t, text.String(), "modules/app  embedded  terraform 1.11.4  1     1       1        1.5")
	require.Contains(t, text.String(), "broken: refusal (modules/app)\n  <it> was \"allowed\"\n")
	require.Contains(t, text.String(), "coverage of modules/app: 67 %\n  variables   2 of 3, not: users\n")
	require.NoError(t, r.JUnit(&junit))
	require.Contains(t, junit.String(), `<testsuite name="modules/app on embedded with terraform 1.11.4" tests="3" failures="1" skipped="1" time="1.5">`)
	require.Contains(t, junit.String(), `<failure message="&lt;it&gt; was &#34;allowed&#34;"></failure>`)
	require.NoError(t, r.Write(&lines))
	whole := filepath.Join(dir, "whole")
	require.NoError(t, os.WriteFile(whole, []byte(lines.String()), 0o600))
	again, err := report.Read(whole)
	require.NoError(t, err)
	require.Equal(t, r, again)
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results")
	for name, content := range map[string]string{"not JSON": "{", "another file": `{"a":1}`} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := report.Read(path)
		require.ErrorContains(t, err, "reading results", name)
	}
	_, err := report.Read(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = report.Open(t.TempDir())
	require.Error(t, err, "a folder")
}

// A harness without a result file adds to none.
func TestNoFile(t *testing.T) {
	t.Parallel()
	var file *report.File
	require.NoError(t, file.Add(report.Line{}))
	require.NoError(t, file.Close())
}
