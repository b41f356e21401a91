package runner_test

import (
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/harness/runner"
)

// A plan that is not empty is told by attribute.
func ExampleChanges() {
	plan := &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{
		Address: "aws_kms_key.this",
		Change: &tfjson.Change{
			Actions: tfjson.Actions{tfjson.ActionUpdate},
			Before:  map[string]any{"enable_key_rotation": true, "description": "app"},
			After:   map[string]any{"enable_key_rotation": false, "description": "app"},
		},
	}}}
	for _, change := range runner.Changes(plan) {
		fmt.Println(change)
	}
	// Output:
	// aws_kms_key.this: update: enable_key_rotation: true -> false
}
