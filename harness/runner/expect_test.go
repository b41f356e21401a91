package runner_test

import (
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/runner"
)

func TestExpect(t *testing.T) {
	t.Parallel()
	plan := &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{
		{Address: "aws_kms_key.a", Change: &tfjson.Change{
			Actions: tfjson.Actions{tfjson.ActionCreate},
			After:   map[string]any{"deletion_window_in_days": float64(7), "policy": "secret"},
			// What is unknown is not in After.
			AfterUnknown: map[string]any{"arn": true}, AfterSensitive: map[string]any{"policy": true},
		}},
		{Address: "aws_kms_key.b", Change: &tfjson.Change{Actions: tfjson.Actions{tfjson.ActionNoop}}},
		{Address: "data.aws_partition.current", Change: &tfjson.Change{Actions: tfjson.Actions{tfjson.ActionRead}}},
	}}
	create := func(after map[string]any) runner.Planned {
		return runner.Planned{Address: "aws_kms_key.a", Action: "create", After: after}
	}
	for _, row := range []struct {
		name string
		want []runner.Planned
		err  string
	}{
		{"as wanted", []runner.Planned{create(map[string]any{"deletion_window_in_days": 7, "arn": runner.Unknown, "policy": "secret"})}, ""},
		{"another value", []runner.Planned{create(map[string]any{"deletion_window_in_days": 8})}, "aws_kms_key.a: deletion_window_in_days: want 8, got 7"},
		{"known after all", []runner.Planned{create(map[string]any{"arn": "x"})}, `aws_kms_key.a: arn: want "x", got "(known after apply)"`},
		{"sensitive", []runner.Planned{create(map[string]any{"policy": "other"})}, "aws_kms_key.a: policy: want (sensitive), got (sensitive)"},
		{"another action", []runner.Planned{{Address: "aws_kms_key.a", Action: "replace"}}, "aws_kms_key.a: want replace, got create"},
		{"more than wanted", nil, "aws_kms_key.a: create, which is not expected"},
		{"less than wanted", []runner.Planned{create(nil), {Address: "aws_kms_key.b", Action: "update"}}, "aws_kms_key.b: want update, the plan leaves it alone"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := runner.Expect(plan, row.want...)
			if row.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, row.err)
		})
	}
}
