package adopt_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/adopt"
)

// TestMultiRegionState: a primary key and its replica share their id, also with what
// their aliases name.
func TestMultiRegionState(t *testing.T) {
	t.Parallel()
	arn := func(region string) string { return "arn:aws:kms:" + region + ":111122223333:key/" + id }
	alias := func(region, name string) object {
		return object{"address": "aws_kms_alias." + name, "mode": "managed", "type": "aws_kms_alias", "name": name, "values": object{
			"name": "alias/" + name, "target_key_id": id, "target_key_arn": arn(region),
		}}
	}
	replica := object{"address": "aws_kms_replica_key.orders", "mode": "managed", "type": "aws_kms_replica_key", "name": "orders", "values": object{
		"key_id": id, "arn": arn("us-west-2"), "primary_key_arn": arn("us-east-1"),
	}}
	source := state(t, "aws_kms_key", object{"multi_region": true, "arn": arn("us-east-1")}, replica, alias("us-east-1", "east"), alias("us-west-2", "west"))
	keys, err := adopt.Read("state.json", source)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, []string{"east"}, keys[0].Module.Aliases)
	require.Equal(t, []string{"west"}, keys[1].Module.Aliases)
	require.Equal(t, map[string]string{"primary_key_arn": "module.orders.key_arn"}, keys[1].Arguments)
	const told = "the key is in us-west-2, where aws_kms_key.orders is not: pass the provider of its Region in providers, such as { aws = aws.us_west_2 }"
	require.Contains(t, keys[1].Notes, told)
	require.False(t, contains(keys[0].Notes, "pass the provider"), "%q", keys[0].Notes)
}

// TestProviders: a module makes its key where the provider is that its caller passes.
func TestProviders(t *testing.T) {
	t.Parallel()
	const providers = "provider \"aws\" {\n  region = \"us-east-1\"\n}\nprovider \"aws\" {\n  alias  = \"west\"\n  region = \"us-west-2\"\n}\n"
	const asks = "data \"aws_region\" \"here\" {}\nresource \"aws_kms_key\" \"this\" {\n  description = data.aws_region.here.name\n}\n"
	for _, test := range []struct{ name, root, module, passed, description string }{
		{"the default one", asks, "", "", "us-east-1"},
		{"another", "resource \"aws_kms_key\" \"this\" {\n  provider    = aws.west\n  description = data.aws_region.here.name\n}\ndata \"aws_region\" \"here\" {\n  provider = aws.west\n}\n", "", "{ aws = aws.west }", "us-west-2"},
		{"of a module", "module \"m\" {\n  source = \"./m\"\n}\n", asks, "", "us-east-1"},
		{"passed to a module", "module \"m\" {\n  source    = \"./m\"\n  providers = { aws = aws.west }\n}\n", asks, "{ aws = aws.west }", "us-west-2"},
		{"by another name in a module", "module \"m\" {\n  source    = \"./m\"\n  providers = { aws.there = aws.west }\n}\n", "resource \"aws_kms_key\" \"this\" {\n  provider    = aws.there\n  description = \"d\"\n}\n", "{ aws = aws.west }", "d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			keys := readFolder(t, configuration(t, map[string]string{"main.tf": providers + test.root, "m/main.tf": test.module}), nil)
			require.Len(t, keys, 1)
			require.Equal(t, test.passed, keys[0].Arguments["providers"])
			require.Equal(t, test.description, keys[0].Module.Description, "%q", keys[0].Notes)
		})
	}
}

// TestProvidersOfPlan: a plan has the providers' names, those of modules as the root
// module has them.
func TestProvidersOfPlan(t *testing.T) {
	t.Parallel()
	key := func(address string) object {
		return object{"address": address, "mode": "managed", "type": "aws_kms_key", "name": "this", "values": object{"description": "d"}}
	}
	written := func(provider string) object {
		return object{"resources": []object{{"address": "aws_kms_key.this", "mode": "managed", "type": "aws_kms_key", "name": "this", "provider_config_key": provider}}}
	}
	for _, test := range []struct{ name, provider, passed string }{
		{"the default one", "aws", ""},
		{"another", "aws.west", "{ aws = aws.west }"},
		{"a module's own", "module.m:aws.west", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			src, err := json.Marshal(object{
				"format_version": "1.2",
				"planned_values": object{"root_module": object{"child_modules": []object{{"address": `module.m["a"]`, "resources": []object{key(`module.m["a"].aws_kms_key.this`)}}}}},
				"configuration":  object{"root_module": object{"module_calls": object{"m": object{"source": "./m", "module": written(test.provider)}}}},
			})
			require.NoError(t, err)
			require.Equal(t, test.passed, one(t, src).Arguments["providers"])
		})
	}
}
