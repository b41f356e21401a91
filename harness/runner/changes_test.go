package runner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/harness/runner"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	update := tfjson.Actions{tfjson.ActionUpdate}
	resource := func(change tfjson.Change) *tfjson.Plan {
		return &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: "aws_kms_key.this", Change: &change}}}
	}
	tests := []struct {
		name string
		plan *tfjson.Plan
		want []string
	}{
		{"nothing", resource(tfjson.Change{Actions: tfjson.Actions{tfjson.ActionNoop}}), nil},
		{"a data source is read", resource(tfjson.Change{Actions: tfjson.Actions{tfjson.ActionRead}}), nil},
		{"create", resource(tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}, After: map[string]any{"a": 1}}),
			[]string{"aws_kms_key.this: create"}},
		{"delete", resource(tfjson.Change{Actions: tfjson.Actions{tfjson.ActionDelete}, Before: map[string]any{"a": 1}}),
			[]string{"aws_kms_key.this: delete"}},
		{"one attribute of two", resource(tfjson.Change{Actions: update,
			Before: map[string]any{"description": "a", "is_enabled": true}, After: map[string]any{"description": "b", "is_enabled": true}}),
			[]string{`aws_kms_key.this: update: description: "a" -> "b"`}},
		{"two attributes, in order", resource(tfjson.Change{Actions: update,
			Before: map[string]any{"tags": map[string]any{"a": "1"}, "description": nil}, After: map[string]any{"tags": map[string]any{}, "description": "b"}}),
			[]string{`aws_kms_key.this: update: description: null -> "b"`, `aws_kms_key.this: update: tags: {"a":"1"} -> {}`}},
		{"replace, unknown", resource(tfjson.Change{Actions: tfjson.Actions{tfjson.ActionDelete, tfjson.ActionCreate},
			Before: map[string]any{"arn": "x"}, After: map[string]any{}, AfterUnknown: map[string]any{"arn": true}}),
			[]string{`aws_kms_key.this: replace: arn: "x" -> (known after apply)`}},
		{"sensitive", resource(tfjson.Change{Actions: update,
			Before: map[string]any{"policy": "secret"}, After: map[string]any{"policy": "public"}, BeforeSensitive: map[string]any{"policy": true}}),
			[]string{`aws_kms_key.this: update: policy: (sensitive) -> "public"`}},
		{"sensitive inside", resource(tfjson.Change{Actions: update,
			Before: map[string]any{"tags": map[string]any{"a": "secret"}}, After: map[string]any{"tags": map[string]any{"a": "other"}},
			BeforeSensitive: map[string]any{"tags": map[string]any{"a": true}}, AfterSensitive: map[string]any{"tags": map[string]any{"a": true}}}),
			[]string{`aws_kms_key.this: update: tags: (sensitive) -> (sensitive)`}},
		{"an output", &tfjson.Plan{OutputChanges: map[string]*tfjson.Change{"key_arn": {Actions: update, Before: "a", After: "b"}}},
			[]string{`output.key_arn: update: value: "a" -> "b"`}},
		{"a sensitive output", &tfjson.Plan{OutputChanges: map[string]*tfjson.Change{"key_arn": {Actions: update, Before: "a", After: "b", AfterSensitive: true}}},
			[]string{`output.key_arn: update: value: (sensitive) -> (sensitive)`}},
		{"an output that stays", &tfjson.Plan{OutputChanges: map[string]*tfjson.Change{"key_arn": {Actions: tfjson.Actions{tfjson.ActionNoop}}}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range runner.Changes(tt.plan) {
				got = append(got, c.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
