package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/report"
)

// supportOf counts a run on each of two backends, of which one skips and one breaks.
func supportOf() report.Support {
	on := func(backend, module, name string, outcome report.Outcome, reason string) report.Promise {
		return report.Promise{Name: name, Module: module, Backend: backend, Engine: "terraform 1.11.4", Outcome: outcome, Reason: reason}
	}
	run := func(backend string, seconds float64) report.Run {
		return report.Run{Backend: backend, Engine: "terraform 1.11.4", Provider: "5.100.0", Seconds: seconds}
	}
	return report.Report{
		Runs: []report.Run{run("embedded", 10.2), run("localstack", 7), run("embedded", 1.4)},
		Promises: []report.Promise{
			on("embedded", "b", "round trip", report.Held, ""), on("embedded", "b", "refusal", report.Broken, "was allowed"),
			on("embedded", "a", "round trip", report.Held, ""),
			on("localstack", "a", "round trip", report.Held, ""), on("localstack", "a", "refusal", report.Skipped, "enforces nothing"),
			on("localstack", "a", "other refusal", report.Skipped, "enforces nothing"),
		},
	}.Support()
}

func TestSupport(t *testing.T) {
	t.Parallel()
	want := `| Promises held | embedded, terraform 1.11.4 | localstack, terraform 1.11.4 |
|---|---|---|
| a | 1 | 1, 2 skipped |
| b | 1, 1 broken | – |
| all | 2, 1 broken | 1, 2 skipped |
| AWS provider | 5.100.0 | 5.100.0 |
| wall time | 12 s | 7 s |

| Skipped on | Promises | Reason |
|---|---|---|
| localstack, terraform 1.11.4 | 2 | enforces nothing |
`
	require.Equal(t, want, supportOf().Markdown())
	held := promise("round trip", report.Held, "")
	require.Equal(t, "| Promises held | embedded, terraform 1.11.4 |\n|---|---|\n| modules/app | 1 |\n| all | 1 |\n| AWS provider | – |\n| wall time | – |\n",
		report.Report{Promises: []report.Promise{*held}}.Support().Markdown(), "nothing is known of the run")
}

// The matrix takes the place of the one before, and nothing else.
func TestSupportInto(t *testing.T) {
	t.Parallel()
	s := supportOf()
	first := s.Into("# Title\n")
	require.True(t, strings.HasPrefix(first, "# Title\n<!-- "))
	require.Contains(t, first, s.Markdown())
	text := first + "after\n"
	emptied := report.Support{}.Into(text)
	require.NotContains(t, emptied, "localstack")
	require.Equal(t, text, s.Into(emptied))
}

func TestSupportIsReadAsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "support.json")
	var text strings.Builder
	require.NoError(t, supportOf().Write(&text))
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	read, err := report.ReadSupport(path)
	require.NoError(t, err)
	require.Equal(t, supportOf(), read)

	require.NoError(t, os.WriteFile(path, []byte(`{"rows":[]}`), 0o600))
	_, err = report.ReadSupport(path)
	require.ErrorContains(t, err, `unknown field "rows"`)
}
