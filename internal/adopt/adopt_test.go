package adopt_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/generator"
	"github.com/keywright/keywright/internal/adopt"
)

const (
	id    = "1234abcd-12ab-34cd-56ef-1234567890ab"
	admin = "arn:aws:iam::111122223333:role/admin"
	app   = "arn:aws:iam::111122223333:role/app"
)

type object = map[string]any

// state is a state of one key with these attributes, and other resources.
func state(t *testing.T, kind string, attributes object, others ...object) []byte {
	t.Helper()
	attributes["key_id"] = id
	resources := []object{{"address": kind + ".orders", "mode": "managed", "type": kind, "name": "orders", "values": attributes}}
	src, err := json.Marshal(object{"format_version": "1.0", "values": object{"root_module": object{"resources": append(resources, others...)}}})
	require.NoError(t, err)
	return src
}

func document(t *testing.T, statements ...object) string {
	t.Helper()
	src, err := json.Marshal(object{"Version": "2012-10-17", "Statement": statements})
	require.NoError(t, err)
	return string(src)
}

func allow(principals any, actions ...string) object {
	return object{"Sid": "S", "Effect": "Allow", "Principal": object{"AWS": principals}, "Action": actions, "Resource": "*"}
}

// with returns a statement with one element more.
func with(s object, name string, value any) object {
	s[name] = value
	return s
}

func one(t *testing.T, src []byte) adopt.Key {
	t.Helper()
	keys, err := adopt.Read("state.json", src)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	return keys[0]
}

// TestStatements: what one statement of a key policy comes to.
func TestStatements(t *testing.T) {
	t.Parallel()
	use := []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"}
	grants := []string{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"}
	forService := object{"Bool": object{"kms:GrantIsForAWSResource": "true"}}
	const root = "arn:aws:iam::111122223333:root"
	for _, test := range []struct {
		name      string
		statement object
		root      generator.RootStatement
		roles     map[generator.Verb][]string
		note      string
		remains   bool
	}{
		{name: "delegating root", statement: allow(root, "kms:*"), root: generator.Delegate},
		{name: "root by its account", statement: allow("111122223333", "kms:*"), root: generator.Delegate},
		{name: "break-glass root", statement: with(allow(root, "kms:*"), "Condition", object{"StringEquals": object{"aws:PrincipalType": "Account"}}), root: generator.BreakGlass},
		{name: "root with another condition", statement: with(allow(root, "kms:*"), "Condition", object{"StringEquals": object{"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}), note: "it is about the service s3", remains: true},
		{name: "root with part of it", statement: allow(root, "kms:Decrypt"), remains: true},
		{name: "use", statement: allow(app, use...), roles: map[generator.Verb][]string{generator.Use: {app}}},
		{name: "use and more", statement: allow(app, append(use, "kms:GenerateDataKeyPair")...), roles: map[generator.Verb][]string{generator.Use: {app}}, note: "no longer does: kms:GenerateDataKeyPair"},
		{name: "decrypt", statement: allow(app, "kms:Decrypt", "kms:DescribeKey", "kms:ReEncryptFrom"), roles: map[generator.Verb][]string{generator.Decrypt: {app}}},
		{name: "less than a verb", statement: allow(app, "kms:Decrypt"), remains: true},
		{name: "grants for services", statement: with(allow(app, grants...), "Condition", forService), roles: map[generator.Verb][]string{generator.Grant: {app}}},
		{name: "grants for anybody", statement: allow(app, grants...), remains: true},
		{name: "use under a condition", statement: with(allow(app, use...), "Condition", object{"Bool": object{"aws:SecureTransport": "true"}}), remains: true},
		{name: "administration", statement: allow([]string{admin, app}, "kms:Put*", "kms:Schedule*", "kms:Get*"), roles: map[generator.Verb][]string{generator.Administer: {admin, app}}, note: "no longer does: kms:Get"},
		{name: "everything", statement: allow(admin, "kms:*"), roles: map[generator.Verb][]string{generator.Administer: {admin}}, note: admin + " administers the key and had the verb use too"},
		{name: "denial", statement: with(allow(app, use...), "Effect", "Deny"), remains: true},
		{name: "everybody", statement: allow("*", use...), remains: true},
		{name: "a service that is none of the spec's", statement: with(allow(app, use...), "Principal", object{"Service": "delivery.logs.amazonaws.com"}), remains: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := one(t, state(t, "aws_kms_key", object{"policy": document(t, test.statement), "enable_key_rotation": true, "description": "d"}))
			if test.root == "" {
				test.root = generator.NoRoot
			}
			require.Equal(t, test.root, k.Module.RootStatement)
			require.Empty(t, cmp.Diff(test.roles, k.Module.Roles), "-want +got")
			require.Equal(t, test.remains, k.Remaining != nil)
			if test.remains {
				require.Contains(t, k.Notes[0], "statement S is kept as it is")
				var kept struct{ Statement []object }
				require.NoError(t, json.Unmarshal(k.Remaining, &kept))
				want, err := json.Marshal(test.statement)
				require.NoError(t, err)
				got, err := json.Marshal(kept.Statement[0])
				require.NoError(t, err)
				require.JSONEq(t, string(want), string(got))
			}
			if test.note != "" {
				require.Condition(t, func() bool { return contains(k.Notes, test.note) }, "%q", k.Notes)
			}
		})
	}
}

// TestServices: statements as the services' own documentation has them.
func TestServices(t *testing.T) {
	t.Parallel()
	service := func(name string, actions ...string) object {
		return object{"Sid": "S", "Effect": "Allow", "Principal": object{"Service": name}, "Action": actions, "Resource": "*"}
	}
	under := func(s object, conditions object) object { return with(s, "Condition", conditions) }
	const zones, group = "arn:aws:route53:::hostedzone/*", "arn:aws:logs:eu-west-1:111122223333:log-group:/app/orders"
	const trail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"
	own := object{"aws:SourceAccount": "111122223333"}
	dataKeys := []string{"kms:Decrypt", "kms:GenerateDataKey*"}
	for _, test := range []struct {
		name       string
		attributes object
		statement  object
		services   []string
		arguments  map[string]string
		notes      []string
		remains    bool
	}{
		{
			name:      "a log group",
			statement: under(service("logs.eu-west-1.amazonaws.com", "kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"), object{"ArnEquals": object{"kms:EncryptionContext:aws:logs:arn": group}}),
			services:  []string{"logs"}, arguments: map[string]string{"log_group_arns": `["` + group + `"]`},
			notes: []string{"no longer does: kms:DescribeKey, kms:GenerateDataKeyPair", "may also call kms:DescribeKey: its statement LogsDescribe"},
		},
		{
			name:      "log groups of another Region",
			statement: under(service("logs.eu-north-1.amazonaws.com", "kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*"), object{"ArnLike": object{"kms:EncryptionContext:aws:logs:arn": group}}),
			remains:   true, notes: []string{"it is about the service logs"},
		},
		{
			name:      "a trail",
			statement: under(service("cloudtrail.amazonaws.com", "kms:GenerateDataKey*"), object{"StringEquals": object{"aws:SourceArn": trail}, "StringLike": object{"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"}}),
			services:  []string{"cloudtrail"}, arguments: map[string]string{"trail_arns": `["` + trail + `"]`},
			notes: []string{"cloudtrail.amazonaws.com may also call kms:Decrypt: its statement CloudTrail"},
		},
		{
			name:      "trails that neither condition takes in",
			statement: under(service("cloudtrail.amazonaws.com", dataKeys...), object{"StringEquals": object{"aws:SourceArn": trail}, "StringLike": object{"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:444455556666:trail/*"}}),
			remains:   true, notes: []string{"it is about the service cloudtrail"},
		},
		{
			name:      "event sources",
			statement: under(service("s3.amazonaws.com", dataKeys...), object{"StringEquals": own, "ArnLike": object{"aws:SourceArn": "arn:aws:s3:::inbox"}}),
			services:  []string{"sns"}, arguments: map[string]string{"sns_source_services": `["s3.amazonaws.com"]`, "sns_source_arns": `["arn:aws:s3:::inbox"]`},
		},
		{
			name:      "event sources of any account",
			statement: service("s3.amazonaws.com", dataKeys...),
			remains:   true, notes: []string{"it is about the service s3"},
		},
		{
			name:       "hosted zones",
			attributes: object{"customer_master_key_spec": "ECC_NIST_P256", "key_usage": "SIGN_VERIFY"},
			statement:  under(service("dnssec-route53.amazonaws.com", "kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"), object{"StringEquals": own, "ArnLike": object{"aws:SourceArn": zones}}),
			services:   []string{"route53-dnssec"}, arguments: map[string]string{},
			notes: []string{"may also call kms:CreateGrant: its statement DNSSECGrants"},
		},
		{
			name:      "a bucket's readers",
			statement: under(allow(app, "kms:Decrypt"), object{"StringEquals": object{"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
			services:  []string{"s3"}, arguments: map[string]string{"s3_readers": `["` + app + `"]`},
			notes: []string{"asked for no kms:CallerAccount"},
		},
		{
			name:      "databases",
			statement: under(allow(app, "kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt"), object{"StringEquals": object{"kms:CallerAccount": "111122223333", "kms:ViaService": "rds.eu-west-1.amazonaws.com"}}),
			services:  []string{"rds"}, arguments: map[string]string{"rds_users": `["` + app + `"]`},
			notes: []string{"asked for no kms:GrantIsForAWSResource", "no longer does: kms:Decrypt"},
		},
		{
			name:      "a service in another Region",
			statement: under(allow(app, "kms:Decrypt"), object{"StringEquals": object{"kms:ViaService": "s3.eu-north-1.amazonaws.com"}}),
			remains:   true, notes: []string{"it is about the service s3"},
		},
		{
			name:      "a caller of another account",
			statement: under(allow("arn:aws:iam::444455556666:role/app", "kms:Decrypt"), object{"StringEquals": object{"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
			remains:   true,
		},
		{
			name:      "everybody through a service",
			statement: under(allow("*", "kms:Decrypt"), object{"StringEquals": object{"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
			remains:   true, notes: []string{"it is about the service s3"},
		},
		{
			name:      "Auto Scaling",
			statement: allow("arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
			services:  []string{"ebs"}, arguments: map[string]string{"autoscaling_roles": `["arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"]`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			attributes := object{"policy": document(t, test.statement), "arn": "arn:aws:kms:eu-west-1:111122223333:key/" + id}
			for name, value := range test.attributes {
				attributes[name] = value
			}
			k := one(t, state(t, "aws_kms_key", attributes))
			require.Equal(t, test.services, k.Module.Services, "%q", k.Notes)
			require.Equal(t, test.remains, k.Remaining != nil, "%q", k.Notes)
			if !test.remains {
				require.Equal(t, test.arguments, k.Arguments)
			}
			for _, note := range test.notes {
				require.True(t, contains(k.Notes, note), "%q", k.Notes)
			}
		})
	}
}

// TestSettings: what the key's resource says besides its policy.
func TestSettings(t *testing.T) {
	t.Parallel()
	k := one(t, state(t, "aws_kms_key", object{
		"customer_master_key_spec": "SYMMETRIC_DEFAULT", "key_usage": "ENCRYPT_DECRYPT", "description": "Orders\nand more", "multi_region": true,
		"deletion_window_in_days": 7, "enable_key_rotation": true, "rotation_period_in_days": 90, "tags": object{"a": "b"},
	}, object{"address": "aws_kms_alias.a", "mode": "managed", "type": "aws_kms_alias", "name": "a", "values": object{"name": "alias/orders/data", "target_key_id": "arn:aws:kms:eu-west-1:111122223333:key/" + id}},
		object{"address": "aws_kms_alias.b", "mode": "managed", "type": "aws_kms_alias", "name": "b", "values": object{"name": "alias/other", "target_key_id": "other"}}))
	require.Empty(t, cmp.Diff(generator.Module{
		Name: "orders", KeySpec: "SYMMETRIC_DEFAULT", KeyUsage: "ENCRYPT_DECRYPT", Description: "Orders and more", MultiRegion: generator.Primary,
		DeletionWindowInDays: 7, RotationPeriodInDays: 90, Tags: map[string]string{"a": "b"}, Aliases: []string{"orders/data"},
	}, k.Module), "-want +got")
	require.Equal(t, []adopt.Move{{From: "aws_kms_key.orders", To: "aws_kms_key.this"}, {From: "aws_kms_alias.a", To: `aws_kms_alias.this["orders/data"]`}}, k.Moves)
	require.True(t, contains(k.Notes, "the key policy is not known"))

	for _, test := range []struct {
		kind       string
		attributes object
		origin     generator.Origin
		region     generator.MultiRegion
		note       string
	}{
		{"aws_kms_key", object{}, "", "", "the key is not rotated"},
		{"aws_kms_key", object{"custom_key_store_id": "cks-1"}, generator.OriginCloudHSM, "", ""},
		{"aws_kms_key", object{"custom_key_store_id": "cks-1", "xks_key_id": "x"}, generator.OriginXKS, "", ""},
		{"aws_kms_external_key", object{"enabled": false}, generator.OriginExternal, "", "the key is disabled"},
		{"aws_kms_key", object{"is_enabled": false}, "", "", "the key is disabled"},
		{"aws_kms_replica_key", object{}, "", generator.Replica, ""},
		{"aws_kms_replica_external_key", object{}, generator.OriginExternal, generator.Replica, ""},
	} {
		k := one(t, state(t, test.kind, test.attributes))
		require.Equal(t, test.origin, k.Module.Origin)
		require.Equal(t, test.region, k.Module.MultiRegion)
		require.True(t, contains(k.Notes, test.note), "%q", k.Notes)
	}
	for _, name := range []string{"enabled", "is_enabled"} {
		require.False(t, contains(one(t, state(t, "aws_kms_key", object{name: true})).Notes, "the key is disabled"), name)
	}
}

// TestPopularModule reads a state of terraform-aws-modules' shape, with a second key
// in the root; each module is a spec that is taken.
func TestPopularModule(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/state.json")
	require.NoError(t, err)
	keys, err := adopt.Read("state.json", src)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, "signing_key", keys[0].Module.Name)
	require.Equal(t, map[generator.Verb][]string{generator.Use: {"arn:aws:iam::111122223333:role/signer"}}, keys[0].Module.Roles)
	require.Equal(t, "kms", keys[1].Module.Name)
	require.Equal(t, generator.Delegate, keys[1].Module.RootStatement)
	require.Equal(t, map[generator.Verb][]string{
		generator.Administer: {admin, "arn:aws:iam::111122223333:role/both"}, generator.Use: {app}, generator.Grant: {app},
	}, keys[1].Module.Roles)
	require.Equal(t, []string{"logs"}, keys[1].Module.Services)
	require.Empty(t, keys[1].Arguments)
	require.True(t, contains(keys[1].Notes, "held for kms:EncryptionContext:aws:logs:arn arn:aws:logs:eu-west-1:111122223333:*, and Logs of the module does for arn:aws:logs:eu-west-1:111122223333:log-group:*"))
	for _, k := range keys {
		text, err := generator.FormatSpec(k.Module, k.Notes)
		require.NoError(t, err)
		_, err = generator.ParseSpec("keywright.hcl", text)
		require.NoError(t, err, string(text))
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"resource {}":                                          "write it with terraform show -json",
		`{"format_version":"1.0"}`:                             "it holds no resources",
		`{"format_version":"1.0","planned_values":1}`:          "write it with terraform show -json",
		`{"format_version":"1.0","values":{"root_module":{}}}`: "it holds no KMS key",
	} {
		_, err := adopt.Read("state.json", []byte(src))
		require.ErrorContains(t, err, want, src)
	}
	_, err := adopt.Read("state.json", state(t, "aws_kms_key", object{"policy": "{"}))
	require.ErrorContains(t, err, "adopting aws_kms_key.orders")
}

// contains reports whether one of the notes holds the text; none is asked of "".
func contains(notes []string, text string) bool {
	return text == "" || slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, text) })
}
