package lint_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

const account = `{"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}`

// keyPolicy lints a key policy that leaves the key to the account, and has more
// statements.
func keyPolicy(t *testing.T, statements ...string) lint.Input {
	t.Helper()
	return parse(t, `{"Version": "2012-10-17", "Statement": [`+strings.Join(append([]string{account}, statements...), ", ")+`]}`)
}

func parse(t *testing.T, document string) lint.Input {
	t.Helper()
	p, err := keypolicy.Parse("key policy", []byte(document))
	require.NoError(t, err)
	return lint.Input{Policy: p, Document: []byte(document), Account: "111122223333", Address: "aws_kms_key.this"}
}

// to fills a statement for the role app.
func to(action, condition string) string {
	return statement("Allow", `{"AWS": "arn:aws:iam::111122223333:role/app"}`, action, condition)
}

func statement(effect, principal, action, condition string) string {
	return fmt.Sprintf(`{"Effect": %q, "Principal": %s, "Action": %s, "Resource": "*", "Condition": {%s}}`, effect, principal, action, condition)
}

const (
	everyone = `"*"`
	admin    = `{"AWS": "arn:aws:iam::111122223333:role/admin"}`
)

// TestKeyPolicyCases: statements, and the rules that flag them. Rows come in
// pairs that differ in one thing.
func TestKeyPolicyCases(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		statements []string
		want       []string
	}{
		{"no resource", []string{`{"Effect": "Allow", "Principal": ` + admin + `, "Action": "kms:Decrypt"}`}, []string{"KP001"}},
		{"no action", []string{`{"Effect": "Allow", "Principal": ` + admin + `, "Resource": "*"}`}, []string{"KP001"}},
		{"NotResource", []string{`{"Effect": "Allow", "Principal": ` + admin + `, "Action": "kms:Decrypt", "NotResource": "*"}`}, []string{"KP001"}},
		{"Sids once", []string{strings.Replace(to(`"kms:Decrypt"`, ""), `{`, `{"Sid": "A", `, 1), strings.Replace(to(`"kms:Encrypt"`, ""), `{`, `{"Sid": "B", `, 1)}, nil},
		{"Sid twice", []string{strings.Replace(to(`"kms:Decrypt"`, ""), `{`, `{"Sid": "A", `, 1), strings.Replace(to(`"kms:Encrypt"`, ""), `{`, `{"Sid": "A", `, 1)}, []string{"KP003"}},
		{"action of another service", []string{to(`["kms:Decrypt", "s3:GetObject"]`, "")}, []string{"KP004"}},
		{"wildcard that matches nothing", []string{to(`"kms:Decript*"`, "")}, []string{"KP004"}},
		{"wildcard that matches", []string{to(`"kms:Decrypt*"`, "")}, nil},
		{"action in any case", []string{to(`"KMS:decrypt"`, "")}, nil},
		{"CreateKey", []string{to(`"kms:CreateKey"`, "")}, []string{"KP005"}},
		{"RetireGrant", []string{to(`"kms:RetireGrant"`, "")}, []string{"KP005"}},
		{"RetireGrant denied", []string{statement("Deny", admin, `"kms:RetireGrant"`, "")}, nil},
		{"misspelt key without prefix", []string{to(`"kms:Decrypt"`, `"StringEquals": {"ViaService": "x"}`)}, []string{"KP006"}},
		{"misspelt global key", []string{to(`"kms:Decrypt"`, `"StringEquals": {"aws:PrincipalOrgId2": "x"}`)}, []string{"KP006"}},
		{"key newer than the catalogue", []string{to(`"kms:Decrypt"`, `"StringEquals": {"aws:SomethingNewEntirely": "x"}`)}, nil},
		{"key of an identity provider", []string{to(`"kms:Decrypt"`, `"StringEquals": {"accounts.google.com:aud": "x"}`)}, nil},
		{"context on wildcard", []string{to(`"kms:GenerateDataKey*"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`)}, nil},
		{"negated context on DescribeKey", []string{to(`"kms:DescribeKey"`, `"StringNotEquals": {"kms:EncryptionContext:t": "a"}`)}, nil},
		{"Bool on a string", []string{to(`"kms:Decrypt"`, `"Bool": {"kms:ViaService": "true"}`)}, []string{"KP008", "KP402"}},
		{"String on a boolean", []string{to(`"kms:CreateGrant"`, `"StringEquals": {"kms:GrantIsForAWSResource": "true"}`)}, nil},
		{"boolean with another value", []string{to(`"kms:CreateGrant"`, `"Bool": {"kms:GrantIsForAWSResource": "yes"}`)}, []string{"KP008"}},
		{"String on an address", []string{to(`"kms:Decrypt"`, `"StringEquals": {"aws:SourceIp": "192.0.2.0/24"}`)}, []string{"KP008"}},
		{"address", []string{to(`"kms:Decrypt"`, `"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}`)}, nil},
		{"no address", []string{to(`"kms:Decrypt"`, `"IpAddress": {"aws:SourceIp": "192.0.2.0/33"}`)}, []string{"KP008"}},
		{"no date", []string{to(`"kms:Decrypt"`, `"DateLessThan": {"aws:CurrentTime": "tomorrow"}`)}, []string{"KP008"}},
		{"date", []string{to(`"kms:Decrypt"`, `"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}`)}, nil},
		{"no number", []string{statement("Allow", admin, `"kms:EnableKeyRotation"`, `"NumericEquals": {"kms:RotationPeriodInDays": "a year"}`)}, []string{"KP008"}},
		{"ARN operator on a context value", []string{to(`"kms:Decrypt"`, `"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*:111122223333:*"}`)}, nil},
		{"literal asterisk", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "${*}"}`)}, nil},
		{"ForAnyValue on a single value", []string{to(`"kms:Decrypt"`, `"ForAnyValue:StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}`)}, []string{"KP009"}},
		{"no set operator on several values", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContextKeys": "t"}`)}, []string{"KP009"}},
		{"Null on several values", []string{to(`"kms:Decrypt"`, `"Null": {"kms:EncryptionContextKeys": "false"}`)}, nil},
		{"ForAllValues beside ForAnyValue", []string{to(`"kms:Decrypt"`, `"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["t"]}, "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["t"]}`)}, nil},
		{"ForAllValues in a Deny", []string{statement("Deny", everyone, `"kms:Decrypt"`, `"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["t"]}`)}, nil},
		{"IfExists in a Deny", []string{statement("Deny", everyone, `"kms:Decrypt"`, `"StringNotEqualsIfExists": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}`)}, nil},
		{"IfExists and Null", []string{to(`"kms:Decrypt"`, `"StringEqualsIfExists": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}, "Null": {"kms:ViaService": "false"}`)}, nil},
		{"Null beside a comparison", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}, "Null": {"kms:ViaService": "true"}`)}, []string{"KP012"}},
		{"direct calls only", []string{to(`"kms:Decrypt"`, `"Null": {"kms:ViaService": "true"}`)}, nil},
		{"Deny without context", []string{statement("Deny", everyone, `"kms:Decrypt"`, `"Null": {"kms:EncryptionContextKeys": "true"}`)}, nil},
		{"Deny with context", []string{statement("Deny", everyone, `"kms:Decrypt"`, `"Null": {"kms:EncryptionContextKeys": "false"}`)}, []string{"KP012"}},
		{"cancelled", []string{to(`"kms:Decrypt"`, ""), statement("Deny", everyone, `"kms:Decrypt"`, "")}, []string{"KP013"}},
		{"cancelled for others", []string{to(`"kms:Decrypt"`, ""), statement("Deny", everyone, `"kms:Decrypt"`, `"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}`)}, nil},
		{"cancelled under a condition", []string{to(`"kms:Decrypt"`, ""), statement("Deny", everyone, `"kms:Decrypt"`, `"Bool": {"aws:SecureTransport": "false"}`)}, nil},
		{"contradiction", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:CallerAccount": "111122223333"}, "StringLike": {"kms:CallerAccount": "444455556666"}`)}, []string{"KP013"}},
		{"no contradiction", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:CallerAccount": "111122223333"}, "StringLike": {"kms:CallerAccount": "*"}`)}, nil},
		{"twice under a condition", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`), to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`)}, []string{"KP013", "KP013"}},
		{"under one condition and another", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`), to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "b"}`)}, nil},
		{"under a further condition", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}, "Bool": {"aws:SecureTransport": "true"}`), to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`)}, []string{"KP013"}},
		{"covered by two", []string{to(`["kms:Decrypt", "kms:Encrypt"]`, ""), to(`["kms:Encrypt", "kms:Sign"]`, ""), to(`["kms:Decrypt", "kms:Sign"]`, "")}, []string{"KP013", "KP013", "KP013"}},
		{"Deny twice", []string{statement("Deny", admin, `"kms:Decrypt"`, ""), statement("Deny", everyone, `["kms:Decrypt", "kms:Encrypt"]`, "")}, []string{"KP013"}},
		{"two Denies of everyone", []string{
			statement("Deny", everyone, `"kms:Decrypt"`, ""),
			statement("Deny", everyone, `"kms:Decrypt"`, `"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}`),
		}, []string{"KP013"}},
		{"everyone by NotAction", []string{`{"Effect": "Allow", "Principal": "*", "NotAction": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}`}, []string{"KP207", "KP301"}},
		{"everyone of any account's roles", []string{statement("Allow", everyone, `"kms:Decrypt"`, `"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}`)}, []string{"KP102"}},
		{"everyone with another tag", []string{statement("Allow", everyone, `"kms:Decrypt"`, `"StringEquals": {"aws:PrincipalTag/team": "x"}`)}, []string{"KP102"}},
		{"everyone of the organization", []string{statement("Allow", everyone, `"kms:Decrypt"`, `"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}`)}, nil},
		{"everyone of the organization, if it exists", []string{statement("Allow", everyone, `"kms:Decrypt"`, `"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}`)}, []string{"KP011", "KP102"}},
		{"everyone denied", []string{statement("Deny", everyone, `"kms:Decrypt"`, "")}, nil},
		{"NotPrincipal allowed", []string{`{"Effect": "Allow", "NotPrincipal": ` + admin + `, "Action": "kms:DescribeKey", "Resource": "*"}`}, []string{"KP104"}},
		{"another partition", []string{statement("Allow", `{"AWS": "arn:aws-cn:iam::111122223333:role/app"}`, `"kms:Decrypt"`, "")}, []string{"KP105"}},
		{"account with thirteen digits", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:CallerAccount": "1111222233334"}`)}, []string{"KP105"}},
		{"wildcard service", []string{statement("Allow", `{"Service": "*"}`, `"kms:DescribeKey"`, "")}, []string{"KP105"}},
		{"group", []string{statement("Allow", `{"AWS": "arn:aws:iam::111122223333:group/admins"}`, `"kms:Decrypt"`, "")}, []string{"KP107"}},
		{"session", []string{statement("Allow", `{"AWS": "arn:aws:sts::111122223333:assumed-role/app/i-1"}`, `"kms:Decrypt"`, "")}, []string{"KP108"}},
		{"session beside a role", []string{statement("Allow", `{"AWS": ["arn:aws:sts::111122223333:assumed-role/app/i-1", "arn:aws:iam::111122223333:role/other"]}`, `"kms:Decrypt"`, "")}, nil},
		{"foreign digits", []string{statement("Allow", `{"AWS": "444455556666"}`, `"kms:Decrypt"`, "")}, []string{"KP110"}},
		{"everything to a service", []string{statement("Allow", `{"Service": "cloudtrail.amazonaws.com"}`, `"kms:*"`, `"StringEquals": {"aws:SourceAccount": "111122223333"}`)}, []string{"KP204"}},
		{"wildcard over cryptography", []string{to(`["kms:GenerateDataKey*", "kms:ReEncrypt*"]`, "")}, nil},
		{"wildcard over reading", []string{statement("Allow", admin, `["kms:List*", "kms:Get*", "kms:Describe*"]`, "")}, nil},
		{"wildcard to the account", []string{statement("Allow", `{"AWS": "111122223333"}`, `"kms:Update*"`, "")}, []string{"KP013"}},
		{"floor of seven days", []string{statement("Allow", admin, `"kms:ScheduleKeyDeletion"`, `"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "7"}`)}, []string{"KP207"}},
		{"ceiling", []string{statement("Allow", admin, `"kms:ScheduleKeyDeletion"`, `"NumericLessThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}`)}, []string{"KP207"}},
		{"floor by Deny", []string{statement("Allow", admin, `"kms:ScheduleKeyDeletion"`, ""), statement("Deny", everyone, `"kms:ScheduleKeyDeletion"`, `"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}`)}, nil},
		{"alias writer, decided by alias", []string{to(`"kms:UpdateAlias"`, ""), to(`"kms:Decrypt"`, `"StringEquals": {"kms:RequestAlias": "alias/app"}`)}, []string{"KP208"}},
		{"tag writer, decided by alias", []string{to(`"kms:TagResource"`, ""), to(`"kms:Decrypt"`, `"StringEquals": {"kms:RequestAlias": "alias/app"}`)}, nil},
		{"grants to a named grantee", []string{to(`"kms:CreateGrant"`, `"StringEquals": {"kms:GranteePrincipal": "arn:aws:iam::111122223333:role/x"}, "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}`)}, nil},
		{"grants of anything to a named grantee", []string{to(`"kms:CreateGrant"`, `"StringEquals": {"kms:GranteePrincipal": "arn:aws:iam::111122223333:role/x"}`)}, []string{"KP302"}},
		{"grants not for a resource", []string{to(`"kms:CreateGrant"`, `"Bool": {"kms:GrantIsForAWSResource": "false"}`)}, []string{"KP301"}},
		{"other grants denied", []string{to(`"kms:CreateGrant"`, ""), statement("Deny", everyone, `"kms:CreateGrant"`, `"Bool": {"kms:GrantIsForAWSResource": "false"}`)}, nil},
		{"service that describes", []string{statement("Allow", `{"Service": "cloudtrail.amazonaws.com"}`, `"kms:DescribeKey"`, "")}, nil},
		{"service bound by context", []string{statement("Allow", `{"Service": "logs.eu-west-1.amazonaws.com"}`, `"kms:Decrypt"`, `"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:*"}`)}, nil},
		{"service bound by Deny", []string{statement("Allow", `{"Service": "cloudtrail.amazonaws.com"}`, `"kms:GenerateDataKey"`, ""), statement("Deny", everyone, `"kms:GenerateDataKey"`, `"Bool": {"aws:PrincipalIsAWSService": "true"}`)}, []string{"KP013"}},
		{"China's suffix", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:ViaService": "s3.cn-north-1.amazonaws.com.cn"}`)}, []string{"KP402"}},
		{"GovCloud", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:ViaService": "s3.us-gov-west-1.amazonaws.com"}`)}, nil},
		{"any Region", []string{to(`"kms:Decrypt"`, `"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}`)}, nil},
		{"misnamed service", []string{to(`"kms:Decrypt"`, `"StringEquals": {"kms:ViaService": "ebs.eu-west-1.amazonaws.com"}`)}, []string{"KP402"}},
		{"administration denied by network", []string{statement("Deny", everyone, `"kms:DisableKey"`, `"StringNotEquals": {"aws:SourceVpce": "vpce-1"}`)}, nil},
		{"use denied by endpoint", []string{statement("Deny", everyone, `"kms:Decrypt"`, `"StringNotEquals": {"aws:SourceVpce": "vpce-1"}`)}, []string{"KP403"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			findings := lint.Run(keyPolicy(t, test.statements...), now)
			require.ElementsMatch(t, test.want, ids(findings), "%v", findings)
		})
	}
}

// TestPolicyOfItsOwn: whole key policies, for the rules about all of one.
func TestPolicyOfItsOwn(t *testing.T) {
	t.Parallel()
	put := func(principal, condition string) string {
		return statement("Allow", principal, `["kms:DescribeKey", "kms:PutKeyPolicy"]`, condition)
	}
	two := `{"AWS": ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]}`
	tests := []struct {
		name       string
		statements []string
		want       string // rule and severity; "" for nothing
	}{
		{"one role", []string{put(admin, "")}, "critical KP201"},
		{"two roles", []string{put(two, "")}, "medium KP201"},
		{"two foreign roles", []string{put(strings.ReplaceAll(two, "111122223333", "444455556666"), ""), to(`"kms:Decrypt"`, "")}, "critical KP201"},
		{"root user", []string{put(`{"AWS": "111122223333"}`, `"StringEquals": {"aws:PrincipalType": "Account"}`)}, ""},
		{"account", []string{put(`{"AWS": "111122223333"}`, "")}, ""},
		{"account, only through a pattern", []string{put(`{"AWS": "111122223333"}`, `"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/admin-*"}`)}, "medium KP201"},
		{"account, on a condition that may hold", []string{put(`{"AWS": "111122223333"}`, `"Bool": {"aws:MultiFactorAuthPresent": "true"}`)}, ""},
		{"account, but denied", []string{put(`{"AWS": "111122223333"}`, ""), statement("Deny", everyone, `"kms:PutKeyPolicy"`, "")}, "critical KP201"},
		{"account, but denied to others than one", []string{put(`{"AWS": "111122223333"}`, ""), put(admin, ""), statement("Deny", everyone, `"kms:PutKeyPolicy"`, `"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/admin"}`)}, "critical KP201"},
		{"not known who", []string{put(`{"AWS": "`+keypolicy.Mark("aws_iam_role.admin.arn")+`"}`, "")}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range lint.Run(parse(t, `{"Version": "2012-10-17", "Statement": [`+strings.Join(test.statements, ", ")+`]}`), now) {
				if strings.HasPrefix(f.Rule, "KP20") {
					got = append(got, f.Severity.String()+" "+f.Rule)
				}
			}
			require.Equal(t, test.want, strings.Join(got, ", "))
		})
	}
}

// TestFalseAlarms: what the default policies of AWS hold is never flagged:
// Resource *, kms:* to the key's own account, a Deny to everyone, Sids with
// spaces.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	require.Empty(t, lint.Run(read(t, "false-alarms"), now))
}

// TestEncryptionModule: the policies that the encryption module renders. Without
// a statement for the account the rule about lockouts has a point.
func TestEncryptionModule(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{"break-glass": nil, "delegate": nil, "none": {"KP201"}} {
		in := read(t, "encryption-"+name)
		in.Applier = &keypolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/key-admin/apply", RoleARN: "arn:aws:iam::111122223333:role/key-admin"}
		in.Key = &lint.Settings{
			Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", Rotation: lint.On, RotationPeriodInDays: 365,
			DeletionWindowInDays: 30, Enabled: lint.On, MultiRegion: lint.Off, BypassPolicyLockoutSafetyCheck: lint.Off, PolicyStated: lint.On,
		}
		require.Equal(t, want, ids(lint.Run(in, now)), name)
	}
}

func read(t *testing.T, name string) lint.Input {
	t.Helper()
	document, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	return parse(t, string(document))
}

func TestIdentityPolicyCases(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, statement string
		want            []string
	}{
		{"any key", `"Effect": "Allow", "Action": "kms:*", "Resource": "*"`, []string{"KI601"}},
		{"everything", `"Effect": "Allow", "Action": "*", "Resource": "*"`, []string{"KI601"}},
		{"any key of any account", `"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:*:*:key/*"`, []string{"KI601"}},
		{"any key of the account by condition", `"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceAccount": "111122223333"}}`, nil},
		{"encryption with any key", `"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"`, nil},
		{"no decryption with any key", `"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"`, nil},
		{"another service", `"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/a": "b"}}`, nil},
		{"bare id", `"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "1234abcd-12ab-34cd-56ef-1234567890ab"`, []string{"KI602"}},
		{"alias name", `"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "alias/app"`, []string{"KI602"}},
		{"alias for the alias", `"Effect": "Allow", "Action": "kms:CreateAlias", "Resource": ["arn:aws:kms:eu-west-1:111122223333:alias/app", "arn:aws:kms:eu-west-1:111122223333:key/*"]`, nil},
		{"unknown action", `"Effect": "Allow", "Action": "kms:Decript", "Resource": "arn:aws:kms:eu-west-1:111122223333:key/*"`, []string{"KP004"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := parse(t, `{"Version": "2012-10-17", "Statement": {`+test.statement+`}}`)
			in.Kind = lint.IdentityPolicy
			require.Equal(t, test.want, ids(lint.Run(in, now)))
		})
	}
}

func TestSettingsCases(t *testing.T) {
	t.Parallel()
	const symmetric = "SYMMETRIC_DEFAULT"
	tests := []struct {
		name string
		key  lint.Settings
		want string // rule and severity; "" for nothing
	}{
		{"nothing known", lint.Settings{}, ""},
		{"HMAC does not rotate", lint.Settings{Spec: "HMAC_256", Origin: "AWS_KMS", Rotation: lint.Off}, ""},
		{"imported does not rotate", lint.Settings{Spec: symmetric, Origin: "EXTERNAL", Rotation: lint.Off}, ""},
		{"replica does not rotate", lint.Settings{Spec: symmetric, Origin: "AWS_KMS", Rotation: lint.Off, Replica: true}, ""},
		{"imported rotates", lint.Settings{Spec: symmetric, Origin: "EXTERNAL", Rotation: lint.On}, "high KR502"},
		{"replica rotates", lint.Settings{Spec: symmetric, Origin: "AWS_KMS", Rotation: lint.On, Replica: true}, "high KR502"},
		{"89 days", lint.Settings{RotationPeriodInDays: 89}, "high KR502"},
		{"90 days", lint.Settings{RotationPeriodInDays: 90}, ""},
		{"2561 days", lint.Settings{RotationPeriodInDays: 2561}, "high KR502"},
		{"window of 6 days", lint.Settings{DeletionWindowInDays: 6}, "high KR503"},
		{"window of 31 days", lint.Settings{DeletionWindowInDays: 31}, "high KR503"},
		{"window of 29 days", lint.Settings{DeletionWindowInDays: 29}, "low KR503"},
		{"disabled", lint.Settings{Enabled: lint.Off}, "low KR505"},
		{"being disabled", lint.Settings{Enabled: lint.Off, Change: lint.Disable}, "critical KR507"},
		{"deleted", lint.Settings{Change: lint.Delete}, "critical KR507"},
		{"not known whether replicated", lint.Settings{MultiRegion: lint.On}, ""},
		{"RSA_2048 signs", lint.Settings{Spec: "RSA_2048", Usage: "SIGN_VERIFY"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range lint.Run(lint.Input{Key: &test.key, Address: "aws_kms_key.this"}, now) {
				got = append(got, f.Severity.String()+" "+f.Rule)
				require.Equal(t, "aws_kms_key.this", f.Address)
			}
			require.Equal(t, test.want, strings.Join(got, ", "))
		})
	}
}

func TestKeyTypeCases(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		key       lint.Settings
		statement string
		want      string
	}{
		{"context on RSA", lint.Settings{Spec: "RSA_4096", Usage: "ENCRYPT_DECRYPT"}, to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`), "high KP404"},
		{"context on symmetric", lint.Settings{Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT"}, to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`), ""},
		{"context, key not known", lint.Settings{}, to(`"kms:Decrypt"`, `"StringEquals": {"kms:EncryptionContext:t": "a"}`), ""},
		{"data key of RSA", lint.Settings{Spec: "RSA_4096", Usage: "ENCRYPT_DECRYPT"}, to(`"kms:GenerateDataKey"`, ""), "medium KP405"},
		{"public key of symmetric", lint.Settings{Spec: "SYMMETRIC_DEFAULT"}, to(`"kms:GetPublicKey"`, ""), "medium KP405"},
		{"wildcard", lint.Settings{Spec: "RSA_4096", Usage: "SIGN_VERIFY"}, to(`"kms:GenerateDataKey*"`, ""), ""},
		{"usage not known", lint.Settings{Spec: "RSA_4096"}, to(`["kms:Sign", "kms:Decrypt"]`, ""), ""},
		{"rotation, for any key", lint.Settings{Spec: "RSA_4096", Usage: "SIGN_VERIFY"}, statement("Allow", admin, `"kms:EnableKeyRotation"`, ""), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := keyPolicy(t, test.statement)
			in.Key = &test.key
			var got []string
			for _, f := range lint.Run(in, now) {
				got = append(got, f.Severity.String()+" "+f.Rule)
			}
			require.Equal(t, test.want, strings.Join(got, ", "))
		})
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	role := "arn:aws:iam::111122223333:role/app"
	tests := []struct {
		name  string
		grant lint.PlannedGrant
		want  int
	}{
		{"constrained", lint.PlannedGrant{Grantee: role, Operations: []string{"Decrypt"}, Constrained: lint.On}, 0},
		{"not constrained", lint.PlannedGrant{Grantee: role, Operations: []string{"Decrypt"}, Constrained: lint.Off}, 1},
		{"not known whether constrained", lint.PlannedGrant{Grantee: role, Operations: []string{"Decrypt"}}, 0},
		{"cannot be constrained", lint.PlannedGrant{Grantee: role, Operations: []string{"Sign", "DescribeKey"}, Constrained: lint.Off}, 0},
		{"CreateGrant", lint.PlannedGrant{Grantee: role, Operations: []string{"CreateGrant"}, Constrained: lint.On}, 1},
		{"grantee not known", lint.PlannedGrant{Grantee: "arn:aws:iam::444455556666:role/" + keypolicy.Mark("name"), Operations: []string{"Decrypt"}, Constrained: lint.On}, 0},
		{"trusted account", lint.PlannedGrant{Grantee: "arn:aws:iam::777788889999:role/app", Operations: []string{"Decrypt"}, Constrained: lint.On}, 0},
		{"all of it", lint.PlannedGrant{Grantee: "arn:aws:iam::444455556666:role/app", Operations: []string{"Decrypt", "CreateGrant"}, Constrained: lint.Off}, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.grant.Address = "aws_kms_grant.this"
			findings := lint.Run(lint.Input{Account: "111122223333", TrustedAccounts: []string{"777788889999"}, Grants: []lint.PlannedGrant{test.grant}}, now)
			require.Len(t, findings, test.want)
			for _, f := range findings {
				require.Equal(t, "aws_kms_grant.this", f.Address)
			}
		})
	}
}

func TestTrustedAccounts(t *testing.T) {
	t.Parallel()
	in := keyPolicy(t, statement("Allow", `{"AWS": "444455556666"}`, `"kms:Decrypt"`, ""))
	require.Equal(t, []string{"KP110"}, ids(lint.Run(in, now)))
	in.TrustedAccounts = []string{"444455556666"}
	require.Empty(t, lint.Run(in, now))
	in.TrustedAccounts, in.Account = nil, ""
	require.Empty(t, lint.Run(in, now), "the owner is not known")
}
