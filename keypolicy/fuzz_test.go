package keypolicy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

// policyOf is a policy of one Allow with the elements given as Go values, so
// that any text is quoted as it must be.
func policyOf(t *testing.T, principal, condition any) *keypolicy.Policy {
	t.Helper()
	document, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*", "Condition": condition,
	}})
	require.NoError(t, err)
	return parse(t, "fuzz", document)
}

// FuzzARN: whatever is a caller is allowed by a policy that names it, and by
// none that names somebody else.
func FuzzARN(f *testing.F) {
	for _, arn := range []string{
		"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/a/b", "arn:aws:sts::111122223333:assumed-role/app/s",
		"arn:aws:sts::111122223333:federated-user/fay", "s3.amazonaws.com", "arn:aws:iam::1:user/x", "arn:::::", "arn:aws:iam::111122223333:role/x",
	} {
		f.Add(arn)
	}
	f.Fuzz(func(t *testing.T, arn string) {
		caller, err := keypolicy.ParsePrincipal(arn)
		if err != nil || !utf8.ValidString(arn) || strings.ContainsAny(arn, "⟨⟩") || arn == "" {
			return
		}
		kind := "AWS"
		if !strings.HasPrefix(arn, "arn:") {
			kind = "Service"
		}
		resource := "arn:aws:kms:eu-west-1:" + caller.Account() + ":key/1"
		request := keypolicy.Request{Principal: caller, Action: "kms:Decrypt", Resource: resource}
		named := policyOf(t, map[string]string{kind: arn}, map[string]any{})
		if strings.Contains(arn, ":oidc-provider/") {
			return // a web identity is named as Federated and does not call KMS
		}
		require.True(t, keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: named}).Allowed())
		other := policyOf(t, map[string]string{kind: "arn:aws:iam::999999999999:user/" + "somebody-else"}, map[string]any{})
		require.False(t, keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: other}).Allowed())
	})
}

// negations are operators with their opposites.
var negations = [][2]string{
	{"StringEquals", "StringNotEquals"}, {"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"}, {"StringLike", "StringNotLike"},
	{"NumericEquals", "NumericNotEquals"}, {"DateEquals", "DateNotEquals"}, {"IpAddress", "NotIpAddress"}, {"ArnLike", "ArnNotLike"},
}

// FuzzCondition: of a condition and its negation exactly one holds for a value
// that is there; a value equals itself; and what equals is also alike.
func FuzzCondition(f *testing.F) {
	f.Add("a*", "abc")
	f.Add("10", "10.0")
	f.Add("2026-01-01", "1767225600")
	f.Add("10.0.0.0/8", "10.1.2.3")
	f.Add("arn:aws:s3:::b?", "arn:aws:s3:::b1")
	f.Add("${aws:username}", "alice")
	f.Fuzz(func(t *testing.T, want, got string) {
		if !utf8.ValidString(want) || !utf8.ValidString(got) || strings.ContainsAny(want+got, "⟨⟩\x00\x01\x02") {
			return
		}
		alice, err := keypolicy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
		require.NoError(t, err)
		holds := func(operator, value string) bool {
			request := keypolicy.Request{Principal: alice, Action: "kms:Decrypt", Resource: keyARN, Context: keypolicy.Context{}}
			request.Context.Set("aws:RequestTag/x", got)
			policy := policyOf(t, map[string]string{"AWS": alice.ARN}, map[string]any{operator: map[string]string{"aws:RequestTag/x": value}})
			return keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: policy}).Allowed()
		}
		for _, pair := range negations {
			require.NotEqualf(t, holds(pair[0], want), holds(pair[1], want), "%s and %s of %q for %q", pair[0], pair[1], want, got)
		}
		if !strings.Contains(got, "${") {
			require.True(t, holds("StringEquals", got))
			require.True(t, holds("StringLike", strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(got)))
		}
	})
}
