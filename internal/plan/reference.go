package plan

import (
	"encoding/json"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// step is one part of an address: a name, and an instance key or "".
type step struct{ name, key string }

// steps takes an address or reference apart at its dots:
// `module.orders["a.b"].aws_kms_key.this[0].arn` has five steps.
func steps(address string) []step {
	var all []step
	for more := true; more; more = address != "" {
		end := strings.IndexAny(address, ".[")
		if end < 0 {
			end = len(address)
		}
		s := step{name: address[:end]}
		address = address[end:]
		if strings.HasPrefix(address, "[") {
			length := keyLength(address)
			s.key, address = address[:length], address[length:]
		}
		all = append(all, s)
		address = strings.TrimPrefix(address, ".")
	}
	return all
}

// keyLength is the length of the instance key that the text begins with, with
// its brackets. A key in quotes may hold anything, brackets too.
func keyLength(text string) int {
	decoder := json.NewDecoder(strings.NewReader(text[1:]))
	if _, err := decoder.Token(); err != nil {
		return len(text)
	}
	return min(len(text), int(decoder.InputOffset())+2)
}

// module is an instance of a module: its address ("" for the root), its
// configuration, and the call that made it.
type module struct {
	address string
	config  *tfjson.ConfigModule
	parent  *module
	call    *tfjson.ModuleCall
}

// module finds the module instance of an address; nil if the plan does not hold
// its configuration.
func (r *reader) module(address string) *module {
	if r.plan.Config == nil || r.plan.Config.RootModule == nil {
		return nil
	}
	m := &module{config: r.plan.Config.RootModule}
	for i, s := range steps(address) {
		if i%2 == 0 { // the word module
			continue
		}
		if m = m.child(s); m == nil {
			return nil
		}
	}
	return m
}

func (m *module) child(s step) *module {
	call := m.config.ModuleCalls[s.name]
	if call == nil || call.Module == nil {
		return nil
	}
	address := "module." + s.name + s.key
	if m.address != "" {
		address = m.address + "." + address
	}
	return &module{address, call.Module, m, call}
}

// expression is the configuration of a resource's attribute; nil if it is not
// set or not known.
func (r *reader) expression(rc *tfjson.ResourceChange, name string) *tfjson.Expression {
	if c := r.configuration(rc); c != nil {
		return c.Expressions[name]
	}
	return nil
}

// configuration is that of a resource; nil if the plan does not hold it.
func (r *reader) configuration(rc *tfjson.ResourceChange) *tfjson.ConfigResource {
	m := r.module(rc.ModuleAddress)
	if m == nil {
		return nil
	}
	for _, c := range m.config.Resources {
		if c.Mode == rc.Mode && c.Type == rc.Type && c.Name == rc.Name {
			return c
		}
	}
	return nil
}

// origin is where a value comes from: an attribute of a resource, or no resource
// at all.
type origin struct {
	module    *module
	resource  []step // such as data, aws_iam_policy_document, app[0]
	attribute string
	null      bool // the value is null
}

// maxHops bounds the variables and outputs that a value comes through.
const maxHops = 64

// origin follows references through variables and outputs to their end; nil if
// there is none, or several. Locals are not part of a plan.
func (r *reader) origin(m *module, e *tfjson.Expression) *origin { return r.follow(m, e, maxHops) }

func (r *reader) follow(m *module, e *tfjson.Expression, hops int) *origin {
	if m == nil || e == nil || e.ExpressionData == nil || hops == 0 {
		return nil
	}
	leaves := leaves(e.References)
	switch {
	case len(e.References) == 0 && e.ConstantValue == nil:
		return &origin{null: true}
	case len(leaves) != 1:
		return nil
	}
	path := steps(leaves[0])
	switch {
	case path[0].name == "var" && len(path) == 2:
		return r.variable(m, path[1].name, hops)
	case path[0].name == "module" && len(path) == 3:
		if child := m.child(path[1]); child != nil && child.config.Outputs[path[2].name] != nil {
			return r.follow(child, child.config.Outputs[path[2].name].Expression, hops-1)
		}
		return nil
	}
	return resourceOrigin(m, path)
}

func resourceOrigin(m *module, path []step) *origin {
	length := 2
	switch path[0].name {
	case "data":
		length = 3
	case "local", "var", "module", "path", "terraform", "ephemeral":
		return nil
	}
	if len(path) < length {
		return nil
	}
	o := &origin{module: m, resource: path[:length]}
	if len(path) > length {
		o.attribute = path[length].name
	}
	return o
}

// variable follows a variable to what the module's caller sets it to.
func (r *reader) variable(m *module, name string, hops int) *origin {
	if m.parent == nil {
		v := r.plan.Variables[name]
		return nullOrigin(v != nil && v.Value == nil)
	}
	if set := m.call.Expressions[name]; set != nil {
		return r.follow(m.parent, set, hops-1)
	}
	v := m.config.Variables[name]
	return nullOrigin(v != nil && v.Default == nil)
}

func nullOrigin(null bool) *origin {
	if null {
		return &origin{null: true}
	}
	return nil
}

// leaves are the references that are no part of another: Terraform lists
// aws_kms_key.a.arn and aws_kms_key.a.
func leaves(references []string) []string {
	var leaves []string
	for _, ref := range references {
		local := slices.Contains([]string{"each", "count", "path", "self"}, steps(ref)[0].name)
		longer := slices.ContainsFunc(references, func(other string) bool {
			return strings.HasPrefix(other, ref+".") || strings.HasPrefix(other, ref+"[")
		})
		if !local && !longer {
			leaves = append(leaves, ref)
		}
	}
	return leaves
}

// instance finds the resource instance that a reference means: that of its own
// key, the only one there is, or the one with the key of the referring resource,
// as in aws_kms_key.a[count.index].
func (r *reader) instance(o *origin, from *tfjson.ResourceChange) *tfjson.ResourceChange {
	if o == nil || o.null {
		return nil
	}
	mode, path := tfjson.ManagedResourceMode, o.resource
	if path[0].name == "data" {
		mode, path = tfjson.DataResourceMode, path[1:]
	}
	var found []*tfjson.ResourceChange
	for _, rc := range r.plan.ResourceChanges {
		if rc.Mode == mode && rc.ModuleAddress == o.module.address && rc.Type == path[0].name && rc.Name == path[1].name && rc.DeposedKey == "" {
			found = append(found, rc)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	key := path[1].key
	if key == "" {
		key = keyOf(from)
	}
	for _, rc := range found {
		if keyOf(rc) == key {
			return rc
		}
	}
	return nil
}

// keyOf is the instance key of a resource, as its address ends.
func keyOf(rc *tfjson.ResourceChange) string {
	if rc.Index == nil {
		return ""
	}
	path := steps(rc.Address)
	return path[len(path)-1].key
}
