package test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"
)

// An applied module plans no change.
func secondPlanIsEmpty(t *testing.T, k *key) {
	require.Empty(t, k.planned[k.preset.name])
}

// plan returns what a plan would do to the keys of each preset, as lines of an
// action, an address and the attributes that an update changes, sorted.
func (c *catalogue) plan(t *testing.T) map[string][]string {
	t.Helper()
	options, err := c.options.Clone()
	require.NoError(t, err)
	options.PlanFilePath = filepath.Join(t.TempDir(), "plan")
	found := map[string][]string{}
	switch terraform.PlanExitCode(t, options) {
	case terraform.DefaultSuccessExitCode: // it changes nothing; to show it would take as long as to make it
		return found
	case terraform.DefaultErrorExitCode:
		require.FailNow(t, "no plan was made")
	}
	for address, change := range terraform.ShowWithStruct(t, options).ResourceChangesMap {
		if change.Change.Actions.NoOp() || change.Change.Actions.Read() {
			continue
		}
		module, rest, _ := strings.Cut(strings.TrimPrefix(address, "module."), ".")
		var actions []string
		for _, action := range change.Change.Actions {
			actions = append(actions, string(action))
		}
		line := strings.Join(actions, " and ") + " " + rest
		if change.Change.Actions.Update() {
			line += " in " + strings.Join(changed(change.Change), ", ")
		}
		preset := c.presetOf(module, change.Name)
		found[preset] = append(found[preset], line)
	}
	for _, lines := range found {
		slices.Sort(lines)
	}
	return found
}

// changed are the attributes whose values an update changes, sorted.
func changed(c *tfjson.Change) []string {
	before, after := c.Before.(map[string]any), c.After.(map[string]any)
	var names []string
	for name, value := range after {
		if !reflect.DeepEqual(before[name], value) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// presetOf is the preset that a module's resource is of: a module may make the key of
// another beside its own, whose resources are called replica.
func (c *catalogue) presetOf(module, resource string) string {
	for _, p := range c.presets {
		if p.beside == module && resource == "replica" {
			return p.name
		}
	}
	return module
}
