package harness_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/coverage"
	"github.com/keywright/keywright/harness/report"
)

// A failed test tells what was denied that nobody asked to be, what a plan says,
// and how to run it again; the result file tells what was promised and touched.
func TestFailureTells(t *testing.T) {
	if os.Getenv(scenarioVariable) != "" {
		t.Skip("this is the helper process")
	}
	t.Parallel()
	results := filepath.Join(t.TempDir(), "results.jsonl")
	cmd := reexec(t, "tells", "KEYWRIGHT_BACKEND=embedded", "KEYWRIGHT_RESULTS="+results)
	data, err := cmd.CombinedOutput()
	require.Error(t, err)
	out := string(data)
	require.Contains(t, out, "as planned: ")
	require.Regexp(t, `denied calls:\n\s+the last 10, of 12\n\s+arn:aws:sts::000000000000:assumed-role/stranger-\w+/probe-\w+: DescribeKey arn:\S+: AccessDenied: .*nothing allows kms:DescribeKey`, out)
	require.NotContains(t, out, ": Encrypt arn:", "a denial that was asked for")
	require.Contains(t, out, "scenario: 0 live keys at the end", "it stopped in the middle")
	requireNothingLeft(t, cmd)
	require.Contains(t, out, `aws_kms_key.this: update: description: "by hand" -> "made by a test"`)
	require.Regexp(t, `to repeat: KEYWRIGHT_BACKEND='embedded' (KEYWRIGHT_\w+='[^']*' )*go test -count=1 -v -run '\^TestScenario\$'`, out)

	path := regexp.MustCompile(`all engine output, \d+ lines: (\S+)`).FindStringSubmatch(out)
	require.NotNil(t, path, out)
	require.Equal(t, filepath.Join(valueIn(cmd, "KEYWRIGHT_LOGS"), "github.com/keywright/keywright/harness/TestScenario.log"), path[1])
	log, err := os.ReadFile(path[1])
	require.NoError(t, err)
	require.Contains(t, string(log), "Apply complete!")
	require.NotContains(t, out, "Apply complete!", "long output is in the file alone")
	require.NotContains(t, out, "the engine's last error", "there is none")

	got, err := report.Read(results)
	require.NoError(t, err)
	require.Len(t, got.Promises, 2)
	held := got.Promises[0]
	require.Regexp(t, "^round trip as app-", held.Name)
	require.Equal(t, report.Held, held.Outcome)
	require.Equal(t, []string{"TestScenario", "harness/testdata/key", "embedded"}, []string{held.Test, held.Module, held.Backend})
	require.Regexp(t, `^(terraform|opentofu) \d`, held.Engine)
	require.Contains(t, got.Promises[1].Reason, "nothing allows kms:Encrypt", "a refusal is noted with what decided")

	require.Len(t, got.Coverage, 1)
	m := got.Coverage[0]
	require.Equal(t, []coverage.Item{{Name: "deletion_window_in_days"}, {Name: "description", Touched: true}, {Name: "policy", Touched: true}, {Name: "rotation"}}, m.Variables)
	require.Equal(t, []coverage.Item{{Name: "key_arn", Touched: true}}, m.Outputs)
	require.Equal(t, []coverage.Item{{Name: "Admin", Touched: true}, {Name: "App", Touched: true}}, m.Statements)
	require.Contains(t, m.Actions, coverage.Item{Name: "App: kms:Decrypt", Touched: true})
	require.Contains(t, m.Actions, coverage.Item{Name: "Admin: kms:Update*", Touched: true})
	require.Contains(t, m.Actions, coverage.Item{Name: "Admin: kms:ScheduleKeyDeletion"}, "Terraform's own calls do not count")
}

// Of an engine that fails its last error is shown; what a test that passes said, and
// the file of its last failure, are not.
func TestEngineOutput(t *testing.T) {
	t.Parallel()
	logs := t.TempDir()
	play := func(apply string) (string, error) {
		t.Helper()
		out, err := reexec(t, "applies", append(stubs(t, apply), "KEYWRIGHT_LOGS="+logs)...).CombinedOutput()
		return string(out), err
	}
	out, err := play(`echo 'Creating...'; echo 'Error: no such thing' >&2; exit 1`)
	require.Error(t, err)
	require.Regexp(t, `the engine's last error:\n\s+Error: no such thing\n`, out)
	file := filepath.Join(logs, "github.com/keywright/keywright/harness/TestScenario.log")
	require.Contains(t, out, file)
	log, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(log), "Creating...\n")

	out, err = play(`echo 'Creating...'`)
	require.NoError(t, err)
	require.NotContains(t, out, "Creating...")
	require.NoFileExists(t, file)

	require.NoError(t, os.RemoveAll(logs))
	require.NoError(t, os.WriteFile(logs, nil, 0o600))
	out, err = play(`echo 'Creating...'; exit 1`)
	require.Error(t, err)
	require.Regexp(t, `engine output, which could not be kept in a file: mkdir .*\n(.*\n)*\s+Creating\.\.\.`, out)
}
