package keypolicy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

const keyARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// A corpusFile is one world and the requests asked of it. Unknown fields, a
// case without an expectation and a file without both an allow and a deny fail.
type corpusFile struct {
	Source string          `json:"source"`
	World  json.RawMessage `json:"world"`
	Cases  []corpusCase    `json:"cases"`
}

type corpusCase struct {
	Name    string          `json:"name"`
	Request json.RawMessage `json:"request"`
	// Want is the verdict; By is how the first reason begins.
	Want    string   `json:"want"`
	By      string   `json:"by"`
	HangsOn []string `json:"hangsOn"`
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	total := 0
	for name, corpus := range readCorpus(t) {
		total += len(corpus.Cases)
		t.Run(name, func(t *testing.T) {
			world := corpus.world(t)
			verdicts := map[string]bool{}
			for _, c := range corpus.Cases {
				verdicts[c.Want] = true
				t.Run(c.Name, func(t *testing.T) { c.check(t, world) })
			}
			require.True(t, verdicts["denied"] && (verdicts["allowed"] || verdicts["unknown"]), "a file needs both an allow and its deny twin")
		})
	}
	require.GreaterOrEqual(t, total, 400)
}

func readCorpus(t testing.TB) map[string]corpusFile {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.json")
	require.NoError(t, err)
	all := map[string]corpusFile{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		decoder := json.NewDecoder(bytes.NewReader(src))
		decoder.DisallowUnknownFields()
		var corpus corpusFile
		require.NoError(t, decoder.Decode(&corpus), file)
		require.NotEmpty(t, corpus.Source, "%s cites no source", file)
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = corpus
	}
	return all
}

func (f corpusFile) world(t testing.TB) keypolicy.World {
	t.Helper()
	world, err := keypolicy.ParseWorld("world", f.World)
	require.NoError(t, err)
	return world
}

func (c corpusCase) check(t *testing.T, world keypolicy.World) {
	t.Helper()
	require.NotEmpty(t, c.By, "a case says which policy or statement decides")
	request, err := keypolicy.ParseRequest("request", c.Request)
	require.NoError(t, err)
	decision := keypolicy.Evaluate(request, world)
	require.Equal(t, c.Want, decision.Verdict.String(), "reasons: %v", decision.Reasons)
	require.NotEmpty(t, decision.Reasons)
	require.Truef(t, strings.HasPrefix(decision.Reasons[0].String(), c.By), "decided by %q, want %q", decision.Reasons[0], c.By)
	require.Equal(t, c.HangsOn, decision.HangsOn)
}

func parse(t testing.TB, name string, document []byte) *keypolicy.Policy {
	t.Helper()
	policy, err := keypolicy.Parse(name, document)
	require.NoError(t, err)
	return policy
}
