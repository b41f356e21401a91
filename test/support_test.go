package test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/report"
)

// The README's support matrix is the one of docs/support.json, which make support
// wrote, with all modules of the catalogue on all that make suites runs.
func TestReadmeShowsSupport(t *testing.T) {
	t.Parallel()
	support, err := report.ReadSupport("../docs/support.json")
	require.NoError(t, err)
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	require.Equal(t, support.Into(string(readme)), string(readme), "run make support")

	modules, err := filepath.Glob("../modules/kms/*/versions.tf")
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	require.Len(t, support.Runs, 3, "both engines, and LocalStack")
	for _, run := range support.Runs {
		told := map[string]report.Tally{}
		for _, tally := range support.Tallies {
			if tally.Backend == run.Backend && tally.Engine == run.Engine {
				told[tally.Module] = tally
			}
		}
		for _, file := range modules {
			module := "modules/kms/" + filepath.Base(filepath.Dir(file))
			tally := told[module]
			require.NotZero(t, tally.Held+len(tally.Skipped), "%s on %s with %s", module, run.Backend, run.Engine)
			require.Zero(t, tally.Broken, "%s on %s with %s", module, run.Backend, run.Engine)
		}
	}
}
