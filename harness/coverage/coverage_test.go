package coverage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/harness/coverage"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/kmsemu"
)

const key, other = "arn:aws:kms:us-east-1:111122223333:key/a", "arn:aws:kms:us-east-1:111122223333:key/b"

const policy = `{"Version":"2012-10-17","Statement":[
	{"Sid":"Admin","Effect":"Allow","Principal":"*","Action":["kms:Describe*","kms:PutKeyPolicy"],"Resource":"*"},
	{"Effect":"Allow","Principal":"*","Action":"kms:ReEncryptFrom","Resource":"*"},
	{"Sid":"No","Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}]}`

// call is a record of a call of the key that a statement decided.
func call(name string, verdict keypolicy.Verdict, explicit bool, statement int) kmsemu.Event {
	return kmsemu.Event{
		EventName: name, Resources: []kmsemu.Resource{{ARN: key}},
		Decision: &keypolicy.Decision{Verdict: verdict, Explicit: explicit, Reasons: []keypolicy.Reason{{Source: keypolicy.ResourcePolicy, Statement: statement}}},
	}
}

func item(name string, touched bool) coverage.Item {
	return coverage.Item{Name: name, Touched: touched}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	terraform := call("DescribeKey", keypolicy.Allowed, false, 0)
	terraform.UserAgent = "APN/1.0 terraform-provider-aws/5.100.0"
	elsewhere := call("DescribeKey", keypolicy.Allowed, false, 0)
	elsewhere.Resources[0].ARN = other
	nobody := call("DescribeKey", keypolicy.Allowed, false, 0)
	nobody.Decision = nil
	identity := call("DescribeKey", keypolicy.Allowed, false, 0)
	identity.Decision.Reasons[0].Source = keypolicy.IdentityPolicy
	for _, row := range []struct {
		name       string
		event      kmsemu.Event
		statements []bool // Admin, statement 2, No
		actions    []bool // Describe*, PutKeyPolicy, ReEncryptFrom
	}{
		{"allowed", call("DescribeKey", keypolicy.Allowed, false, 0), []bool{true, false, false}, []bool{true, false, false}},
		{"an operation with two permissions", call("ReEncrypt", keypolicy.Allowed, false, 1), []bool{false, true, false}, []bool{false, false, true}},
		{"explicitly denied", call("ScheduleKeyDeletion", keypolicy.Denied, true, 2), []bool{false, false, true}, []bool{false, false, false}},
		{"denied by default: a near miss decides nothing", call("DescribeKey", keypolicy.Denied, false, 0), []bool{false, false, false}, []bool{false, false, false}},
		{"Terraform's own call", terraform, []bool{false, false, false}, []bool{false, false, false}},
		{"of another key", elsewhere, []bool{false, false, false}, []bool{false, false, false}},
		{"refused before any decision", nobody, []bool{false, false, false}, []bool{false, false, false}},
		{"decided by an IAM policy", identity, []bool{false, false, false}, []bool{false, false, false}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m, err := coverage.Measure(coverage.Look{
				Dir: "testdata/module", Set: []string{"alias"}, Read: []string{"key_id"},
				Policies: map[string]string{key: policy}, Events: []kmsemu.Event{row.event},
			})
			require.NoError(t, err)
			require.Equal(t, []coverage.Item{item("alias", true), item("tags", false)}, m.Variables)
			require.Equal(t, []coverage.Item{item("key_arn", false), item("key_id", true)}, m.Outputs)
			require.Equal(t, []coverage.Item{item("Admin", row.statements[0]), item("No", row.statements[2]), item("statement 2", row.statements[1])}, m.Statements)
			require.Equal(t, []coverage.Item{
				item("Admin: kms:Describe*", row.actions[0]), item("Admin: kms:PutKeyPolicy", row.actions[1]),
				item("statement 2: kms:ReEncryptFrom", row.actions[2]),
			}, m.Actions)
		})
	}
}

func TestAllOutputs(t *testing.T) {
	t.Parallel()
	m, err := coverage.Measure(coverage.Look{Dir: "testdata/module", Read: []string{coverage.AllOutputs}})
	require.NoError(t, err)
	require.Equal(t, []coverage.Item{item("key_arn", true), item("key_id", true)}, m.Outputs)
	require.InDelta(t, 50, m.Percent(), 0.1)
	require.Equal(t, []string{"alias", "tags"}, m.Kinds()[0].Untouched())
}

func TestNothingToCover(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 100, coverage.Module{}.Percent(), 0)
	_, err := coverage.Measure(coverage.Look{Dir: "testdata/module", Policies: map[string]string{key: "{"}})
	require.ErrorContains(t, err, "key policy of "+key)
}
