package review_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/cli/review"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
	"github.com/keywright/keywright/keypolicy/schema"
)

var errFound = errors.New("found")

// run runs a policy command, and returns what it printed and whether it found
// something.
func run(t *testing.T, stdin string, args ...string) (stdout string, found bool) {
	t.Helper()
	var out, log bytes.Buffer
	cfg := review.Config{
		In: strings.NewReader(stdin), Out: &out, Err: &log, Findings: errFound,
		Now: func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) },
	}
	cmd := review.Policy(cfg)
	if args[0] == "rules" {
		cmd, args = review.Rules(cfg), args[1:]
	}
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(t.Context())
	if !errors.Is(err, errFound) {
		require.NoError(t, err)
	}
	return out.String(), err != nil
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := t.TempDir() + "/" + name
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func validate(t *testing.T, name, document string) {
	t.Helper()
	src, err := schema.FS.ReadFile(name + ".schema.json")
	require.NoError(t, err)
	definition, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(name, definition))
	compiled, err := compiler.Compile(name)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(value), document)
}

const account = `{"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}`

func policy(statements ...string) string {
	return `{"Version": "2012-10-17", "Statement": [` + strings.Join(append([]string{account}, statements...), ",\n") + `]}`
}

func allow(sid, principal, action, condition string) string {
	return fmt.Sprintf(`{"Sid": %q, "Effect": "Allow", "Principal": %s, "Action": %q, "Resource": "*", "Condition": {%s}}`, sid, principal, action, condition)
}

var (
	everybody = allow("Everybody", `"*"`, "kms:Decrypt", "")
	granter   = allow("Granter", `{"AWS": "arn:aws:iam::111122223333:role/granter"}`, "kms:CreateGrant", "")
)

// What eval prints is what the schema of decisions says, for each verdict.
func TestDecisionSchema(t *testing.T) {
	t.Parallel()
	via := allow("App", `{"AWS": "arn:aws:iam::111122223333:user/app"}`, "kms:Decrypt", `"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}`)
	world := write(t, "world.json", `{"resourcePolicy": `+policy(via)+`}`)
	for _, row := range []struct {
		name, more string
		verdict    string
		found      bool
	}{
		{"allowed", `, "context": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}`, "allowed", false},
		{"denied", `, "context": {"kms:ViaService": "s3.eu-west-2.amazonaws.com"}`, "denied", true},
		{"unknown", `, "unknown": ["kms:ViaService"]`, "unknown", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			request := `{"caller": {"arn": "arn:aws:iam::111122223333:user/app"}, "action": "kms:Decrypt", "resource": "arn:aws:kms:eu-west-1:111122223333:key/1"` + row.more + `}`
			out, found := run(t, request, "eval", "--world", world, "--request", "-", "--format", "json")
			require.Equal(t, row.found, found)
			validate(t, "decision", out)
			require.Contains(t, out, `"verdict": "`+row.verdict+`"`)
		})
	}
}

// A witness is a request that eval takes, and eval decides it as compare says.
func TestWitnessIsARequest(t *testing.T) {
	t.Parallel()
	old, changed := write(t, "old.json", policy()), write(t, "new.json", policy(allow("App", `{"AWS": "arn:aws:iam::111122223333:role/app"}`, "kms:Decrypt", `"StringEquals": {"kms:EncryptionContext:tenant": "a"}`)))
	out, found := run(t, "", "compare", old, changed, "--format", "json")
	require.True(t, found)
	var result []struct {
		Outcome string
		Widened []struct{ Request json.RawMessage }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.Equal(t, "wider", result[0].Outcome)
	require.NotEmpty(t, result[0].Widened)
	request := string(result[0].Widened[0].Request)
	validate(t, "request", request)
	for name, allowed := range map[string]bool{old: false, changed: true} {
		document, err := os.ReadFile(name)
		require.NoError(t, err)
		_, found := run(t, request, "eval", "--world", write(t, "world.json", `{"resourcePolicy": `+string(document)+`}`), "--request", "-")
		require.Equal(t, allowed, !found, name)
	}
}

type sarif struct {
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID         string
					HelpURI    string
					Properties map[string]any
				}
			}
		}
		Results []sarifResult
	}
}

type sarifResult struct {
	RuleID    string
	RuleIndex int
	Level     string
	Message   struct{ Text string }
	Locations []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine, StartColumn int }
		}
	}
	PartialFingerprints map[string]string
	Suppressions        []struct{ Kind, Justification string }
}

func lintSARIF(t *testing.T, stdin string, args ...string) sarif {
	t.Helper()
	out, _ := run(t, stdin, append([]string{"lint", "--format", "sarif"}, args...)...)
	var log sarif
	require.NoError(t, json.Unmarshal([]byte(out), &log))
	require.Equal(t, "2.1.0", log.Version)
	require.Len(t, log.Runs, 1)
	for _, r := range log.Runs[0].Results {
		require.Equal(t, r.RuleID, log.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID)
		require.Positive(t, r.Locations[0].PhysicalLocation.Region.StartLine)
		require.Contains(t, []string{"error", "warning", "note"}, r.Level)
	}
	return log
}

func TestSARIFRules(t *testing.T) {
	t.Parallel()
	rules := lintSARIF(t, policy(), "-").Runs[0].Tool.Driver.Rules
	require.Len(t, rules, len(lint.Rules()))
	page, err := os.ReadFile("../../../docs/rules.md")
	require.NoError(t, err)
	for _, r := range rules {
		require.NotEmpty(t, r.Properties["security-severity"], r.ID)
		require.Equal(t, "#"+strings.ToLower(r.ID), r.HelpURI[strings.IndexByte(r.HelpURI, '#'):])
		require.Contains(t, string(page), "\n### "+r.ID+"\n", "the page that helpUri leads to")
	}
}

// The ids of findings do not change when lines and statements move, and two
// findings that mean the same have different ones.
func TestSARIFFingerprints(t *testing.T) {
	t.Parallel()
	ids := func(document string) map[string]string {
		found := map[string]string{}
		for _, r := range lintSARIF(t, document, "-").Runs[0].Results {
			id := r.PartialFingerprints["primaryLocationLineHash"]
			require.Equal(t, id, r.PartialFingerprints["keywright/v1"])
			require.NotContains(t, found, id)
			found[id] = r.RuleID
		}
		return found
	}
	want := ids(policy(everybody, granter))
	require.Len(t, want, 2)
	require.Equal(t, want, ids(strings.ReplaceAll(policy(granter, everybody), ",", "\n,\n")))
	require.NotEqual(t, want, ids(policy(strings.Replace(everybody, "kms:Decrypt", "kms:Sign", 1), granter)))
	require.GreaterOrEqual(t, len(ids(policy(everybody, granter, granter))), 3, "twice the same statement")
}

// Without a configuration, findings of a plan point at the plan; with it, at the
// resource.
func TestSARIFLocations(t *testing.T) {
	t.Parallel()
	uris := func(args ...string) map[string]string {
		found := map[string]string{}
		for _, r := range lintSARIF(t, "", append([]string{"../../../fixtures/plans/change/plan.json"}, args...)...).Runs[0].Results {
			at := r.Locations[0].PhysicalLocation
			found[r.Message.Text[:strings.IndexAny(r.Message.Text, ",:")]] = fmt.Sprintf("%s:%d", at.ArtifactLocation.URI, at.Region.StartLine)
		}
		return found
	}
	planFile, mainFile := "../../../fixtures/plans/change/plan.json:1", "../../../fixtures/plans/change/main.tf:"
	require.Empty(t, cmp.Diff(map[string]string{
		"aws_kms_key.billing": planFile, "aws_kms_key.legacy[0]": planFile, "aws_kms_key_policy.orders": planFile,
	}, uris()))
	require.Empty(t, cmp.Diff(map[string]string{
		"aws_kms_key.billing": mainFile + "58", "aws_kms_key.legacy[0]": mainFile + "68", "aws_kms_key_policy.orders": mainFile + "50",
	}, uris("--config", "../../../fixtures/plans/change")))
}

func TestSuppressions(t *testing.T) {
	t.Parallel()
	document := write(t, "policy.json", policy(everybody, granter))
	ignore := func(text string) []string { return []string{document, "--ignore", write(t, "ignore.hcl", text)} }
	both := `ignore "KP101" {
  sid    = "Everybody"
  reason = "public by design"
}
ignore "KP301" {
  reason = "until the workers have roles of their own"
  until  = "%s"
}
`
	results := lintSARIF(t, "", ignore(fmt.Sprintf(both, "2026-06-02"))...).Runs[0].Results
	require.Len(t, results, 2, "suppressed findings stay visible")
	for _, r := range results {
		require.Equal(t, "external", r.Suppressions[0].Kind)
		require.NotEmpty(t, r.Suppressions[0].Justification)
	}
	_, found := run(t, "", append([]string{"lint"}, ignore(fmt.Sprintf(both, "2026-06-02"))...)...)
	require.False(t, found)

	out, found := run(t, "", append([]string{"lint"}, ignore(fmt.Sprintf(both, "2026-06-01"))...)...)
	require.True(t, found, "it ended that day")
	require.Contains(t, out, "ignore.hcl:5:1: medium KX003: suppression of KP301 ended on 2026-06-01")
	require.Contains(t, out, "high KP301")
}

// The page docs/rules.md is what the command prints.
func TestRulesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/rules.md")
	require.NoError(t, err)
	out, _ := run(t, "", "rules", "--format", "markdown")
	require.Empty(t, cmp.Diff(string(page), out), "the page is stale: run make generate")
}

// Every action that a key policy can allow is in exactly one column.
func TestMatrixGroups(t *testing.T) {
	t.Parallel()
	out, _ := run(t, policy(), "matrix", "-", "--format", "json")
	var tables []struct{ Actions []string }
	require.NoError(t, json.Unmarshal([]byte(out), &tables))
	var want []string
	for _, a := range keypolicy.Actions() {
		if a.InKeyPolicy {
			want = append(want, a.Name)
		}
	}
	require.ElementsMatch(t, want, tables[0].Actions)
}

// A policy of 40 KB, more than KMS takes, is reviewed like any other.
func TestLargePolicy(t *testing.T) {
	t.Parallel()
	var statements []string
	for i := range 230 {
		statements = append(statements, allow(fmt.Sprintf("App%d", i), fmt.Sprintf(`{"AWS": "arn:aws:iam::111122223333:role/app-%d"}`, i), "kms:Decrypt", ""))
	}
	large := policy(statements...)
	require.Greater(t, len(large), 36<<10)
	out, found := run(t, large, "lint", "-")
	require.True(t, found)
	require.Contains(t, out, "KP002")
	out, _ = run(t, large, "who-can", "Decrypt", "-")
	require.Contains(t, out, "role/app-229")
	_, found = run(t, large, "assert", "-", "--nobody-outside", "111122223333")
	require.False(t, found)
}

// A wildcard of a policy would begin or end emphasis.
func TestRulesMarkdownEscapesWildcards(t *testing.T) {
	t.Parallel()
	page, _ := run(t, "", "rules", "--format", "markdown")
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "**") {
			line = strings.Replace(strings.Replace(line, "**", "", 1), "** (", " (", 1)
		}
		if !strings.HasPrefix(line, " ") { // that of an example is code
			require.NotContains(t, strings.ReplaceAll(line, `\*`, ""), "*")
		}
	}
	require.Contains(t, page, `\*`)
}
