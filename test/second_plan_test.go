package test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// An applied module plans no change.
func secondPlanIsEmpty(t *testing.T, k *key) {
	require.Empty(t, k.planned[k.preset.name])
}

// plan returns what a plan would do to the keys of each preset, as lines of an
// action and an address, sorted.
func (c *catalogue) plan(t *testing.T) map[string][]string {
	t.Helper()
	options, err := c.options.Clone()
	require.NoError(t, err)
	options.PlanFilePath = filepath.Join(t.TempDir(), "plan")
	terraform.Plan(t, options)
	found := map[string][]string{}
	for address, change := range terraform.ShowWithStruct(t, options).ResourceChangesMap {
		if change.Change.Actions.NoOp() || change.Change.Actions.Read() {
			continue
		}
		preset, rest, _ := strings.Cut(strings.TrimPrefix(address, "module."), ".")
		var actions []string
		for _, action := range change.Change.Actions {
			actions = append(actions, string(action))
		}
		found[preset] = append(found[preset], strings.Join(actions, " and ")+" "+rest)
	}
	for _, lines := range found {
		slices.Sort(lines)
	}
	return found
}
