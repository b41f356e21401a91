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

// A corpus file is one world and the requests asked of it. Unknown fields, a
// case without an expectation and an allow without a deny in the same file fail.
type corpusFile struct {
	Source           string            `json:"source"`
	Policy           json.RawMessage   `json:"resourcePolicy"`
	IdentityPolicies []json.RawMessage `json:"identityPolicies"`
	Boundary         json.RawMessage   `json:"permissionsBoundary"`
	SessionPolicies  []json.RawMessage `json:"sessionPolicies"`
	Key              *corpusKey        `json:"key"`
	Cases            []corpusCase      `json:"cases"`
}

type corpusKey struct {
	Spec, Usage, Origin string
	MultiRegion         bool
	Aliases             []string
	Tags                map[string]string
}

type corpusCase struct {
	Name     string              `json:"name"`
	Caller   string              `json:"caller"`
	RoleARN  string              `json:"roleArn"`
	UniqueID string              `json:"uniqueId"`
	Tags     map[string]string   `json:"callerTags"`
	Action   string              `json:"action"`
	Resource string              `json:"resource"`
	Context  map[string][]string `json:"context"`
	// Want is "allowed" or "denied"; By is how the first reason begins.
	Want string `json:"want"`
	By   string `json:"by"`
}

const keyARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			corpus := readCorpus(t, file)
			world := corpus.world(t)
			verdicts := map[string]bool{}
			for _, c := range corpus.Cases {
				verdicts[c.Want] = true
				t.Run(c.Name, func(t *testing.T) { c.check(t, world) })
			}
			require.Equal(t, map[string]bool{"allowed": true, "denied": true}, verdicts, "a file needs both an allow and its deny twin")
		})
	}
}

func readCorpus(t *testing.T, file string) corpusFile {
	t.Helper()
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.DisallowUnknownFields()
	var corpus corpusFile
	require.NoError(t, decoder.Decode(&corpus))
	require.NotEmpty(t, corpus.Source, "a corpus file cites its source")
	return corpus
}

func (f corpusFile) world(t *testing.T) keypolicy.World {
	t.Helper()
	var world keypolicy.World
	world.ResourcePolicy = parse(t, "key policy", f.Policy)
	for _, document := range f.IdentityPolicies {
		world.Identity = append(world.Identity, parse(t, "identity policy", document))
	}
	world.Boundary = parse(t, "permissions boundary", f.Boundary)
	for _, document := range f.SessionPolicies {
		world.Session = append(world.Session, parse(t, "session policy", document))
	}
	if f.Key != nil {
		world.Key = &keypolicy.Key{Spec: f.Key.Spec, Usage: f.Key.Usage, Origin: f.Key.Origin, MultiRegion: f.Key.MultiRegion, Aliases: f.Key.Aliases, Tags: f.Key.Tags}
	}
	return world
}

func parse(t *testing.T, name string, document json.RawMessage) *keypolicy.Policy {
	t.Helper()
	if document == nil {
		return nil
	}
	policy, err := keypolicy.Parse(name, document)
	require.NoError(t, err)
	return policy
}

func (c corpusCase) check(t *testing.T, world keypolicy.World) {
	t.Helper()
	require.NotEmpty(t, c.By, "a case says which policy or statement decides")
	principal := keypolicy.Principal{}
	if c.Caller != "" {
		var err error
		principal, err = keypolicy.ParsePrincipal(c.Caller)
		require.NoError(t, err)
	}
	if c.RoleARN != "" {
		principal.RoleARN = c.RoleARN
	}
	principal.UniqueID, principal.Tags = c.UniqueID, c.Tags
	request := keypolicy.Request{Principal: principal, Action: c.Action, Resource: c.Resource, Context: keypolicy.Context{}}
	if request.Resource == "" {
		request.Resource = keyARN
	}
	for key, values := range c.Context {
		request.Context.Set(key, values...)
	}
	decision := keypolicy.Evaluate(request, world)
	require.Equal(t, c.Want, decision.Verdict.String(), "reasons: %v", decision.Reasons)
	require.NotEmpty(t, decision.Reasons)
	require.Truef(t, strings.HasPrefix(decision.Reasons[0].String(), c.By), "decided by %q, want %q", decision.Reasons[0], c.By)
}
