package adopt

import (
	"maps"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// ofAddress is what the ARN of a key begins with that is known by its address alone,
// as in a configuration.
const ofAddress = "arn:aws:kms:::key/"

// primaryAddress is the address of the primary key that a replica's attributes name;
// "" if they have an ARN, or nothing that is known.
func primaryAddress(v attributes) string {
	address, ok := strings.CutPrefix(v.text("primary_key_arn"), ofAddress)
	if !ok {
		return ""
	}
	return address
}

// likePrimary adds what a configuration says at the primary key alone: spec and usage.
func likePrimary(v attributes, resources []*tfjson.StateResource) attributes {
	address := primaryAddress(v)
	for _, r := range resources {
		if address != "" && r.Address == address {
			v = maps.Clone(v)
			for _, name := range []string{"customer_master_key_spec", "key_usage"} {
				v[name] = r.AttributeValues[name]
			}
		}
	}
	return v
}

// passPrimaries has each replica pass on what the module of its primary key puts out.
func passPrimaries(keys []Key) {
	for _, k := range keys {
		for _, primary := range keys {
			if k.primary != "" && (k.primary == primary.Address || k.primary == primary.arn) {
				k.Arguments["primary_key_arn"] = "module." + primary.Module.Name + ".key_arn"
			}
		}
	}
}

// tellRegions tells where each key is, if not all are in one Region: a module makes its
// key where the provider is that its caller passes. A state has no providers' names.
func tellRegions(keys []Key) {
	for i := range keys {
		k := &keys[i]
		if _, passed := k.Arguments["providers"]; !passed && k.arn != "" && keys[0].arn != "" && k.place.Region != keys[0].place.Region {
			k.note("the key is in %s, where %s is not: pass the provider of its Region in providers, such as { aws = aws.%s }",
				k.place.Region, keys[0].Address, strings.ReplaceAll(k.place.Region, "-", "_"))
		}
	}
}
