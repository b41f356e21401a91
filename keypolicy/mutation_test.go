package keypolicy

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryRuleMatters takes away each condition operator and each derived
// condition key in turn, and sees the corpus fail: a rule that no case misses is
// a rule that nothing proves. It changes the package's tables, so it must not run
// beside other tests.
func TestEveryRuleMatters(t *testing.T) { // not parallel: it changes package tables
	cases := corpusVerdicts(t)
	require.Zero(t, cases.wrong(t, ""), "the corpus fails as it is")
	for _, name := range slices.Sorted(maps.Keys(operators)) {
		if name == "Null" {
			continue // compares nothing; see operators-multivalued.json
		}
		row := operators[name]
		blunt := row
		blunt.matches = func(string, string) truth { return no }
		operators[name] = blunt
		require.Positivef(t, cases.wrong(t, name), "no case misses the operator %s", name)
		operators[name] = row
	}
	for _, key := range slices.Sorted(maps.Keys(derived)) {
		row := derived[key]
		derived[key] = func(*facts) []string { return nil }
		require.Positivef(t, cases.wrong(t, key), "no case misses the condition key %s", key)
		derived[key] = row
	}
	for i := range tagKeys {
		row := tagKeys[i].tags
		tagKeys[i].tags = func(*facts) map[string]string { return nil }
		require.Positivef(t, cases.wrong(t, tagKeys[i].prefix), "no case misses the condition keys %s", tagKeys[i].prefix)
		tagKeys[i].tags = row
	}
}

type verdicts []struct {
	World json.RawMessage
	Cases []struct {
		Request json.RawMessage
		Want    string
	}
}

func corpusVerdicts(t *testing.T) verdicts {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.json")
	require.NoError(t, err)
	all := make(verdicts, len(files))
	for i, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(src, &all[i]))
	}
	return all
}

// wrong counts the cases that now get another verdict. Only files that mention
// the rule are run; policies are parsed anew, since they hold compiled rules.
func (v verdicts) wrong(t *testing.T, rule string) int {
	t.Helper()
	count := 0
	for _, file := range v {
		if !strings.Contains(strings.ToLower(string(file.World)), strings.ToLower(rule)) {
			continue
		}
		world, err := ParseWorld("world", file.World)
		require.NoError(t, err)
		for _, c := range file.Cases {
			request, err := ParseRequest("request", c.Request)
			require.NoError(t, err)
			if Evaluate(request, world).Verdict.String() != c.Want {
				count++
			}
		}
	}
	return count
}
