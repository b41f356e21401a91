// Package coverage tells what of a Terraform module its tests touched: which
// variables they set, which outputs they read, which statements of its key
// policies decided a call, and which actions that these name were called.
//
// [Measure] looks at one applied root, [Merge] puts several looks together:
//
//	m, err := coverage.Measure(coverage.Look{Dir: "modules/kms/app", Set: []string{"alias"}, Policies: policies, Events: events})
//	fmt.Println(m.Percent())
//
// It measures no lines of Terraform: what runs there is decided by variables.
package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/kmsemu"
)

// Module is what of one module was touched. Its lists are sorted by name.
type Module struct {
	// Module is the folder, as tests name it.
	Module string `json:"module"`
	// Variables are touched when a test sets them.
	Variables []Item `json:"variables"`
	// Outputs are touched when a test reads them.
	Outputs []Item `json:"outputs"`
	// Statements of key policies, by Sid or number, are touched when they decided a
	// call, either way.
	Statements []Item `json:"statements"`
	// Actions are those that Allow statements name, as they name them, with the
	// statement: touched when the statement allowed such a call.
	Actions []Item `json:"actions"`
}

// Item is something that tests can touch.
type Item struct {
	Name    string `json:"name"`
	Touched bool   `json:"touched"`
}

// AllOutputs in [Look].Read stands for every output.
const AllOutputs = "*"

// Look is one applied root with what was done to it.
type Look struct {
	// Dir is the root module's folder.
	Dir string
	// Set and Read are the names of variables given and outputs read.
	Set, Read []string
	// Policies are the key policies (JSON) by the ARN of their key.
	Policies map[string]string
	// Events are the audit trail. Terraform's own calls do not count: a refresh
	// proves nothing.
	Events []kmsemu.Event
}

// Measure tells what was touched.
func Measure(look Look) (Module, error) {
	m := Module{Module: look.Dir}
	module, diags := tfconfig.LoadModule(look.Dir)
	if diags.HasErrors() {
		return m, fmt.Errorf("reading module %s: %w", look.Dir, diags.Err())
	}
	for name := range module.Variables {
		m.Variables = append(m.Variables, Item{name, slices.Contains(look.Set, name)})
	}
	for name := range module.Outputs {
		m.Outputs = append(m.Outputs, Item{name, slices.Contains(look.Read, name) || slices.Contains(look.Read, AllOutputs)})
	}
	for key, text := range look.Policies {
		policy, err := keypolicy.Parse("key policy of "+key, []byte(text))
		if err != nil {
			return m, err
		}
		m.addPolicy(policy, decided(look.Events, key))
	}
	return Merge([]Module{m})[0], nil
}

// verdict is one statement's part in the decision of a call.
type verdict struct {
	statement int
	action    string
}

// decided lists which statements of a key's policy decided which calls.
func decided(events []kmsemu.Event, key string) []verdict {
	var list []verdict
	for _, e := range events {
		if e.Decision == nil || strings.Contains(e.UserAgent, "terraform-provider-aws") ||
			!slices.ContainsFunc(e.Resources, func(r kmsemu.Resource) bool { return r.ARN == key }) {
			continue
		}
		reasons := e.Decision.Reasons
		if !e.Decision.Allowed() {
			if !e.Decision.Explicit {
				continue // no statement decided: what follows only came near
			}
			reasons = reasons[:1]
		}
		for _, r := range reasons {
			if r.Source == keypolicy.ResourcePolicy && r.Statement >= 0 {
				list = append(list, verdict{r.Statement, "kms:" + e.EventName})
			}
		}
	}
	return list
}

func (m *Module) addPolicy(policy *keypolicy.Policy, verdicts []verdict) {
	for i, s := range policy.Statements {
		name := cmp.Or(s.Sid, fmt.Sprintf("statement %d", i+1))
		touched := slices.ContainsFunc(verdicts, func(v verdict) bool { return v.statement == i })
		m.Statements = append(m.Statements, Item{name, touched})
		if s.Effect != keypolicy.Allow {
			continue
		}
		for _, action := range s.Action {
			touched := slices.ContainsFunc(verdicts, func(v verdict) bool { return v.statement == i && covers(action, v.action) })
			m.Actions = append(m.Actions, Item{name + ": " + action, touched})
		}
	}
}

// covers reports whether an action of a policy is for a call. ReEncrypt is the one
// operation with two permissions.
func covers(pattern, called string) bool {
	pattern = strings.ToLower(pattern)
	for _, name := range operationActions(called) {
		// IAM's wildcards are those of package path in names without a slash.
		if ok, err := path.Match(pattern, strings.ToLower(name)); err == nil && ok {
			return true
		}
	}
	return false
}

func operationActions(called string) []string {
	if called == "kms:ReEncrypt" {
		return []string{"kms:ReEncryptFrom", "kms:ReEncryptTo"}
	}
	return []string{called}
}

// Merge puts looks at the same module together: an item is touched when it was
// in any of them. The result is sorted by module.
func Merge(looks []Module) []Module {
	merged := map[string]Module{}
	for _, l := range looks {
		m := merged[l.Module]
		merged[l.Module] = Module{
			Module:     l.Module,
			Variables:  union(m.Variables, l.Variables),
			Outputs:    union(m.Outputs, l.Outputs),
			Statements: union(m.Statements, l.Statements),
			Actions:    union(m.Actions, l.Actions),
		}
	}
	return slices.SortedFunc(maps.Values(merged), func(a, b Module) int { return strings.Compare(a.Module, b.Module) })
}

func union(a, b []Item) []Item {
	touched := map[string]bool{}
	for _, item := range slices.Concat(a, b) {
		touched[item.Name] = touched[item.Name] || item.Touched
	}
	list := make([]Item, 0, len(touched))
	for _, name := range slices.Sorted(maps.Keys(touched)) {
		list = append(list, Item{name, touched[name]})
	}
	return list
}

// Kind is one of the lists of a [Module] under its plural name.
type Kind struct {
	Name  string
	Items []Item
}

// Kinds are the module's lists, in order.
func (m Module) Kinds() []Kind {
	return []Kind{{"variables", m.Variables}, {"outputs", m.Outputs}, {"statements", m.Statements}, {"actions", m.Actions}}
}

// Untouched lists the names of the items that no test touched.
func (k Kind) Untouched() []string {
	var names []string
	for _, item := range k.Items {
		if !item.Touched {
			names = append(names, item.Name)
		}
	}
	return names
}

// Percent is the share of all items that were touched, 0 to 100; 100 for a module
// that has none.
func (m Module) Percent() float64 {
	all, untouched := 0, 0
	for _, k := range m.Kinds() {
		all += len(k.Items)
		untouched += len(k.Untouched())
	}
	if all == 0 {
		return 100
	}
	return 100 * float64(all-untouched) / float64(all)
}
