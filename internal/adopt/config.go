package adopt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/keywright/keywright/generator"
)

// Settings are what a configuration does not say itself.
type Settings struct {
	// Account and Region that it is for; "" for unknown. Without a Region that of
	// the provider block counts.
	Account, Region string
	// Variables are values of the root module's variables, as HCL expressions; what
	// is no expression is a string.
	Variables map[string]string
}

// ReadFolder returns the keys of the configuration in a folder, those of the local
// modules that it calls among them, without running it. What it does not tell of a
// key is in the key's Notes, and what it does not tell of keys at all is in notes.
// It returns an error if there is none.
func ReadFolder(dir string, settings Settings) (keys []Key, notes []string, err error) {
	f, err := load(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the configuration: %w", err)
	}
	inputs := map[string]fact{}
	for name, text := range settings.Variables {
		inputs[name] = fact{value: literal(text)}
	}
	root := newScope(f, generator.Place{Account: settings.Account}, inputs)
	root.regions = root.regionsOfProviders()
	if settings.Region != "" {
		root.regions[defaultProvider] = settings.Region
	}
	root.place.Region = root.regions[defaultProvider]
	root.place.Partition = partitionOf(root.place.Region)
	found := &found{notes: map[string][]string{}}
	if err := root.collect(found); err != nil {
		return nil, nil, fmt.Errorf("reading the configuration: %w", err)
	}
	keys, err = adoptAll(dir, found.resources, root.place, found.notes)
	for i := range keys {
		if keys[i].ID == keys[i].Address {
			keys[i].ID = "" // it stood for what the configuration does not know
		}
	}
	return keys, found.notes[""], err
}

// literal is the value of an expression that a person typed.
func literal(text string) cty.Value {
	parsed, diags := hclsyntax.ParseExpression([]byte(text), "--var", hcl.InitialPos)
	if !diags.HasErrors() {
		if value, diags := parsed.Value(nil); !diags.HasErrors() {
			return value
		}
	}
	return cty.StringVal(text)
}

// text is a known string, or "".
func text(f fact) string {
	if f.why != "" || f.value == cty.NilVal || !f.value.IsKnown() || f.value.IsNull() || f.value.Type() != cty.String {
		return ""
	}
	return f.value.AsString()
}

// partitionOf a Region. Source: AWS General Reference, ARN partitions.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// found is what a configuration holds: its resources of KMS, and notes by the
// addresses that they are about, "" for the whole.
type found struct {
	resources []*tfjson.StateResource
	notes     map[string][]string
}

func (f *found) note(address, format string, args ...any) {
	f.notes[address] = append(f.notes[address], fmt.Sprintf(format, args...))
}

// collect finds the resources of the module and of those that it calls.
func (s *scope) collect(found *found) error {
	for _, name := range s.unread {
		found.note("", "%s is not read: adopt its keys from a state or a plan", name)
	}
	var names []string
	for name := range s.blocks {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		block := s.blocks[name]
		switch {
		case block.Type == "module":
			if err := s.called(block, found); err != nil {
				return err
			}
		case block.Type == "resource" && strings.HasPrefix(block.Labels[0], "aws_kms_"):
			s.resource(name, block, found)
		}
	}
	return nil
}

// metaArguments of resources are Terraform's own.
var metaArguments = []string{"count", "for_each", "depends_on", providerArgument}

// resource notes the instances of a resource.
func (s *scope) resource(name string, block *hclsyntax.Block, found *found) {
	instances, why := s.instances(block)
	for _, one := range instances {
		at := s.prefix + name + one.suffix
		if why != "" {
			found.note(at, "how many of %s there are is not known: %s", at, why)
		}
		attributes := map[string]any{}
		if _, ok := keyTypes[block.Labels[0]]; ok {
			attributes["key_id"] = at
		}
		if provider := s.provider(block.Body.Attributes[providerArgument]); provider != defaultProvider {
			attributes[providerArgument] = provider
		}
		for _, attr := range sorted(block.Body.Attributes) {
			if slices.Contains(metaArguments, attr.Name) {
				continue
			}
			f := s.eval(attr.Expr, one.local)
			if f.why == "" {
				attributes[attr.Name] = plain(f.value)
			} else {
				attributes[attr.Name] = unknownText
				found.note(at, "%s of %s is not known: %s", attr.Name, at, f.why)
			}
		}
		found.resources = append(found.resources, &tfjson.StateResource{
			Address: at, Mode: tfjson.ManagedResourceMode, Type: block.Labels[0], Name: block.Labels[1], AttributeValues: attributes,
		})
	}
}

func sorted(attributes hclsyntax.Attributes) []*hclsyntax.Attribute {
	var all []*hclsyntax.Attribute
	for _, attr := range attributes {
		all = append(all, attr)
	}
	slices.SortFunc(all, func(a, b *hclsyntax.Attribute) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// plain is a value as JSON would have it.
func plain(v cty.Value) any {
	data, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return nil
	}
	var value any
	if json.Unmarshal(data, &value) != nil {
		return nil
	}
	return value
}

// object is what expressions see of a resource: its arguments, and the attributes
// that follow from them.
func (s *scope) object(block *hclsyntax.Block) fact {
	instances, why := s.instances(block)
	if why != "" {
		return fact{cty.DynamicVal, why}
	}
	var values []cty.Value
	name := strings.Join(block.Labels, ".")
	for _, one := range instances {
		attributes := map[string]cty.Value{}
		for _, attr := range sorted(block.Body.Attributes) {
			f := s.eval(attr.Expr, one.local)
			attributes[attr.Name] = f.value
			why = cmp.Or(why, f.why)
		}
		for name, value := range s.computed(block.Labels[0], s.prefix+name+one.suffix, attributes) {
			attributes[name] = cty.StringVal(value)
		}
		values = append(values, cty.ObjectVal(attributes))
	}
	return fact{gather(block, instances, values), why}
}

// computed are attributes that nobody writes down and others refer to. A key's
// address stands for its id.
func (s *scope) computed(kind, at string, attributes map[string]cty.Value) map[string]string {
	if _, ok := keyTypes[kind]; ok {
		return map[string]string{"key_id": at, "id": at, "arn": ofAddress + at}
	}
	path, name := "/", text(fact{value: attributes["name"]})
	if given, ok := attributes["path"]; ok {
		path = text(fact{value: given})
	}
	for _, principal := range []string{"role", "user"} {
		if kind == "aws_iam_"+principal && name != "" && path != "" && s.place.Account != "" {
			return map[string]string{"arn": "arn:" + s.place.Partition + ":iam::" + s.place.Account + ":" + principal + path + name}
		}
	}
	return nil
}

// callArguments of module blocks are Terraform's own.
var callArguments = []string{"source", "version", "providers", "count", "for_each", "depends_on"}

// children are the scopes of a call of a local module, an instance each.
func (s *scope) children(block *hclsyntax.Block) ([]*scope, []instance, string, error) {
	source := ""
	if attr, ok := block.Body.Attributes["source"]; ok {
		source = text(s.eval(attr.Expr, nil))
	}
	name := s.prefix + "module." + block.Labels[0]
	if !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
		return nil, nil, fmt.Sprintf("%s is from %q, which is not read: adopt its keys from a state or a plan", name, source), nil
	}
	f, err := load(filepath.Join(s.dir, filepath.FromSlash(source)))
	if err != nil {
		return nil, nil, "", fmt.Errorf("reading %s: %w", name, err)
	}
	instances, why := s.instances(block)
	if why != "" {
		return nil, nil, fmt.Sprintf("how many of %s there are is not known: %s", name, why), nil
	}
	var all []*scope
	for _, one := range instances {
		all = append(all, s.child(f, block, one))
	}
	return all, instances, "", nil
}

func (s *scope) called(block *hclsyntax.Block, found *found) error {
	children, _, why, err := s.children(block)
	if why != "" {
		found.note("", "%s", why)
	}
	for _, child := range children {
		if err := child.collect(found); err != nil {
			return err
		}
	}
	return err
}

// outputs are what expressions see of a module that is called.
func (s *scope) outputs(block *hclsyntax.Block) fact {
	children, instances, why, err := s.children(block)
	if err != nil {
		return unknown("%s", err)
	}
	if why != "" {
		return fact{cty.DynamicVal, why}
	}
	var values []cty.Value
	for _, child := range children {
		outputs := map[string]cty.Value{}
		for name, output := range child.blocks {
			if attr, ok := output.Body.Attributes["value"]; ok && output.Type == "output" {
				f := child.eval(attr.Expr, nil)
				outputs[strings.TrimPrefix(name, "output.")] = f.value
				why = cmp.Or(why, f.why)
			}
		}
		values = append(values, cty.ObjectVal(outputs))
	}
	return fact{gather(block, instances, values), why}
}
