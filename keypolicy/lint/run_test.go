package lint_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/keypolicy/lint"
)

func Example() {
	document := []byte(`{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"},
    {"Sid": "S3", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*",
     "Condition": {"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}}}
  ]
}`)
	policy, err := keypolicy.Parse("key policy", document)
	if err != nil {
		fmt.Println(err)
		return
	}
	in := lint.Input{Policy: policy, Document: document, Account: "111122223333"}
	for _, finding := range lint.Run(in, time.Now()) {
		fmt.Println(finding)
		fmt.Println("    " + finding.Remedy)
	}
	// Output:
	// key policy:5:5: high KP102: everyone may kms:Decrypt, and no condition says of which account
	//     add kms:CallerAccount or aws:PrincipalOrgID, or name the principals
	// key policy:6:37: high KP402: "s3.amazonaws.com" is not of the form SERVICE.REGION.amazonaws.com
	//     write the value as s3.eu-west-1.amazonaws.com
}

const twoFindings = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"},
    {
      "Sid": "Grants", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]},
      "Action": ["kms:CreateGrant", "kms:ListGrants"], "Resource": "*"
    },
    {
      "Sid": "Mistyped", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/a"},
      "Action": "kms:Decrypt", "Resource": "*",
      "Condition": {"StringEquals": {"kms:ViaServise": "s3.eu-west-1.amazonaws.com"}}
    }
  ]
}`

// moved is twoFindings with its statements and lists in another order and on
// other lines.
const moved = `{"Statement": [{"Resource": "*", "Sid": "Other Sid", "Condition": {"StringEquals": {"kms:ViaServise": ["s3.eu-west-1.amazonaws.com"]}},
  "Principal": {"AWS": ["arn:aws:iam::111122223333:role/a"]}, "Action": ["KMS:Decrypt"], "Effect": "Allow"},

  {"Sid": "Grants", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/b", "arn:aws:iam::111122223333:role/a"]},
   "Action": ["kms:ListGrants", "kms:CreateGrant"], "Resource": "*"},
  {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}],
  "Version": "2012-10-17"}`

func TestPositions(t *testing.T) {
	t.Parallel()
	findings := lint.Run(parse(t, twoFindings), now)
	require.Equal(t, []string{"KP301", "KP006"}, ids(findings))
	require.Equal(t, keypolicy.Position{Line: 5, Column: 5}, findings[0].Position)
	require.Equal(t, keypolicy.Position{Line: 12, Column: 38}, findings[1].Position)
	require.Equal(t, []any{1, "Grants", 2, "Mistyped"}, []any{findings[0].Statement, findings[0].Sid, findings[1].Statement, findings[1].Sid})
	require.Equal(t, "did you mean kms:ViaService?", findings[1].Remedy)
}

func fingerprints(findings []lint.Finding) map[string]string {
	prints := map[string]string{}
	for _, f := range findings {
		prints[f.Rule] = f.Fingerprint
	}
	return prints
}

func TestFingerprints(t *testing.T) {
	t.Parallel()
	before := fingerprints(lint.Run(parse(t, twoFindings), now))
	require.Len(t, before, 2)
	require.NotEqual(t, before["KP301"], before["KP006"])
	for rule, print := range before {
		require.Regexp(t, `^[0-9a-f]{32}$`, print, rule)
	}
	require.Empty(t, cmp.Diff(before, fingerprints(lint.Run(parse(t, moved), now))), "(-want +got)")

	other := parse(t, twoFindings)
	other.Address = "aws_kms_key.other"
	require.NotEqual(t, before["KP301"], fingerprints(lint.Run(other, now))["KP301"])
	changed := parse(t, strings.Replace(twoFindings, "role/b", "role/c", 1))
	require.NotEqual(t, before["KP301"], fingerprints(lint.Run(changed, now))["KP301"])
	require.Equal(t, before["KP006"], fingerprints(lint.Run(changed, now))["KP006"])
}

func TestDeterminism(t *testing.T) {
	t.Parallel()
	in := parse(t, large(t))
	first := lint.Run(in, now)
	require.NotEmpty(t, first)
	for range 20 {
		require.Empty(t, cmp.Diff(first, lint.Run(in, now)), "(-want +got)")
	}
}

func TestSuppressions(t *testing.T) {
	t.Parallel()
	const here, reason = "aws_kms_key.this", "agreed with security"
	tests := []struct {
		name        string
		suppression lint.Suppression
		want        []string // what is not suppressed
	}{
		{"by rule", lint.Suppression{Rule: "KP301", Reason: reason}, []string{"KP006"}},
		{"by address", lint.Suppression{Rule: "KP301", Address: here, Reason: reason}, []string{"KP006"}},
		{"by sid", lint.Suppression{Rule: "KP301", Sid: "Grants", Reason: reason}, []string{"KP006"}},
		{"until later", lint.Suppression{Rule: "KP301", Reason: reason, Until: now.Add(time.Second)}, []string{"KP006"}},
		{"expired", lint.Suppression{Rule: "KP301", Reason: reason, Until: now}, []string{"KP006", "KP301", "KX003"}},
		{"of another address", lint.Suppression{Rule: "KP301", Address: "aws_kms_key.other", Reason: reason}, []string{"KP006", "KP301", "KX002"}},
		{"of another statement", lint.Suppression{Rule: "KP301", Sid: "Mistyped", Reason: reason}, []string{"KP006", "KP301", "KX002"}},
		{"of another rule", lint.Suppression{Rule: "KP302", Reason: reason}, []string{"KP006", "KP301", "KX002"}},
		{"of no rule", lint.Suppression{Rule: "KP999", Reason: reason}, []string{"KP006", "KP301", "KX004"}},
		{"without reason", lint.Suppression{Rule: "KP301"}, []string{"KP006", "KP301", "KX004"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			findings := lint.Run(parse(t, twoFindings), now, test.suppression)
			require.ElementsMatch(t, test.want, ids(findings))
			for _, f := range findings {
				if f.Suppressed != nil {
					require.Equal(t, test.suppression, *f.Suppressed)
				}
			}
			require.Contains(t, fingerprints(findings), "KP301", "a suppressed finding is still there")
		})
	}
}

func TestSuppressionOfOneOfSeveralInputs(t *testing.T) {
	t.Parallel()
	bad, good := parse(t, twoFindings), keyPolicy(t)
	good.Address = "aws_kms_key.good"
	agreed := lint.Suppression{Rule: "KP301", Reason: "agreed with security"}
	require.Equal(t, []string{"KP006"}, ids(lint.RunAll([]lint.Input{good, bad}, now, agreed)))
	require.Equal(t, []string{"KX002"}, ids(lint.RunAll([]lint.Input{good}, now, agreed)))
}

func TestUnknowns(t *testing.T) {
	t.Parallel()
	in := keyPolicy(t,
		statement("Allow", `{"AWS": ["`+keypolicy.Mark("b")+`", "arn:aws:iam::111122223333:role/`+keypolicy.Mark("a")+`"]}`, `"kms:Decrypt"`, `"StringEquals": {"kms:ViaService": "`+keypolicy.Mark("b")+`"}`),
		to(`"kms:Encrypt"`, ""))
	require.Equal(t, []lint.UnknownPlace{{
		Address: in.Address, Policy: "key policy", Statement: 1, Position: in.Policy.Statements[1].Position, Names: []string{"a", "b"},
	}}, lint.Unknowns(in))
	require.Empty(t, lint.Run(in, now), "rules are silent where their answer hangs on what is unknown")
	require.Empty(t, lint.Unknowns(keyPolicy(t)))
	require.Empty(t, lint.Unknowns(lint.Input{}))
}

func TestLengthOfPolicy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		bytes int
		want  []lint.Severity
	}{
		{"short", 20000, nil},
		{"nine tenths", 32768 * 9 / 10, nil},
		{"nearly full", 32768*9/10 + 1, []lint.Severity{lint.Low}},
		{"full", 32768, []lint.Severity{lint.Low}},
		{"too long", 32769, []lint.Severity{lint.High}},
	}
	for _, test := range tests {
		in := keyPolicy(t)
		in.Document = append(in.Document, strings.Repeat(" ", test.bytes-len(in.Document))...)
		var got []lint.Severity
		for _, f := range lint.Run(in, now) {
			require.Equal(t, "KP002", f.Rule)
			got = append(got, f.Severity)
		}
		require.Equal(t, test.want, got, test.name)
	}
}

// TestManyWildcards: the time it takes does not explode with the wildcards.
func TestManyWildcards(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"KP004"}, ids(lint.Run(keyPolicy(t, to(`"kms:`+strings.Repeat("*?", 2000)+`x"`, "")), now)))
}

func TestEmptyInput(t *testing.T) {
	t.Parallel()
	require.Empty(t, lint.Run(lint.Input{}, now))
	require.Empty(t, lint.RunAll(nil, now))
}

func TestJSON(t *testing.T) {
	t.Parallel()
	findings := lint.Run(parse(t, twoFindings), now, lint.Suppression{Rule: "KP301", Reason: "agreed"})
	text, err := json.Marshal(findings[0])
	require.NoError(t, err)
	position, err := json.Marshal(findings[0].Position)
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"rule": "KP301", "severity": "high", "address": "aws_kms_key.this", "policy": "key policy", "sid": "Grants",
		"statement": 1, "position": %s, "message": %q, "remedy": %q, "suppressed": {"rule": "KP301", "reason": "agreed"}, "fingerprint": %q}`,
		position, findings[0].Message, findings[0].Remedy, findings[0].Fingerprint), string(text))

	var s lint.Severity
	require.NoError(t, s.UnmarshalText([]byte("medium")))
	require.Equal(t, lint.Medium, s)
	require.ErrorContains(t, s.UnmarshalText([]byte("worst")), `unknown severity "worst"`)
}

// FuzzRun: no policy that parses makes a rule panic, and the same policy gets the
// same findings.
func FuzzRun(f *testing.F) {
	for _, rule := range lint.Rules() {
		f.Add([]byte(rule.Bad.Policy), true)
		f.Add([]byte(rule.Good.Policy), false)
	}
	f.Fuzz(func(t *testing.T, document []byte, ofKey bool) {
		policy, err := keypolicy.Parse("policy", document)
		if err != nil {
			return
		}
		in := lint.Input{Policy: policy, Document: document, Kind: lint.IdentityPolicy, Key: &lint.Settings{Spec: "RSA_2048"}}
		if ofKey {
			in.Kind, in.Account = lint.KeyPolicy, "111122223333"
			in.Applier = &keypolicy.Principal{ARN: "arn:aws:iam::111122223333:user/ci"}
		}
		require.Empty(t, cmp.Diff(lint.Run(in, now), lint.Run(in, now)), "(-want +got)")
		lint.Unknowns(in)
	})
}

// large is a key policy of nearly 32 KiB: statements of many kinds for many
// roles.
func large(t testing.TB) string {
	t.Helper()
	const limit = 32700
	statements := []string{account}
	size := len(account)
	for i := 0; ; i++ {
		role := fmt.Sprintf(`{"AWS": ["arn:aws:iam::111122223333:role/team/app-%03d", "arn:aws:iam::111122223333:role/team/batch-%03d"]}`, i, i)
		for _, s := range []string{
			statement("Allow", role, `["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]`, ""),
			statement("Allow", role, `["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]`, `"Bool": {"kms:GrantIsForAWSResource": "true"}`),
			statement("Allow", role, `"kms:PutKeyPolicy"`, `"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}`),
			statement("Deny", everyone, `"kms:ScheduleKeyDeletion"`, fmt.Sprintf(`"StringEquals": {"aws:PrincipalTag/team": "t%03d"}`, i)),
		} {
			if size += len(s) + 2; size > limit {
				return `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ", ") + `]}`
			}
			statements = append(statements, s)
		}
	}
}

// BenchmarkRun lints a policy of 32 KiB; it is meant to take less than 5 ms.
func BenchmarkRun(b *testing.B) {
	document := []byte(large(b))
	policy, err := keypolicy.Parse("key policy", document)
	require.NoError(b, err)
	in := lint.Input{Policy: policy, Document: document, Account: "111122223333"}
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		lint.Run(in, now)
	}
}
