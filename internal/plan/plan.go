package plan

import (
	"encoding/json"
	"errors"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

// Plan is what a plan says about KMS keys.
type Plan struct {
	// Account is the account that the plan is for; "" if it does not say.
	Account string
	// Keys of the plan, and keys that it gives a policy or a grant, in the order
	// of their addresses.
	Keys []*Key
	// Identities are the IAM policies that will be there.
	Identities []*Policy
}

// Key is a KMS key of a plan.
type Key struct {
	// Address of the key, or, for a key that the plan does not hold, of the
	// policy or grant that it gets.
	Address string
	// ARN and Account of the key; "" if not known.
	ARN, Account string
	// Before and After are the key policy before and after the plan; nil where
	// there is no key then, or only a grant for it.
	Before, After *Policy
	// Facts are what condition keys ask for.
	Facts keypolicy.Key
	// Settings are those after the plan; nil for a key that the plan does not
	// hold.
	Settings *lint.Settings
	// Grants that the plan makes or keeps.
	Grants []Grant
}

// Grant is an aws_kms_grant.
type Grant struct {
	Address string
	keypolicy.Grant
	// Constrained is on if the grant has encryption context constraints.
	Constrained lint.Switch
}

// Is reports whether JSON is a plan. It looks at the outermost members alone.
func Is(src []byte) bool {
	var top struct {
		FormatVersion   *string         `json:"format_version"`
		ResourceChanges json.RawMessage `json:"resource_changes"`
		PlannedValues   json.RawMessage `json:"planned_values"`
	}
	return json.Unmarshal(src, &top) == nil && top.FormatVersion != nil && (top.ResourceChanges != nil || top.PlannedValues != nil)
}

// Read reads the output of `terraform show -json PLANFILE`; name is only for
// messages. The account owns the keys whose ARN is not known; "" takes the one
// that the plan names. A policy that cannot be parsed is an error.
func Read(name string, src []byte, account string) (*Plan, error) {
	r := &reader{plan: &tfjson.Plan{}}
	r.plan.UseJSONNumber(true)
	if err := json.Unmarshal(src, r.plan); err != nil {
		return nil, fmt.Errorf("reading plan %s: %w; write one with terraform show -json PLANFILE", name, err)
	}
	if r.account = account; account == "" {
		r.account = r.findAccount()
	}
	r.read()
	if err := errors.Join(r.errs...); err != nil {
		return nil, fmt.Errorf("reading plan %s: %w", name, err)
	}
	return &Plan{Account: r.account, Keys: r.keys, Identities: r.identities}, nil
}

// reader reads one plan.
type reader struct {
	plan       *tfjson.Plan
	account    string
	keys       []*Key
	byResource map[*tfjson.ResourceChange]*Key
	byID       map[string]*Key // by key id and ARN
	identities []*Policy
	errs       []error
	// rebuilding are the data sources whose documents are being put together, so
	// that a circle ends.
	rebuilding []*tfjson.ResourceChange
}

// readers read resources by type, in an order in which keys come first: the
// others are attached to them.
var readers = []struct {
	types []string
	read  func(*reader, *tfjson.ResourceChange) error
}{
	{[]string{"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"}, (*reader).key},
	{[]string{"aws_kms_key_policy"}, (*reader).keyPolicy},
	{[]string{"aws_kms_grant"}, (*reader).grant},
	{[]string{"aws_kms_alias"}, (*reader).alias},
	{[]string{"aws_kms_replica_key", "aws_kms_replica_external_key"}, (*reader).replication},
	{[]string{"aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"}, (*reader).identity},
	{[]string{"aws_iam_role"}, (*reader).inlinePolicies},
}

func (r *reader) read() {
	r.byResource, r.byID = map[*tfjson.ResourceChange]*Key{}, map[string]*Key{}
	for _, kind := range readers {
		for _, t := range kind.types {
			for _, rc := range r.plan.ResourceChanges {
				if rc.Type != t || rc.Mode != tfjson.ManagedResourceMode || rc.Change == nil || rc.Change.Actions.Forget() {
					continue
				}
				if err := kind.read(r, rc); err != nil {
					r.errs = append(r.errs, err)
				}
			}
		}
	}
}
