package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/internal/plan"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

func Example() {
	src, err := os.ReadFile("../../fixtures/plans/change/plan.json")
	if err != nil {
		panic(err)
	}
	p, err := plan.Read("plan.json", src, "")
	if err != nil {
		panic(err)
	}
	for _, key := range p.Keys {
		fmt.Println(key.Address, key.Settings.Change)
	}
	// Output:
	// aws_kms_key.billing disable
	// aws_kms_key.legacy[0] delete
	// aws_kms_key.orders keep
}

// fixture reads a plan of fixtures/plans.
func fixture(t *testing.T, name string) *plan.Plan {
	t.Helper()
	src, err := os.ReadFile("../../fixtures/plans/" + name + "/plan.json")
	require.NoError(t, err)
	require.True(t, plan.Is(src))
	p, err := plan.Read(name, src, "")
	require.NoError(t, err)
	return p
}

func key(t *testing.T, p *plan.Plan, address string) *plan.Key {
	t.Helper()
	for _, k := range p.Keys {
		if k.Address == address {
			return k
		}
	}
	require.FailNow(t, "no key "+address)
	return nil
}

// may asks the planned policy whether somebody may decrypt.
func may(t *testing.T, k *plan.Key, arn string) keypolicy.Decision {
	t.Helper()
	caller, err := keypolicy.ParsePrincipal(arn)
	require.NoError(t, err)
	return keypolicy.Evaluate(
		keypolicy.Request{Principal: caller, Action: "kms:Decrypt", Resource: "arn:aws:kms:eu-west-1:111122223333:key/1", EncryptionContext: map[string]string{"tenant": "a"}},
		keypolicy.World{ResourcePolicy: k.After.Policy},
	)
}

const (
	app     = "arn:aws:sts::111122223333:assumed-role/app/session"
	other   = "arn:aws:sts::111122223333:assumed-role/other/session"
	appRole = "arn:aws:iam::111122223333:role/app"
)

func TestPlanThatCreates(t *testing.T) {
	t.Parallel()
	p := fixture(t, "new")
	require.Equal(t, "111122223333", p.Account, "by the data source aws_caller_identity")
	require.Len(t, p.Identities, 1)
	require.Equal(t, "aws_iam_role_policy.app", p.Identities[0].Address)
	for _, k := range p.Keys {
		require.Nil(t, k.Before, k.Address)
		require.Equal(t, "111122223333", k.Account)
	}
}

// A document that is unknown because of a role's ARN is put together again; the
// role's ARN follows from its name.
func TestRebuiltDocument(t *testing.T) {
	t.Parallel()
	p := fixture(t, "new")
	for _, address := range []string{"aws_kms_key.document", "aws_kms_key.default[0]", "module.orders.aws_kms_key.this"} {
		k := key(t, p, address)
		require.False(t, k.After.Whole, address)
		require.Nil(t, k.After.Document, "what is rebuilt is not the text")
		require.Len(t, k.After.Statements, 2)
		statement := k.After.Statements[1]
		require.Equal(t, "App", statement.Sid)
		var principals []string
		for _, entry := range statement.Principal {
			principals = append(principals, entry.Value)
		}
		require.ElementsMatch(t, []string{appRole, "arn:aws:iam::444455556666:role/partner"}, principals)
		require.Equal(t, "${aws:PrincipalTag/tenant}", statement.Condition[0].Values[0], "the data source writes &{…}")
	}
}

func TestUnknownPolicy(t *testing.T) {
	t.Parallel()
	p := fixture(t, "new")
	encoded := key(t, p, "aws_kms_key.encoded")
	require.True(t, encoded.After.Whole)
	for _, caller := range []string{app, other, "arn:aws:iam::111122223333:root", "s3.amazonaws.com"} {
		d := may(t, encoded, caller)
		require.Equalf(t, keypolicy.Unknown, d.Verdict, "%s: %v", caller, d.Reasons)
		require.Equal(t, []string{"aws_kms_key.encoded.policy (Allow)", "aws_kms_key.encoded.policy (Deny)"}, d.HangsOn)
	}
	require.Equal(t, keypolicy.Denied, may(t, key(t, p, "aws_kms_key.default[1]"), other).Verdict, "a known policy has an answer")

	scope, nothing := keypolicy.Scope{Account: "111122223333"}, keypolicy.NobodyOutside("111122223333")
	result := keypolicy.Assert(encoded.After.Policy, scope, nothing)
	require.False(t, result.Holds)
	require.NotEmpty(t, result.Undecided)
	require.True(t, keypolicy.Assert(key(t, p, "aws_kms_key.default[1]").After.Policy, scope, nothing).Holds)
	require.Equal(t, keypolicy.Undecided, keypolicy.Compare(key(t, p, "aws_kms_key.default[1]").After.Policy, encoded.After.Policy, scope).Relation)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	p := fixture(t, "new")
	for _, row := range []struct {
		address string
		want    lint.Settings
	}{
		{"aws_kms_key.document", lint.Settings{
			Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Rotation: lint.On, RotationPeriodInDays: 180,
			DeletionWindowInDays: 30, Enabled: lint.On, BypassPolicyLockoutSafetyCheck: lint.Off, PolicyStated: lint.On,
		}},
		{"aws_kms_key.default[0]", lint.Settings{ // by an aws_kms_key_policy
			Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Rotation: lint.Off,
			DeletionWindowInDays: 7, Enabled: lint.On, BypassPolicyLockoutSafetyCheck: lint.Off, PolicyStated: lint.On,
		}},
		{"module.orders.aws_kms_key.this", lint.Settings{
			Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Rotation: lint.On, MultiRegion: lint.On, Replicated: lint.On,
			DeletionWindowInDays: 30, Enabled: lint.On, BypassPolicyLockoutSafetyCheck: lint.Off, PolicyStated: lint.On,
		}},
		{"module.orders.aws_kms_replica_key.this", lint.Settings{ // its policy is a variable that is null
			Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", MultiRegion: lint.On, Replica: true,
			DeletionWindowInDays: 30, Enabled: lint.On, BypassPolicyLockoutSafetyCheck: lint.Off, PolicyStated: lint.Off,
		}},
	} {
		t.Run(row.address, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(&row.want, key(t, p, row.address).Settings))
		})
	}
	replica := key(t, p, "module.orders.aws_kms_replica_key.this")
	require.Equal(t, "key-default-1", replica.After.ID, "without a policy KMS sets its default")
	require.Equal(t, []string{"alias/orders"}, key(t, p, "module.orders.aws_kms_key.this").Facts.Aliases)
}

func TestGrant(t *testing.T) {
	t.Parallel()
	p := fixture(t, "new")
	require.Empty(t, cmp.Diff([]plan.Grant{{
		Address: "aws_kms_grant.app", Constrained: lint.Off,
		Grant: keypolicy.Grant{ID: "aws_kms_grant.app", Grantee: appRole, Operations: []string{"Decrypt"}},
	}}, key(t, p, "module.orders.aws_kms_key.this").Grants), "through the module's output")
	require.Empty(t, key(t, p, "aws_kms_key.document").Grants)
}

func TestPlanThatChanges(t *testing.T) {
	t.Parallel()
	p := fixture(t, "change")
	require.Equal(t, "111122223333", p.Account, "by the ARNs of the keys")
	orders, billing, legacy := key(t, p, "aws_kms_key.orders"), key(t, p, "aws_kms_key.billing"), key(t, p, "aws_kms_key.legacy[0]")
	require.Equal(t, "aws_kms_key_policy.orders", orders.After.Address)
	require.Equal(t, [2]int{2, 3}, [2]int{len(orders.Before.Statements), len(orders.After.Statements)})
	require.Equal(t, [2]int{2, 1}, [2]int{len(billing.Before.Statements), len(billing.After.Statements)})
	require.True(t, strings.HasPrefix(orders.ARN, "arn:aws:kms:eu-west-1:111122223333:key/"))
	require.Equal(t, lint.Disable, billing.Settings.Change)
	require.Equal(t, &lint.Settings{Change: lint.Delete}, legacy.Settings)
	require.NotNil(t, legacy.Before)
	require.Nil(t, legacy.After)
}

func TestFind(t *testing.T) {
	t.Parallel()
	c, err := plan.OpenConfiguration("../../fixtures/plans/new")
	require.NoError(t, err)
	for _, row := range []struct {
		address, file string
		line          int
	}{
		{"aws_kms_key.document", "../../fixtures/plans/new/main.tf", 60},
		{"aws_kms_key.default[0]", "../../fixtures/plans/new/main.tf", 76},
		{`module.orders["a.b"].aws_kms_alias.this`, "../../fixtures/plans/new/orders/main.tf", 16},
	} {
		got, ok := c.Find(row.address)
		require.True(t, ok, row.address)
		require.Equal(t, plan.Position{File: row.file, Line: row.line}, got)
	}
	for _, address := range []string{"aws_kms_key.nobody", "module.billing.aws_kms_key.this", "module.orders.aws_kms_key.other", "x", ""} {
		_, ok := c.Find(address)
		require.False(t, ok, address)
	}
	_, err = plan.OpenConfiguration(t.TempDir())
	require.ErrorContains(t, err, "holds no .tf files")
}

func TestIs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, src string
		want      bool
	}{
		{"a plan", `{"format_version": "1.2", "resource_changes": []}`, true},
		{"a plan without changes", `{"format_version": "1.2", "planned_values": {}}`, true},
		{"a state", `{"format_version": "1.0", "values": {}}`, false},
		{"a policy", `{"Version": "2012-10-17", "Statement": []}`, false},
		{"a list", `[]`, false},
		{"no JSON", `format_version`, false},
	} {
		require.Equal(t, row.want, plan.Is([]byte(row.src)), row.name)
	}
}

// small is a plan of one change with a configuration.
func small(t *testing.T, changes, configuration string) (*plan.Plan, error) {
	t.Helper()
	src := fmt.Sprintf(`{"format_version": "1.2", "resource_changes": [%s], "configuration": {"root_module": %s}}`, changes, configuration)
	require.True(t, json.Valid([]byte(src)), src)
	return plan.Read("small", []byte(src), "111122223333")
}

const documentOf = `{"resources": [
  {"mode": "managed", "type": "aws_kms_key", "name": "a", "expressions": {"policy": {"references": ["data.aws_iam_policy_document.a.json", "data.aws_iam_policy_document.a"]}}},
  {"mode": "data", "type": "aws_iam_policy_document", "name": "a", "expressions": {}}]}`

const unknownKey = `{"address": "aws_kms_key.a", "mode": "managed", "type": "aws_kms_key", "name": "a", "change": {"actions": ["create"], "after": {}, "after_unknown": {"policy": true}}}`

func source(after, unknown string) string {
	return fmt.Sprintf(`{"address": "data.aws_iam_policy_document.a", "mode": "data", "type": "aws_iam_policy_document", "name": "a", "change": {"actions": ["read"], "after": %s, "after_unknown": %s}}`, after, unknown)
}

const known = `{"sid": "Other", "actions": ["kms:Decrypt"], "resources": ["*"], "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::111122223333:role/other"]}]}`

// Whatever part of a document is unknown: nobody is said to be denied whom the
// document may allow, and nobody allowed whom it may deny. Other is allowed by
// the part that is known.
func TestUnknownParts(t *testing.T) {
	t.Parallel()
	deny := strings.Replace(known, `"sid": "Other"`, `"sid": "", "effect": "Deny"`, 1)
	for _, row := range []struct {
		name, after, unknown string
		app, other           keypolicy.Verdict
	}{
		{"nothing", `{"statement": [` + known + `]}`, `{}`, keypolicy.Denied, keypolicy.Allowed},
		{"the statements", `{}`, `{"statement": true}`, keypolicy.Unknown, keypolicy.Unknown},
		{"a principal", `{"statement": [` + known + `, {"actions": ["kms:Decrypt"], "resources": ["*"], "principals": [{"type": "AWS", "identifiers": [null]}]}]}`,
			`{"statement": [{}, {"principals": [{"identifiers": [true]}]}]}`, keypolicy.Unknown, keypolicy.Allowed},
		{"all principals", `{"statement": [` + known + `, {"actions": ["kms:Decrypt"], "resources": ["*"]}]}`,
			`{"statement": [{}, {"principals": true}]}`, keypolicy.Unknown, keypolicy.Allowed},
		{"an action of another statement", `{"statement": [` + known + `, {"actions": [null], "resources": ["*"], "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::111122223333:role/app"]}]}]}`,
			`{"statement": [{}, {"actions": [true]}]}`, keypolicy.Unknown, keypolicy.Allowed},
		{"the effect", `{"statement": [` + strings.Replace(known, `"sid"`, `"effect": null, "sid"`, 1) + `]}`, `{"statement": [{"effect": true}]}`, keypolicy.Denied, keypolicy.Unknown},
		{"the conditions", `{"statement": [` + known + `]}`, `{"statement": [{"condition": true}]}`, keypolicy.Denied, keypolicy.Unknown},
		{"a condition's key", `{"statement": [{"condition": [{"test": "StringEquals", "variable": null, "values": ["x"]}], ` + known[1:] + `]}`,
			`{"statement": [{"condition": [{"variable": true}]}]}`, keypolicy.Denied, keypolicy.Unknown},
		{"the principals of a Deny", `{"statement": [` + known + `, ` + deny + `]}`, `{"statement": [{}, {"principals": true}]}`, keypolicy.Denied, keypolicy.Unknown},
		{"a Sid, which may replace another statement", `{"statement": [` + known + `]}`, `{"statement": [{"sid": true}]}`, keypolicy.Unknown, keypolicy.Unknown},
		{"a source document", `{"source_policy_documents": [null], "statement": [` + known + `]}`, `{"source_policy_documents": [true]}`, keypolicy.Unknown, keypolicy.Unknown},
		{"an override", `{"override_policy_documents": [null], "statement": [` + known + `]}`, `{"override_policy_documents": [true]}`, keypolicy.Unknown, keypolicy.Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p, err := small(t, unknownKey+","+source(row.after, row.unknown), documentOf)
			require.NoError(t, err)
			k := key(t, p, "aws_kms_key.a")
			d := may(t, k, app)
			require.Equalf(t, row.app, d.Verdict, "app: %v", d.Reasons)
			d = may(t, k, other)
			require.Equalf(t, row.other, d.Verdict, "other: %v", d.Reasons)
		})
	}
}

// The ARN of a role that the plan makes is known where the account of its
// provider is, and everything that the ARN is made of.
func TestExpectedARN(t *testing.T) {
	t.Parallel()
	const template = `{"format_version": "1.2",
 "resource_changes": [
  {"address": "aws_iam_role.a", "mode": "managed", "type": "aws_iam_role", "name": "a", "change": {"actions": ["create"], "after": {"name": "app", "path": "/team/"}}},
  {"address": "aws_kms_key.a", "mode": "managed", "type": "aws_kms_key", "name": "a", "change": {"actions": ["create"], "after": {}, "after_unknown": {"policy": true}}},
  {"address": "data.aws_iam_policy_document.a", "mode": "data", "type": "aws_iam_policy_document", "name": "a", "change": {"actions": ["read"],
   "after": {"statement": [{"actions": ["kms:Decrypt"], "resources": ["*"], "principals": [{"type": "AWS", "identifiers": [null]}]}]},
   "after_unknown": {"statement": [{"principals": [{"identifiers": [true]}]}]}}}],
 "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [
  {"address": "data.aws_caller_identity.a", "mode": "data", "type": "aws_caller_identity", "name": "a", "values": {"account_id": "111122223333", "arn": "arn:aws-cn:iam::111122223333:user/ci"}}]}}},
 "configuration": {"root_module": {"resources": [
  {"mode": "data", "type": "aws_caller_identity", "name": "a", "provider_config_key": "aws"},
  {"mode": "managed", "type": "aws_iam_role", "name": "a", "provider_config_key": "aws"},
  {"mode": "managed", "type": "aws_kms_key", "name": "a", "expressions": {"policy": {"references": ["data.aws_iam_policy_document.a.json", "data.aws_iam_policy_document.a"]}}},
  {"mode": "data", "type": "aws_iam_policy_document", "name": "a", "expressions": {"statement": [{"principals": [{"type": {"constant_value": "AWS"}, "identifiers": {"references": ["aws_iam_role.a.arn", "aws_iam_role.a"]}}]}]}}]}}}`
	for _, row := range []struct{ name, old, new, want string }{
		{"a role", "", "", "arn:aws-cn:iam::111122223333:role/team/app"},
		{"another attribute", "aws_iam_role.a.arn", "aws_iam_role.a.unique_id", keypolicy.Mark("aws_iam_role.a.unique_id")},
		{"another provider", `"aws_iam_role", "name": "a", "provider_config_key": "aws"`, `"aws_iam_role", "name": "a", "provider_config_key": "aws.other"`, keypolicy.Mark("aws_iam_role.a.arn")},
		{"no caller", `"arn:aws-cn:iam::111122223333:user/ci"`, `null`, keypolicy.Mark("aws_iam_role.a.arn")},
		{"an unknown name", `"name": "app", `, ``, keypolicy.Mark("aws_iam_role.a.arn")},
		{"two references", `["aws_iam_role.a.arn", "aws_iam_role.a"]`, `["aws_iam_role.a.arn", "aws_iam_role.a", "var.b"]`, keypolicy.Mark("data.aws_iam_policy_document.a.statement[0].principals[0].identifiers[0]")},
		{"dynamic blocks", `"statement": [{"principals": [{"type": {`, `"statement": [{}, {"principals": [{"type": {`, keypolicy.Mark("data.aws_iam_policy_document.a.statement[0].principals[0].identifiers[0]")},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			src := strings.Replace(template, row.old, row.new, 1)
			require.Equal(t, row.old == "", src == template)
			p, err := plan.Read("plan", []byte(src), "")
			require.NoError(t, err)
			require.Equal(t, row.want, key(t, p, "aws_kms_key.a").After.Statements[0].Principal[0].Value)
		})
	}
}

// A policy that the configuration does not set is the default one; one of which
// the configuration is not known is unknown.
func TestUnsetPolicy(t *testing.T) {
	t.Parallel()
	p, err := small(t, unknownKey, `{"resources": [{"mode": "managed", "type": "aws_kms_key", "name": "a", "expressions": {}}]}`)
	require.NoError(t, err)
	require.Equal(t, "key-default-1", key(t, p, "aws_kms_key.a").After.ID)
	p, err = plan.Read("plan", []byte(`{"format_version": "1.2", "resource_changes": [`+unknownKey+`]}`), "")
	require.NoError(t, err)
	require.True(t, key(t, p, "aws_kms_key.a").After.Whole)
}

// An override takes the place of the statement with its Sid, as it does in the
// provider.
func TestOverride(t *testing.T) {
	t.Parallel()
	override := `{\"Statement\": [{\"Sid\": \"Other\", \"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::111122223333:role/app\"}, \"Action\": \"kms:Decrypt\", \"Resource\": \"*\"}]}`
	p, err := small(t, unknownKey+","+source(`{"override_policy_documents": ["`+override+`"], "statement": [`+known+`]}`, `{"json": true}`), documentOf)
	require.NoError(t, err)
	k := key(t, p, "aws_kms_key.a")
	require.True(t, may(t, k, app).Allowed())
	require.False(t, may(t, k, other).Allowed())
}

// A key policy that the plan destroys is reset to the default; with the bypass
// flag it stays.
func TestDestroyedKeyPolicy(t *testing.T) {
	t.Parallel()
	policy := `{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::111122223333:role/app\"}, \"Action\": \"kms:*\", \"Resource\": \"*\"}}`
	for _, row := range []struct {
		bypass string
		want   keypolicy.Verdict
	}{{"false", keypolicy.Denied}, {"true", keypolicy.Allowed}} {
		p, err := small(t, `{"address": "aws_kms_key_policy.a", "mode": "managed", "type": "aws_kms_key_policy", "name": "a", "change": {"actions": ["delete"], "before": {"key_id": "1", "policy": "`+policy+`", "bypass_policy_lockout_safety_check": `+row.bypass+`}}}`, `{}`)
		require.NoError(t, err)
		require.Nil(t, key(t, p, "aws_kms_key_policy.a").Settings, "the key itself is not in the plan")
		require.Equal(t, row.want, may(t, key(t, p, "aws_kms_key_policy.a"), app).Verdict, row.bypass)
	}
}

func TestBadPlans(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, src, want string }{
		{"a future format", `{"format_version": "9.0", "resource_changes": []}`, "unsupported plan format version"},
		{"a wrong type", `{"format_version": "1.2", "resource_changes": [1]}`, "cannot unmarshal number"},
		{
			"a policy that KMS refuses",
			`{"format_version": "1.2", "resource_changes": [{"address": "aws_kms_key.a", "mode": "managed", "type": "aws_kms_key", "name": "a", "change": {"actions": ["create"], "after": {"policy": "{\"Statment\": []}"}}}]}`,
			`reading the policy of aws_kms_key.a:1:2: unknown element "Statment" in the policy; did you mean "Statement"?`,
		},
	} {
		_, err := plan.Read("bad", []byte(row.src), "")
		require.ErrorContains(t, err, row.want, row.name)
	}
}

// FuzzRead: whatever a plan holds, reading it ends without a panic.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"new", "change"} {
		src, err := os.ReadFile("../../fixtures/plans/" + name + "/plan.json")
		require.NoError(f, err)
		f.Add(src)
	}
	// Two outputs that refer to each other: Terraform would refuse them.
	f.Add([]byte(`{"format_version": "1.2", "resource_changes": [{"address": "aws_kms_key.a", "mode": "managed", "type": "aws_kms_key", "name": "a", "change": {"actions": ["create"], "after": {}, "after_unknown": {"policy": true}}}], "configuration": {"root_module": {"resources": [{"mode": "managed", "type": "aws_kms_key", "name": "a", "expressions": {"policy": {"references": ["module.m.o"]}}}], "module_calls": {"m": {"expressions": {"v": {"references": ["module.m.o"]}}, "module": {"outputs": {"o": {"expression": {"references": ["var.v"]}}}}}}}}}`))
	f.Add([]byte(`{"format_version": "1.2", "resource_changes": [` + unknownKey + `], "configuration": {"root_module": {"resources": [{"mode": "managed", "type": "aws_kms_key", "name": "a", "expressions": {"policy": {"references": ["", "[", "data.", "a[\"]"]}}}]}}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := plan.Read("fuzz", src, "")
		require.True(t, (p == nil) == (err != nil))
	})
}
