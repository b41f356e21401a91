package lint_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy/lint"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func ids(findings []lint.Finding) []string {
	var found []string
	for _, f := range findings {
		if f.Suppressed == nil {
			found = append(found, f.Rule)
		}
	}
	return found
}

func lintExample(t *testing.T, e lint.Example) []lint.Finding {
	t.Helper()
	in, err := e.Input()
	require.NoError(t, err)
	return lint.Run(in, now, e.Suppressions...)
}

// TestExamples: the bad example of a rule is flagged by that rule and no other,
// where it says; the good one by none at all.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, rule := range lint.Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			bad := lintExample(t, rule.Bad)
			require.Equal(t, []string{rule.ID}, ids(bad), "bad: %v", bad)
			found := bad[slices.IndexFunc(bad, func(f lint.Finding) bool { return f.Suppressed == nil })]
			require.Equal(t, rule.Bad.Statement, found.Statement)
			require.Equal(t, rule.Severity, found.Severity)
			require.Equal(t, rule.Bad.Statement >= 0, found.Position.Line > 0, "position %v", found.Position)
			require.NotEmpty(t, found.Message)

			require.Empty(t, ids(lintExample(t, rule.Good)), "good: %v", lintExample(t, rule.Good))
		})
	}
}

// TestEachRuleIsNeeded: without the rule its bad example passes.
func TestEachRuleIsNeeded(t *testing.T) {
	t.Parallel()
	for _, rule := range lint.Rules() {
		in, err := rule.Bad.Input()
		require.NoError(t, err)
		require.Empty(t, ids(lint.RunWithout(rule.ID, in, now, rule.Bad.Suppressions...)), rule.ID)
	}
}

func TestRulesExplainThemselves(t *testing.T) {
	t.Parallel()
	rules := lint.Rules()
	require.Len(t, rules, 53) // the 50 of the list and 3 about suppressions
	require.True(t, slices.IsSortedFunc(rules, func(a, b lint.Rule) int { return strings.Compare(a.ID, b.ID) }))
	for i, rule := range rules {
		require.Regexp(t, `^K[PRIX][0-9]{3}$`, rule.ID)
		for what, text := range map[string]string{"title": rule.Title, "rationale": rule.Rationale, "source": rule.Source, "remedy": rule.Remedy, "bad": rule.Bad.String()} {
			require.NotEmpty(t, text, "%s of %s", what, rule.ID)
		}
		require.NotEqual(t, rule.Bad, rule.Good, rule.ID)
		if i > 0 {
			require.NotEqual(t, rules[i-1].ID, rule.ID)
		}
		found, ok := lint.LookUp(rule.ID)
		require.True(t, ok)
		require.Equal(t, rule.Title, found.Title)
	}
	_, ok := lint.LookUp("KP000")
	require.False(t, ok)
}
