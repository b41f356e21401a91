package generator_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
)

// TestBrokenExample holds fixtures/broken/after.json, which the command is shown
// with, to the policy of the module beside it.
func TestBrokenExample(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "fixtures", "broken")
	src, err := os.ReadFile(filepath.Join(folder, "keywright.hcl"))
	require.NoError(t, err)
	spec, err := generator.ParseSpec("keywright.hcl", src)
	require.NoError(t, err)
	files := render(t, spec.Modules[0])
	changes, err := generator.Check(filepath.Join(folder, "after"), files)
	require.NoError(t, err)
	require.Empty(t, changes)

	var policy bytes.Buffer
	require.NoError(t, json.Indent(&policy, []byte(evaluate(t, files, nil)), "", "  "))
	policy.WriteByte('\n')
	after := filepath.Join(folder, "after.json")
	if *update {
		require.NoError(t, os.WriteFile(after, policy.Bytes(), 0o644))
	}
	want, err := os.ReadFile(after)
	require.NoError(t, err)
	require.Equal(t, string(want), policy.String())
}
