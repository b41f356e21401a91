package adopt

import (
	"encoding/json"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/keywright/keywright/generator"
)

// takenForSymmetric is the note about a module whose kind of key another key decides.
const takenForSymmetric = "its %s is taken for a symmetric encryption key: set key_spec and key_usage if it is another"

// settings takes over what the key's resource says besides its policy.
func (k *Key) settings(v attributes) {
	m := &k.Module
	m.KeySpec = v.text("customer_master_key_spec")
	if spec := v.text("key_spec"); spec != "" {
		m.KeySpec = spec
	}
	if m.KeySpec == "" {
		m.KeySpec = "SYMMETRIC_DEFAULT"
		if m.MultiRegion == generator.Replica { // as its primary, of which a configuration may hold nothing
			k.note(takenForSymmetric, "primary key")
		}
	}
	m.KeyUsage = v.text("key_usage")
	if m.KeySpec != "SYMMETRIC_DEFAULT" && v["key_usage"] == nil {
		m.KeyUsage = "ENCRYPT_DECRYPT" // the resource's default
	}
	m.Description = strings.Join(strings.Fields(v.text("description")), " ")
	if m.Description == "" {
		k.note("the key has no description; the module gives it one")
	}
	m.DeletionWindowInDays = v.number("deletion_window_in_days")
	if v.truth("multi_region") && m.MultiRegion == "" {
		m.MultiRegion = generator.Primary
	}
	if v.given("custom_key_store_id") {
		m.Origin = generator.OriginCloudHSM
		k.argument("custom_key_store_id", v)
	}
	if v.given("xks_key_id") {
		m.Origin = generator.OriginXKS
		k.argument("xks_key_id", v)
	}
	if m.MultiRegion == generator.Replica && primaryAddress(v) == "" {
		k.argument("primary_key_arn", v)
	}
	m.KeyMaterialExpires = v.text("valid_to") != ""
	k.tags(v)
	k.rotation(v)
	for _, name := range []string{"enabled", "is_enabled"} { // aws_kms_key has the latter
		if enabled, ok := v[name].(bool); ok && !enabled {
			k.note("the key is disabled; modules make keys that are enabled")
		}
	}
}

// tags takes over the key's own tags, less those that KMS keeps to itself.
func (k *Key) tags(v attributes) {
	tags, _ := v["tags"].(map[string]any)
	for name, value := range tags {
		if k.Module.Tags == nil {
			k.Module.Tags = map[string]string{}
		}
		k.Module.Tags[name] = fmt.Sprint(value)
	}
}

func (k *Key) rotation(v attributes) {
	m := &k.Module
	automatic := m.KeySpec == "SYMMETRIC_DEFAULT" && (m.Origin == "" || m.Origin == generator.OriginKMS) && m.MultiRegion != generator.Replica
	switch {
	case !automatic:
	case !v.truth("enable_key_rotation"):
		k.note("the key is not rotated; the module turns rotation on")
	default:
		m.RotationPeriodInDays = v.number("rotation_period_in_days")
	}
}

// argument passes an attribute of the key on, which no spec holds.
func (k *Key) argument(name string, v attributes) {
	if text := v.text(name); text != "" {
		k.Arguments[name] = quoted([]string{text})[0]
	}
}

// others takes the aliases over, and tells of grants. Aliases of a key that a plan
// makes are not known to be its own, and are left to the caller of the module.
func (k *Key) others(resources []*tfjson.StateResource, notes map[string][]string) {
	if k.ID != "" {
		k.Module.Aliases = []string{}
	}
	for _, r := range resources {
		v := attributes(r.AttributeValues)
		switch {
		case r.Type == "aws_kms_grant" && k.isOf(v.text("key_id")):
			k.note("%s stays as it is, or goes into a module that manages grants", r.Address)
		case r.Type != "aws_kms_alias" || !k.has(v):
		case v.text("name") == "":
			k.Module.Aliases = nil // the caller of the module says
			k.Notes = append(k.Notes, notes[r.Address]...)
			k.note("pass the name of %s, and the key's other aliases, in aliases", r.Address)
			return
		default:
			name := strings.TrimPrefix(v.text("name"), "alias/")
			k.Module.Aliases = append(k.Module.Aliases, name)
			k.move(r.Address, fmt.Sprintf("aws_kms_alias.this[%q]", name))
		}
	}
}

// attributes are those of a resource.
type attributes map[string]any

// unknownText stands for a value that a configuration does not tell.
const unknownText = "(unknown)"

func (a attributes) text(name string) string {
	text, _ := a[name].(string)
	if text == unknownText {
		return ""
	}
	return text
}

// given reports whether there is a text, be it known or not.
func (a attributes) given(name string) bool { return a.text(name) != "" || a[name] == unknownText }

func (a attributes) truth(name string) bool {
	truth, _ := a[name].(bool)
	return truth
}

// number is 0 for what is no whole number.
func (a attributes) number(name string) int {
	switch n := a[name].(type) {
	case float64:
		return int(n)
	case json.Number:
		whole, err := n.Int64()
		if err == nil {
			return int(whole)
		}
	}
	return 0
}
