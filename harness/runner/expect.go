package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Unknown stands, in [Planned].After, for a value that is known after apply.
const Unknown = "(known after apply)"

// Planned is what a plan must do with one resource.
type Planned struct {
	// Address such as "module.key.aws_kms_key.this".
	Address string
	// Action is "create", "update", "delete" or "replace".
	Action string
	// After has attributes with their values after the change, as JSON has them;
	// [Unknown] for what the plan does not know. Attributes it does not have are
	// not looked at.
	After map[string]any
}

// Expect returns an error unless the plan does with resources what is wanted, and
// nothing else. The error lists all that differs.
func Expect(plan *tfjson.Plan, want ...Planned) error {
	var errs []error
	changed := map[string]*tfjson.Change{}
	for _, rc := range plan.ResourceChanges {
		if !rc.Change.Actions.NoOp() && !rc.Change.Actions.Read() {
			changed[rc.Address] = rc.Change
			if !slices.ContainsFunc(want, func(p Planned) bool { return p.Address == rc.Address }) {
				errs = append(errs, fmt.Errorf("%s: %s, which is not expected", rc.Address, action(rc.Change.Actions)))
			}
		}
	}
	for _, p := range want {
		change := changed[p.Address]
		switch {
		case change == nil:
			errs = append(errs, fmt.Errorf("%s: want %s, the plan leaves it alone", p.Address, p.Action))
		case action(change.Actions) != p.Action:
			errs = append(errs, fmt.Errorf("%s: want %s, got %s", p.Address, p.Action, action(change.Actions)))
		default:
			errs = append(errs, p.attributes(change)...)
		}
	}
	return errors.Join(errs...)
}

func (p Planned) attributes(change *tfjson.Change) []error {
	after, _ := change.After.(map[string]any)
	unknown, _ := change.AfterUnknown.(map[string]any)
	var errs []error
	for name, want := range p.After {
		got := any(Unknown)
		if unknown[name] != true {
			got = after[name]
		}
		if text(got) != text(want) {
			errs = append(errs, fmt.Errorf("%s: %s: want %s, got %s", p.Address, name,
				shown(want, change.AfterSensitive, name), shown(got, change.AfterSensitive, name)))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}
