package keypolicy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

// Statements that the rows of the tables below are made of.
const (
	delegates = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	alice     = `{"AWS":"arn:aws:iam::111122223333:user/alice"}`
	app       = `{"AWS":"arn:aws:iam::111122223333:role/app"}`
)

func allow(principal, action, condition string) string {
	return statementOf("Allow", principal, action, condition)
}

func deny(principal, action, condition string) string {
	return statementOf("Deny", principal, action, condition)
}

func statementOf(effect, principal, action, condition string) string {
	if condition != "" {
		condition = `,"Condition":{` + condition + `}`
	}
	return fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":%q,"Resource":"*"%s}`, effect, principal, action, condition)
}

type policyText []string

// widening is an edit that opens something, and what shows it. Undone, it is the
// narrowing twin.
type widening struct {
	name     string
	old, new policyText
	// caller and action are those of a witness, route how it has access: "" for
	// the key policy alone, or "identity", "grant", "unbounded".
	caller, action, route string
	// context is what the witness's request has, and more; "-" is an absent key.
	context map[string]string
}

var widenings = []widening{
	{"a user is named whom IAM policies could have let in", policyText{delegates}, policyText{delegates, allow(alice, "kms:Decrypt", "")}, "arn:aws:iam::111122223333:user/alice", "kms:Decrypt", "", nil},
	{"a role is named", policyText{delegates}, policyText{delegates, allow(app, "kms:Decrypt", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"a session is named besides its role", policyText{allow(app, "kms:Sign", "")}, policyText{allow(app, "kms:Sign", ""), allow(`{"AWS":"arn:aws:sts::111122223333:assumed-role/app/s"}`, "kms:Sign", "")}, "arn:aws:sts::111122223333:assumed-role/app/s", "kms:Sign", "unbounded", nil},
	{"a session is named", policyText{delegates}, policyText{delegates, allow(`{"AWS":"arn:aws:sts::111122223333:assumed-role/other/s"}`, "kms:Sign", "")}, "arn:aws:sts::111122223333:assumed-role/other/s", "kms:Sign", "", nil},
	{"the account is named", policyText{allow(alice, "kms:*", "")}, policyText{allow(alice, "kms:*", ""), delegates}, "arn:aws:iam::111122223333:user/x", "kms:PutKeyPolicy", "identity", nil},
	{"another account is named", policyText{delegates}, policyText{delegates, allow(`{"AWS":"444455556666"}`, "kms:*", "")}, "arn:aws:iam::444455556666:user/x", "kms:Encrypt", "identity", nil},
	{"another account's root needs no IAM policy", policyText{delegates}, policyText{delegates, allow(`{"AWS":"444455556666"}`, "kms:*", "")}, "arn:aws:iam::444455556666:root", "kms:Encrypt", "", nil},
	{"another account, of whose actions some work across accounts", policyText{delegates}, policyText{delegates, allow(`{"AWS":"444455556666"}`, "kms:*KeyRotation*", "")}, "arn:aws:iam::444455556666:user/x", "kms:GetKeyRotationStatus", "identity", nil},
	{"everyone of the account instead of the account", policyText{delegates}, policyText{allow(`"*"`, "kms:*", `"StringEquals":{"kms:CallerAccount":"111122223333"}`)}, "arn:aws:iam::111122223333:user/x", "kms:Decrypt", "", nil},
	{"everyone", policyText{delegates}, policyText{delegates, allow(`"*"`, "kms:Decrypt", "")}, "", "kms:Decrypt", "", nil},
	{"a service", policyText{delegates}, policyText{delegates, allow(`{"Service":"logs.amazonaws.com"}`, "kms:Decrypt", "")}, "logs.amazonaws.com", "kms:Decrypt", "", nil},
	{"a deleted role's id", policyText{delegates}, policyText{delegates, allow(`{"AWS":"AROAEXAMPLE"}`, "kms:Decrypt", "")}, "arn:aws:sts::111122223333:assumed-role/x/x", "kms:Decrypt", "", nil},
	{"an action more", policyText{allow(app, "kms:Encrypt", "")}, policyText{allow(app, "kms:Encrypt", ""), allow(app, "kms:Decrypt", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"a wildcard in an action", policyText{allow(app, "kms:Describe*", "")}, policyText{allow(app, "kms:De*", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:DeleteImportedKeyMaterial", "", nil},
	{"actions that there may be one day", policyText{allActions(app)}, policyText{allow(app, "kms:*", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:x", "", nil},

	{"a condition is dropped", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}`)}, policyText{allow(app, "kms:Decrypt", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"kms:viaservice": "-"}},
	{"a value is added", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"s3"}`)}, policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":["s3","ec2"]}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"kms:viaservice": "ec2"}},
	{"a wildcard covers more", policyText{allow(app, "kms:Decrypt", `"StringLike":{"kms:ViaService":"s3.eu-*"}`)}, policyText{allow(app, "kms:Decrypt", `"StringLike":{"kms:ViaService":"s3.*"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"kms:viaservice": "s3."}},
	{"wildcards overlap", policyText{allow(app, "kms:Decrypt", `"StringLike":{"kms:ViaService":["a*","*b"]}`)}, policyText{allow(app, "kms:Decrypt", `"StringLike":{"kms:ViaService":["a*","*b","?"]}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"kms:viaservice": "x"}},
	{"case no longer matters", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"s3"}`)}, policyText{allow(app, "kms:Decrypt", `"StringEqualsIgnoreCase":{"kms:ViaService":"s3"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"kms:viaservice": "S3"}},
	{"a condition holds without its key", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"s3"}`)}, policyText{allow(app, "kms:Decrypt", `"StringEqualsIfExists":{"kms:ViaService":"s3"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"kms:viaservice": "-"}},
	{"a floor is lowered", policyText{allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}`)}, policyText{allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"29"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:ScheduleKeyDeletion", "", map[string]string{"kms:schedulekeydeletionpendingwindowindays": "29"}},
	{"a floor between days is lowered", policyText{allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"29.5"}`)}, policyText{allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"28.5"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:ScheduleKeyDeletion", "", map[string]string{"kms:schedulekeydeletionpendingwindowindays": "29"}},
	{"a floor between days", policyText{delegates}, policyText{delegates, allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"29.5"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:ScheduleKeyDeletion", "", map[string]string{"kms:schedulekeydeletionpendingwindowindays": "30"}},
	{"an end is put off", policyText{allow(app, "kms:Decrypt", `"DateLessThan":{"aws:CurrentTime":"2025-06-01T00:00:00Z"}`)}, policyText{allow(app, "kms:Decrypt", `"DateLessThanEquals":{"aws:CurrentTime":"2025-06-01T00:00:00Z"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"aws:currenttime": "2025-06-01T00:00:00Z"}},
	{"a network is widened", policyText{allow(app, "kms:Decrypt", `"IpAddress":{"aws:SourceIp":"10.0.0.0/16"}`)}, policyText{allow(app, "kms:Decrypt", `"IpAddress":{"aws:SourceIp":"10.0.0.0/15"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"aws:sourceip": "10.1.0.0"}},
	{"bytes are added", policyText{allow(app, "kms:Decrypt", `"BinaryEquals":{"x:Bytes":"AA=="}`)}, policyText{allow(app, "kms:Decrypt", `"BinaryEquals":{"x:Bytes":["AA==","AQ=="]}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"x:bytes": "AQ=="}},
	{"grants are no longer for services only", policyText{allow(app, "kms:CreateGrant", `"Bool":{"kms:GrantIsForAWSResource":"true"}`)}, policyText{allow(app, "kms:CreateGrant", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:CreateGrant", "", map[string]string{"kms:grantisforawsresource": "-"}},
	{"an operation may ride along in a grant", policyText{allow(app, "kms:CreateGrant", `"ForAllValues:StringEquals":{"kms:GrantOperations":["Encrypt","Sign"]},"Null":{"kms:GrantOperations":"false"}`)}, policyText{allow(app, "kms:CreateGrant", `"ForAnyValue:StringEquals":{"kms:GrantOperations":["Encrypt","Sign"]}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:CreateGrant", "", nil},
	{"the encryption context is no longer bound", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:tenant":"a"}`)}, policyText{allow(app, "kms:Decrypt", `"Null":{"kms:EncryptionContext:tenant":"false"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"more names in the encryption context", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:tenant":"a"},"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"tenant"}`)}, policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:tenant":"a"},"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["tenant","extra"]}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"a variable is no longer asked", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/team}"}`)}, policyText{allow(app, "kms:Decrypt", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"another variable is let in besides", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/team}"}`)}, policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/team}"}`), allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/guest}"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"a variable instead of a value", policyText{delegates}, policyText{delegates, allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/team}"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},

	{"a pattern of roles covers more", policyText{allow(`"*"`, "kms:Decrypt", `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/dev/*"}`)}, policyText{allow(`"*"`, "kms:Decrypt", `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/d*"}`)}, "arn:aws:sts::111122223333:assumed-role/d/x", "kms:Decrypt", "", nil},
	{"a pattern of accounts covers more", policyText{allow(`"*"`, "kms:Decrypt", `"StringEquals":{"kms:CallerAccount":"444455556666"}`)}, policyText{allow(`"*"`, "kms:Decrypt", `"StringLike":{"kms:CallerAccount":"44445555*"}`)}, "arn:aws:iam::444455559999:user/x", "kms:Decrypt", "identity", nil},
	{"a tag has another value", policyText{delegates}, policyText{delegates, allow(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:PrincipalTag/team":"red"}`)}, "arn:aws:iam::111122223333:user/x", "kms:Decrypt", "", nil},
	{"a name has a wildcard", policyText{allow(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:username":"bob"}`)}, policyText{allow(`"*"`, "kms:Decrypt", `"StringLike":{"aws:username":"b*"}`)}, "arn:aws:iam::111122223333:user/b", "kms:Decrypt", "", nil},
	{"an account root by its user id", policyText{delegates}, policyText{delegates, allow(`"*"`, "kms:Decrypt", `"StringLike":{"aws:userid":"44445555*"},"StringEquals":{"aws:PrincipalType":"Account"}`)}, "arn:aws:iam::444455559999:root", "kms:Decrypt", "", nil},
	{"an organization is no longer asked", policyText{allow(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:PrincipalOrgID":"o-1"}`)}, policyText{allow(`"*"`, "kms:Decrypt", `"StringLike":{"aws:PrincipalOrgID":"o-*"}`)}, "arn:aws:iam::111122223333:user/x", "kms:Decrypt", "", map[string]string{"aws:principalorgid": "o-"}},
	{"a service acts for anybody", policyText{allow(`{"Service":"logs.amazonaws.com"}`, "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"111122223333"}`)}, policyText{allow(`{"Service":"logs.amazonaws.com"}`, "kms:Decrypt", "")}, "logs.amazonaws.com", "kms:Decrypt", "", map[string]string{"aws:sourceaccount": "-"}},
	{"an open fact about the key", policyText{allow(app, "kms:Decrypt", `"StringEquals":{"aws:ResourceTag/env":"dev"}`)}, policyText{allow(app, "kms:Decrypt", `"StringEquals":{"aws:ResourceTag/env":["dev","prod"]}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", map[string]string{"aws:resourcetag/env": "prod"}},

	{"a deny is dropped", policyText{allow(app, "kms:*", ""), deny(app, "kms:Decrypt", "")}, policyText{allow(app, "kms:*", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"a deny is dropped that kept a grant from giving access", policyText{delegates, deny(`{"AWS":"444455556666"}`, "kms:Decrypt", "")}, policyText{delegates}, "arn:aws:iam::444455556666:user/x", "kms:Decrypt", "grant", nil},
	{"a deny spares one more", policyText{delegates, deny(`"*"`, "kms:Decrypt", `"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}`)}, policyText{delegates, deny(`"*"`, "kms:Decrypt", `"ArnNotEquals":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/app","arn:aws:iam::111122223333:role/ops"]}`)}, "arn:aws:sts::111122223333:assumed-role/ops/x", "kms:Decrypt", "identity", nil},
	{"a deny has one more condition", policyText{allow(app, "kms:*", ""), deny(`"*"`, "kms:Decrypt", `"StringNotEquals":{"kms:ViaService":"s3"}`)}, policyText{allow(app, "kms:*", ""), deny(`"*"`, "kms:Decrypt", `"StringNotEquals":{"kms:ViaService":"s3"},"Bool":{"aws:SecureTransport":"false"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"everyone but alice", policyText{`{"Effect":"Allow","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/alice","111122223333"]},"Action":"kms:Decrypt","Resource":"*"}`}, policyText{allow(`"*"`, "kms:Decrypt", "")}, "arn:aws:iam::111122223333:user/alice", "kms:Decrypt", "", nil},
	{"all actions but one", policyText{`{"Effect":"Allow","Principal":` + app + `,"NotAction":["kms:Decrypt","kms:Encrypt"],"Resource":"*"}`}, policyText{`{"Effect":"Allow","Principal":` + app + `,"NotAction":"kms:Encrypt","Resource":"*"}`}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Decrypt", "", nil},
	{"a resource that is not the key", policyText{`{"Effect":"Allow","Principal":` + app + `,"Action":"kms:Sign","Resource":"arn:aws:kms:eu-west-1:111122223333:key/other"}`}, policyText{`{"Effect":"Allow","Principal":` + app + `,"Action":"kms:Sign","Resource":"arn:aws:kms:*:111122223333:key/*"}`}, "arn:aws:sts::111122223333:assumed-role/app/x", "kms:Sign", "", nil},
}

// allActions lists those that there are.
func allActions(principal string) string {
	var names []string
	for _, action := range keypolicy.Actions() {
		names = append(names, fmt.Sprintf("%q", action.Name))
	}
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":[` + strings.Join(names, ",") + `],"Resource":"*"}`
}

func TestCompareFindsWhatWidens(t *testing.T) {
	t.Parallel()
	for _, row := range widenings {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			old, new := document(t, row.old), document(t, row.new)
			there := keypolicy.Compare(old, new, compareScope)
			row.check(t, there, keypolicy.Wider, there.Widened, there.Narrowed)
			back := keypolicy.Compare(new, old, compareScope)
			row.check(t, back, keypolicy.Narrower, back.Narrowed, back.Widened)
			requireWitnesses(t, there, old, new)
			requireWitnesses(t, back, new, old)
			require.Equal(t, keypolicy.Neither, keypolicy.Compare(
				document(t, append(slices.Clone(row.old), allow(`{"AWS":"arn:aws:iam::777788889999:user/z"}`, "kms:Verify", ""))),
				new, compareScope).Relation, "with something else taken away")
		})
	}
}

func (row *widening) check(t *testing.T, c keypolicy.Comparison, relation keypolicy.Relation, shown, none []keypolicy.Witness) {
	t.Helper()
	require.Equal(t, relation, c.Relation, "undecided: %v", c.Undecided)
	require.Empty(t, c.Undecided)
	require.Empty(t, none)
	require.True(t, slices.ContainsFunc(shown, row.isShownBy), "no witness for %s %q %q among %s", row.caller, row.action, row.route, listWitnesses(shown))
}

func (row *widening) isShownBy(w keypolicy.Witness) bool {
	if w.Request.Principal.ARN != row.caller || routeOf(w) != row.route || !slices.Contains(w.Actions, row.action) {
		return false
	}
	for key, want := range row.context {
		got := w.Request.Context[key]
		if want == "-" && len(got) > 0 || want != "-" && !slices.Equal(got, []string{want}) {
			return false
		}
	}
	return true
}

func routeOf(w keypolicy.Witness) string {
	switch {
	case w.Identity:
		return "identity"
	case w.Grant:
		return "grant"
	case w.Unbounded:
		return "unbounded"
	}
	return ""
}

func listWitnesses(witnesses []keypolicy.Witness) string {
	var lines []string
	for _, w := range witnesses {
		lines = append(lines, fmt.Sprintf("%s %v %q %v", w.Request.Principal.ARN, w.Actions, routeOf(w), w.Request.Context))
	}
	return strings.Join(lines, "\n")
}

func TestCompareSeesWhatIsEqual(t *testing.T) {
	t.Parallel()
	via := func(operator, value string) string {
		return fmt.Sprintf(`%q:{"kms:ViaService":%s}`, operator, value)
	}
	for name, pair := range map[string][2]policyText{
		"order":                      {{delegates, allow(app, "kms:Decrypt", "")}, {allow(app, "kms:Decrypt", ""), delegates}},
		"case of actions and keys":   {{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"a"}`)}, {allow(app, "KMS:decrypt", `"StringEquals":{"KMS:viaservice":"a"}`)}},
		"split statements":           {{`{"Effect":"Allow","Principal":` + app + `,"Action":["kms:Encrypt","kms:Decrypt"],"Resource":"*"}`}, {allow(app, "kms:Encrypt", ""), allow(app, "kms:Decrypt", "")}},
		"digits for the root":        {{delegates}, {allow(`{"AWS":"111122223333"}`, "kms:*", "")}},
		"exact by a pattern":         {{allow(app, "kms:Decrypt", via("StringEquals", `"a"`))}, {allow(app, "kms:Decrypt", via("StringLike", `"a"`))}},
		"covered value":              {{allow(app, "kms:Decrypt", via("StringLike", `["a*","ab*"]`))}, {allow(app, "kms:Decrypt", via("StringLike", `"a*"`))}},
		"covered statement":          {{allow(app, "kms:*", ""), allow(app, "kms:Decrypt", via("StringEquals", `"a"`))}, {allow(app, "kms:*", "")}},
		"covered by everyone":        {{allow(`"*"`, "kms:*", ""), allow(app, "kms:Decrypt", "")}, {allow(`"*"`, "kms:*", "")}},
		"negated twice":              {{allow(app, "kms:Decrypt", ""), deny(app, "kms:Decrypt", via("StringNotLike", `"a*"`))}, {allow(app, "kms:Decrypt", via("StringLike", `"a*"`)), deny(app, "kms:Decrypt", via("StringNotLike", `"a*"`))}},
		"whole days":                 {{allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"29"}`)}, {allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}`)}},
		"between days":               {{allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"29.5"}`)}, {allow(app, "kms:ScheduleKeyDeletion", `"NumericGreaterThanEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}`)}},
		"a stricter unknown":         {{delegates, allow(`{"AWS":"`+keypolicy.Mark("arn")+`"}`, "kms:Decrypt", "")}, {delegates, allow(`{"AWS":"`+keypolicy.Mark("arn")+`"}`, "kms:Decrypt", ""), allow(`{"AWS":"`+keypolicy.Mark("arn")+`"}`, "kms:Decrypt", via("StringEquals", `"a"`))}},
		"halves of a network":        {{allow(app, "kms:Decrypt", `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}, {allow(app, "kms:Decrypt", `"IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}`)}},
		"never true":                 {{delegates, allow(app, "kms:Decrypt", via("StringEquals", `"a"`)+`,"Null":{"kms:ViaService":"true"}`)}, {delegates}},
		"what works in no account":   {{delegates, allow(`{"AWS":"444455556666"}`, "kms:PutKeyPolicy", "")}, {delegates}},
		"an unknown in both":         {{allow(app, "kms:Decrypt", via("StringEquals", `"`+keypolicy.Mark("x")+`"`))}, {allow(app, "kms:decrypt", via("StringEquals", `"`+keypolicy.Mark("x")+`"`)), allow(app, "kms:Decrypt", via("StringEquals", `"`+keypolicy.Mark("x")+`"`)+`,"Bool":{"aws:SecureTransport":"true"}`)}},
		"an unknown principal twice": {{delegates, allow(`{"AWS":"`+keypolicy.Mark("arn")+`"}`, "kms:Decrypt", ""), deny(alice, "kms:Sign", "")}, {deny(alice, "kms:sign", ""), delegates, allow(`{"AWS":["`+keypolicy.Mark("arn")+`"]}`, "kms:Decrypt", ""), allow(`{"AWS":"111122223333"}`, "kms:Decrypt", "")}},
		"a variable in both":         {{delegates, allow(app, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:t":"${aws:PrincipalTag/t}"}`)}, {allow(app, "kms:Decrypt", `"StringEquals":{"kms:encryptioncontext:t":"${aws:PrincipalTag/t}"}`), delegates, delegates, allow(`{"AWS":"111122223333"}`, "kms:Sign", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := keypolicy.Compare(document(t, pair[0]), document(t, pair[1]), compareScope)
			require.Equal(t, keypolicy.Equal, c.Relation, "widened by %s\nnarrowed by %s\n%v", listWitnesses(c.Widened), listWitnesses(c.Narrowed), c.Undecided)
			require.True(t, c.Relation.NoNewAccess())
		})
	}
}

// TestCompareAdmitsWhatItCannotDecide has one row for each reason, and a twin
// without it that is decided.
func TestCompareAdmitsWhatItCannotDecide(t *testing.T) {
	t.Parallel()
	via := func(value string) policyText {
		return policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"`+value+`"}`)}
	}
	// The same access, as one condition and as a statement for each value.
	together := func(values ...string) policyText {
		return policyText{allow(app, "kms:Decrypt", `"StringLike":{"kms:ViaService":["`+strings.Join(values, `","`)+`"]}`)}
	}
	apart := func(values ...string) (statements policyText) {
		for _, value := range values {
			statements = append(statements, together(value)...)
		}
		return statements
	}
	var many []string
	for c := 'a'; c < 'u'; c++ {
		many = append(many, fmt.Sprintf("*%c*%c*", c, c+1))
	}
	number := policyText{allow(app, "kms:Sign", `"NumericLessThan":{"x:y":"7"}`)}
	for name, row := range map[string]struct {
		old, new policyText
		reason   string
		twin     policyText // instead of new
	}{
		"a value not known yet":     {via("a"), via(keypolicy.Mark("aws_s3_bucket.region")), "aws_s3_bucket.region is not known yet", via("b")},
		"a principal not known yet": {policyText{delegates}, policyText{delegates, allow(`{"AWS":"`+keypolicy.Mark("role.arn")+`"}`, "kms:Decrypt", "")}, "a principal is not known yet", policyText{delegates, allow(app, "kms:Decrypt", "")}},
		"a variable among names":    {policyText{delegates}, policyText{delegates, allow(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/${aws:username}x"}`)}, "a policy variable stands for the value of aws:username", policyText{delegates, allow(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/x"}`)}},
		"text and number": {number, policyText{
			allow(app, "kms:Sign", `"NumericLessThan":{"x:y":"7"},"StringLike":{"x:y":"*e*"}`), allow(app, "kms:Sign", `"NumericLessThan":{"x:y":"7"},"StringNotLike":{"x:y":"*e*"}`),
		}, "it is compared in more than one way", policyText{
			allow(app, "kms:Sign", `"NumericLessThan":{"x:y":"7"},"Bool":{"x:z":"true"}`), allow(app, "kms:Sign", `"NumericLessThan":{"x:y":"7"}`),
		}},
		"too many patterns": {apart(many...), together(many...), "it is compared with too many patterns", apart(many...)[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := keypolicy.Compare(document(t, row.old), document(t, row.new), compareScope)
			require.NotEmpty(t, c.Undecided)
			require.Contains(t, strings.Join(c.Undecided, "\n"), row.reason)
			require.False(t, c.Relation.NoNewAccess(), "%v", c.Relation)
			twin := keypolicy.Compare(document(t, row.old), document(t, row.twin), compareScope)
			require.NotEqual(t, keypolicy.Undecided, twin.Relation, "%v", twin.Undecided)
		})
	}
	require.Equal(t, keypolicy.Equal, keypolicy.Compare(document(t, apart(many[:5]...)), document(t, together(many[:5]...)), compareScope).Relation)
}

func TestCompareNeedsTheAccount(t *testing.T) {
	t.Parallel()
	old, new := document(t, policyText{delegates}), document(t, policyText{allow(app, "kms:*", "")})
	for name, scope := range map[string]keypolicy.Scope{
		"none":                     {},
		"not twelve digits":        {Account: "1111"},
		"the ARN says another one": {Account: "444455556666", ARN: keyARN},
		"the ARN is none":          {Account: "111122223333", ARN: "alias/app"},
	} {
		c := keypolicy.Compare(old, new, scope)
		require.Equal(t, keypolicy.Undecided, c.Relation, name)
		require.Len(t, c.Undecided, 1, name)
	}
	require.Equal(t, keypolicy.Neither, keypolicy.Compare(old, new, keypolicy.Scope{ARN: keyARN}).Relation)
	require.Equal(t, keypolicy.Neither, keypolicy.Compare(old, new, keypolicy.Scope{Account: "111122223333"}).Relation)
}

// TestCompareFactsOfTheKey shows that a fact that is known rules requests out,
// and one that is not rules none out.
func TestCompareFactsOfTheKey(t *testing.T) {
	t.Parallel()
	old := policyText{delegates}
	for condition, other := range map[string]keypolicy.Key{
		`"StringEquals":{"kms:KeySpec":"RSA_2048"}`:               {Spec: "HMAC_256"},
		`"StringEquals":{"kms:KeyUsage":"SIGN_VERIFY"}`:           {Usage: "ENCRYPT_DECRYPT"},
		`"StringEquals":{"kms:KeyOrigin":"EXTERNAL"}`:             {Origin: "AWS_KMS"},
		`"Bool":{"kms:MultiRegion":"true"}`:                       {Spec: "HMAC_256"},
		`"StringEquals":{"aws:ResourceTag/env":"dev"}`:            {Tags: map[string]string{"env": "prod"}},
		`"ForAnyValue:StringLike":{"kms:ResourceAliases":"a/x*"}`: {Aliases: []string{"alias/y"}},
	} {
		new := append(slices.Clone(old), allow(app, "kms:Decrypt", condition))
		open := keypolicy.Compare(document(t, old), document(t, new), compareScope)
		require.Equal(t, keypolicy.Wider, open.Relation, condition)
		requireWitnesses(t, open, document(t, old), document(t, new))
		known := compareScope
		known.Key = other
		require.Equal(t, keypolicy.Equal, keypolicy.Compare(document(t, old), document(t, new), known).Relation, condition)
	}
}

// TestCompareGivesCallersWhatTheyCanHave: a condition on what only some callers
// have opens nothing to the others.
func TestCompareGivesCallersWhatTheyCanHave(t *testing.T) {
	t.Parallel()
	old := document(t, policyText{delegates})
	for condition, want := range map[string][]string{
		`"Null":{"aws:PrincipalOrgID":"false"}`:     {"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/x", "arn:aws:iam::999999999999:root", "arn:aws:iam::999999999999:user/x"},
		`"Null":{"aws:PrincipalTag/team":"false"}`:  {"arn:aws:iam::111122223333:user/x", "arn:aws:iam::999999999999:user/x"},
		`"Bool":{"aws:PrincipalIsAWSService":true}`: {"x.amazonaws.com"},
		`"StringEquals":{"aws:username":"bob"}`:     {"arn:aws:iam::111122223333:user/bob", "arn:aws:iam::999999999999:user/bob"},
	} {
		var callers []string
		for _, w := range keypolicy.Compare(old, document(t, policyText{delegates, allow(`"*"`, "kms:Sign", condition)}), compareScope).Widened {
			callers = append(callers, w.Request.Principal.ARN)
		}
		slices.Sort(callers)
		require.Subset(t, want, callers, condition)
		require.NotEmpty(t, callers, condition)
	}
}

func TestCompareNil(t *testing.T) {
	t.Parallel()
	policy := document(t, policyText{delegates})
	require.Equal(t, keypolicy.Wider, keypolicy.Compare(nil, policy, compareScope).Relation)
	require.Equal(t, keypolicy.Narrower, keypolicy.Compare(policy, nil, compareScope).Relation)
	require.Equal(t, keypolicy.Equal, keypolicy.Compare(nil, nil, compareScope).Relation)
	require.Equal(t, keypolicy.Equal, keypolicy.Compare(policy, policy, keypolicy.Scope{}).Relation, "the same policy is the same for every key")
}

// TestCompareReadsVariablesByVersion: the older version takes ${…} literally.
func TestCompareReadsVariablesByVersion(t *testing.T) {
	t.Parallel()
	statement := allow(`"*"`, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"${*}"}`)
	newer := document(t, policyText{statement})
	older := parse(t, "key policy", []byte(`{"Version":"2008-10-17","Statement":[`+statement+`]}`))
	require.Equal(t, keypolicy.Neither, keypolicy.Compare(older, newer, compareScope).Relation)
	require.Equal(t, keypolicy.Equal, keypolicy.Compare(older, older, compareScope).Relation)
}

// TestCompareProperties: equal policies compare equal in any order; an Allow
// more is never narrower, a Deny more never wider.
func TestCompareProperties(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: thousands of policies, one after the other")
	}
	t.Parallel()
	const seed = 20250302
	p := pick{rand.New(rand.NewPCG(seed, seed))}
	for range 200 {
		statements := p.statements()
		policy := document(t, statements)
		require.Equal(t, keypolicy.Equal, keypolicy.Compare(policy, policy, compareScope).Relation)
		shuffled := slices.Clone(statements)
		p.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, keypolicy.Equal, keypolicy.Compare(policy, document(t, shuffled), compareScope).Relation)
		allowed := keypolicy.Compare(policy, document(t, append(slices.Clone(statements), p.statement("Allow"))), compareScope)
		require.Empty(t, allowed.Narrowed)
		require.NotContains(t, []keypolicy.Relation{keypolicy.Narrower, keypolicy.Neither}, allowed.Relation)
		denied := keypolicy.Compare(policy, document(t, append(slices.Clone(statements), p.statement("Deny"))), compareScope)
		require.Empty(t, denied.Widened)
		require.NotContains(t, []keypolicy.Relation{keypolicy.Wider, keypolicy.Neither}, denied.Relation)
	}
}

func FuzzCompare(f *testing.F) {
	for _, row := range widenings {
		f.Add(`[`+strings.Join(row.old, ",")+`]`, `[`+strings.Join(row.new, ",")+`]`)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		old, err := keypolicy.Parse("old", []byte(`{"Version":"2012-10-17","Statement":`+before+`}`))
		if err != nil {
			return
		}
		new, err := keypolicy.Parse("new", []byte(`{"Version":"2012-10-17","Statement":`+after+`}`))
		if err != nil {
			return
		}
		c := keypolicy.Compare(old, new, compareScope)
		requireWitnesses(t, c, old, new)
		if c.Relation == keypolicy.Undecided {
			require.NotEmpty(t, c.Undecided)
		}
		require.Equal(t, keypolicy.Equal, keypolicy.Compare(old, old, compareScope).Relation)
	})
}

func ExampleCompare() {
	old, err := keypolicy.Parse("key policy", []byte(`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"},
  {"Effect": "Deny", "Principal": "*", "Action": "kms:ScheduleKeyDeletion", "Resource": "*",
   "Condition": {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}}}
]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	new, err := keypolicy.Parse("key policy", []byte(`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"},
  {"Effect": "Deny", "Principal": "*", "Action": "kms:ScheduleKeyDeletion", "Resource": "*",
   "Condition": {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "14"}}}
]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	comparison := keypolicy.Compare(old, new, keypolicy.Scope{Account: "111122223333"})
	fmt.Println(comparison.Relation)
	w := comparison.Widened[0]
	fmt.Println(w.Request.Principal.ARN, w.Request.Action, w.Request.Context)
	fmt.Println("was:", w.Before.Reasons[0])
	fmt.Println("is: ", w.After.Reasons[0])
	// Output:
	// wider
	// arn:aws:iam::111122223333:root kms:ScheduleKeyDeletion map[kms:schedulekeydeletionpendingwindowindays:[14]]
	// was: key policy, statement 2 (line 3, column 3): denies kms:ScheduleKeyDeletion to arn:aws:iam::111122223333:root
	// is:  account root: may do everything in its account
}
