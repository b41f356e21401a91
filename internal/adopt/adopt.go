// Package adopt makes specs of KMS keys that are there already, from what
// terraform show -json prints of a state or a plan, or from a configuration.
//
// [Read] and [ReadFolder] find the keys. What a spec cannot say is listed in
// [Key.Notes], what it leaves to the module's caller in [Key.Arguments], and the
// statements of the key policy that neither a verb nor a service stands for are kept
// in [Key.Remaining]: nothing is dropped in silence.
//
// policy.go takes a key policy apart; match.go holds its statements against those
// that modules have, and take.go makes the module have what was recognized.
//
// A configuration is not run: folder.go reads its blocks, scope.go works out what
// they say, as far as they say it, and config.go and document.go are what resources,
// modules and data sources mean.
package adopt

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/plan"
)

// Key is a key that was found, as a module of a spec.
type Key struct {
	// Address of the key's resource; ID is "" in a configuration, and in a plan that
	// makes the key.
	Address, ID string
	Module      generator.Module
	// Arguments are HCL expressions that the module's caller passes, by the names of
	// its variables; "providers" is the meta-argument of the call.
	Arguments map[string]string
	// Policy is the key policy as it was found; "" if it is not known.
	Policy string
	// Notes tell what the spec does not say, a line each.
	Notes []string
	// Remaining is a policy document of the statements that no verb stands for; nil
	// for none.
	Remaining []byte
	// Moves are from the addresses of resources to those in the module.
	Moves []Move

	place generator.Place
	match matching
	// arn of the key; "" if it is not known.
	arn string
	// primary is the address of a replica's primary key where that is all that is
	// known of it, else its ARN; "" if nothing is.
	primary string
}

// Move is one moved resource. To is the address within the module.
type Move struct{ From, To string }

// keyTypes are the resources that are keys, and what their type says.
var keyTypes = map[string]generator.Module{
	"aws_kms_key":                  {},
	"aws_kms_external_key":         {Origin: generator.OriginExternal},
	"aws_kms_replica_key":          {MultiRegion: generator.Replica},
	"aws_kms_replica_external_key": {MultiRegion: generator.Replica, Origin: generator.OriginExternal},
}

// Read returns the keys of a state or plan, in the order of their addresses; name
// is for messages. It returns an error if there is none.
func Read(name string, src []byte) ([]Key, error) {
	if what, do := plan.Mistaken(name, src); what != "" {
		return nil, fmt.Errorf("%s is %s: %s", name, what, do)
	}
	values, err := read(src)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w; write it with terraform show -json", name, err)
	}
	return adoptAll(name, all(values.RootModule), generator.Place{}, nil)
}

// adoptAll makes a Key of each key, and of each policy of a key that is not among
// them.
func adoptAll(name string, resources []*tfjson.StateResource, place generator.Place, notes map[string][]string) ([]Key, error) {
	slices.SortFunc(resources, func(a, b *tfjson.StateResource) int { return strings.Compare(a.Address, b.Address) })
	var keys []Key
	for _, r := range resources {
		if _, ok := keyTypes[r.Type]; !ok || r.Mode != tfjson.ManagedResourceMode {
			continue
		}
		key, err := adopt(r, resources, place, notes)
		if err != nil {
			return nil, fmt.Errorf("adopting %s: %w", r.Address, err)
		}
		key.Module.Name = unique(key.Module.Name, keys)
		keys = append(keys, key)
	}
	passPrimaries(keys)
	tellRegions(keys)
	for _, r := range resources {
		if r.Type != "aws_kms_key_policy" || ofAny(keys, attributes(r.AttributeValues).text("key_id")) {
			continue
		}
		key, err := adoptPolicy(r, place, notes)
		if err != nil {
			return nil, fmt.Errorf("adopting %s: %w", r.Address, err)
		}
		key.Module.Name = unique(key.Module.Name, keys)
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("reading %s: it holds no KMS key and no key policy", name)
	}
	return keys, nil
}

func ofAny(keys []Key, id string) bool {
	return slices.ContainsFunc(keys, func(k Key) bool { return k.isOf(id) })
}

// adoptPolicy makes a Key of the policy of one that is made elsewhere.
func adoptPolicy(r *tfjson.StateResource, place generator.Place, notes map[string][]string) (Key, error) {
	v := attributes(r.AttributeValues)
	m := generator.Module{Manages: generator.ManagesPolicy, KeySpec: "SYMMETRIC_DEFAULT", KeyUsage: "ENCRYPT_DECRYPT", Name: moduleName(r)}
	k := Key{Address: r.Address, ID: v.text("key_id"), Module: m, Notes: notes[r.Address], place: place, Arguments: map[string]string{}}
	k.note(takenForSymmetric, "key")
	k.move(r.Address, fmt.Sprintf("aws_kms_key_policy.this[%q]", m.Name))
	if k.ID != "" {
		k.Arguments["key_ids"] = fmt.Sprintf("{ %q = %s }", m.Name, quoted([]string{k.ID})[0])
	}
	return k, k.document(v.text("policy"))
}

// read returns the values of a state, or those that a plan leads to.
func read(src []byte) (*tfjson.StateValues, error) {
	var top struct {
		FormatVersion *string         `json:"format_version"`
		Lineage       *string         `json:"lineage"`
		PlannedValues json.RawMessage `json:"planned_values"`
	}
	if err := json.Unmarshal(src, &top); err != nil {
		return nil, err
	}
	if top.FormatVersion == nil && top.Lineage != nil {
		return nil, errors.New("it is a state in Terraform's own format")
	}
	if top.FormatVersion == nil {
		return nil, errors.New("it is neither a state nor a plan")
	}
	var values *tfjson.StateValues
	if top.PlannedValues != nil {
		var planned tfjson.Plan
		if err := planned.UnmarshalJSON(src); err != nil {
			return nil, err
		}
		if values = planned.PlannedValues; values != nil && values.RootModule != nil && planned.Config != nil {
			setProviders(all(values.RootModule), configured(planned.Config.RootModule, "", map[string]string{}))
		}
	} else {
		var state tfjson.State
		if err := state.UnmarshalJSON(src); err != nil {
			return nil, err
		}
		values = state.Values
	}
	if values == nil || values.RootModule == nil {
		return nil, errors.New("it holds no resources")
	}
	return values, nil
}

// all returns the resources of a module and of those it calls.
func all(m *tfjson.StateModule) []*tfjson.StateResource {
	resources := slices.Clone(m.Resources)
	for _, child := range m.ChildModules {
		resources = append(resources, all(child)...)
	}
	return resources
}

func adopt(r *tfjson.StateResource, resources []*tfjson.StateResource, place generator.Place, notes map[string][]string) (Key, error) {
	v := attributes(r.AttributeValues)
	k := Key{Address: r.Address, ID: v.text("key_id"), Module: keyTypes[r.Type], Notes: notes[r.Address], place: place, Arguments: map[string]string{}, arn: v.text("arn")}
	k.Module.Name = moduleName(r)
	k.move(r.Address, r.Type+".this")
	k.primary = cmp.Or(primaryAddress(v), v.text("primary_key_arn"))
	if name := v.text(providerArgument); name != "" {
		k.Arguments["providers"] = "{ aws = " + name + " }"
	}
	k.settings(likePrimary(v, resources))
	k.others(resources, notes)
	document := v.text("policy")
	for _, other := range resources {
		if other.Type == "aws_kms_key_policy" && k.isOf(attributes(other.AttributeValues).text("key_id")) {
			document = attributes(other.AttributeValues).text("policy")
			k.Notes = append(k.Notes, notes[other.Address]...)
			k.note("%s is replaced by the policy in the module: remove it from state with a removed block", other.Address)
		}
	}
	if match := partsOfKeyARN.FindStringSubmatch(k.arn); match != nil {
		k.place = generator.Place{Partition: match[1], Region: match[2], Account: match[3]}
	}
	return k, k.document(document)
}

// document takes the key policy over, if it is known.
func (k *Key) document(text string) error {
	if text == "" {
		k.note("the key policy is not known: name the roles, or take a state instead")
		return nil
	}
	k.Policy = text
	k.where(text)
	return k.policy(text)
}

func (k *Key) note(format string, args ...any) {
	k.Notes = append(k.Notes, fmt.Sprintf(format, args...))
}

// isOf reports whether id, a key id or an ARN, is that of the key.
func (k *Key) isOf(id string) bool {
	return k.ID != "" && (id == k.ID || strings.HasSuffix(id, ":key/"+k.ID))
}

// has reports whether an alias is the key's. The keys of a multi-Region set share
// their id, so that the ARN decides where it is known.
func (k *Key) has(alias attributes) bool {
	if target := alias.text("target_key_arn"); target != "" && k.arn != "" {
		return target == k.arn
	}
	return k.isOf(alias.text("target_key_id"))
}

func (k *Key) move(from, to string) { k.Moves = append(k.Moves, Move{from, to}) }

// commonNames say nothing about a key: its module's name does.
var commonNames = []string{"this", "main", "default", "key", "kms", "kms_key"}

// moduleName makes a name for the key's module of its address.
func moduleName(r *tfjson.StateResource) string {
	name := r.Name
	if parts := strings.Split(r.Address, "."); slices.Contains(commonNames, name) && len(parts) > 3 {
		name = parts[len(parts)-3]
	}
	name = strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
			return c
		}
		return '-'
	}, name), "-_")
	if name == "" || name[0] < 'a' {
		name = strings.TrimSuffix("key-"+name, "-")
	}
	return name
}

func unique(name string, keys []Key) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(keys, func(k Key) bool { return k.Module.Name == name })
	}
	for i, base := 2, name; taken(name); i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	return name
}
