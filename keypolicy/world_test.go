package keypolicy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

func TestParseWorldNamesPoliciesAndKeepsPositions(t *testing.T) {
	t.Parallel()
	world, err := keypolicy.ParseWorld("world.json", []byte(`{
  "identityPolicies": [
    {"Statement": {"Effect": "Deny"}},
    {"Statement": {"Effect": "Allow"}}
  ],
  "scps": [[{"Statement": {"Effect": "Allow"}}], []]
}`))
	require.NoError(t, err)
	require.Equal(t, "identity policy 2", world.Identity[1].Name)
	require.Equal(t, keypolicy.Position{Line: 4, Column: 19}, world.Identity[1].Statements[0].Position)
	require.Equal(t, "service control policy", world.SCPs[0][0].Name)
	require.Len(t, world.SCPs, 2, "an empty level allows nothing and must not get lost")
	require.Nil(t, world.ResourcePolicy)
}

func TestParseWorldRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"not an object":        {`[]`, "w:1:1: the world is a list, not an object"},
		"misspelt member":      {`{"identityPolicy":[]}`, `unknown element "identityPolicy" in the world; did you mean "identityPolicies"?`},
		"policy not in a list": {`{"identityPolicies":{}}`, "an object where a list of policies belongs"},
		"bad policy":           {"{\n \"resourcePolicy\":{}}", "w:2:19: the policy has no Statement"},
		"levels":               {`{"scps":{}}`, "an object where a list of levels belongs"},
		"level":                {`{"rcps":[{}]}`, "an object where a list of policies belongs"},
		"grants":               {`{"grants":{}}`, "an object where a list of grants belongs"},
		"grant member":         {`{"grants":[{"granteee":"x"}]}`, `did you mean "grantee"?`},
		"grant operations":     {`{"grants":[{"operations":"Decrypt"}]}`, "operations is a string, not a list"},
		"grant context":        {`{"grants":[{"encryptionContextEquals":[]}]}`, "encryptionContextEquals is a list, not an object"},
		"pending":              {`{"grants":[{"pending":"yes"}]}`, "a string where a boolean belongs"},
		"key":                  {`{"key":{"specs":"x"}}`, `did you mean "spec"?`},
		"tag value":            {`{"key":{"tags":{"a":1}}}`, "a number where a string belongs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := keypolicy.ParseWorld("w", []byte(c.src))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestParseRequestRefuses(t *testing.T) {
	t.Parallel()
	const caller = `"caller":{"arn":"arn:aws:iam::111122223333:user/alice"}`
	for name, c := range map[string]struct{ src, want string }{
		"nothing":         {`{}`, "r:1:1: the request has no caller; add it"},
		"no action":       {`{` + caller + `,"resource":"*"}`, "the request has no action"},
		"no resource":     {`{` + caller + `,"action":"kms:Decrypt"}`, "the request has no resource"},
		"caller":          {`{"caller":{"arn":"alice"},"action":"kms:Decrypt","resource":"*"}`, `r:1:11: "alice" is not a caller`},
		"caller a string": {`{"caller":"alice"}`, "the caller is a string, not an object"},
		"context":         {`{"context":[]}`, "a list where condition keys belong"},
		"context value":   {`{"context":{"kms:ViaService":{}}}`, "condition kms:ViaService is compared with an object"},
		"member":          {`{"acton":"kms:Decrypt"}`, `did you mean "action"?`},
		"open":            {`{"open":1}`, "a number where a boolean belongs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := keypolicy.ParseRequest("r", []byte(c.src))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Names in an encryption context that differ only in case are two values of one
// condition key.
func TestContextKeysThatDiffer(t *testing.T) {
	t.Parallel()
	policy := parse(t, "key policy", []byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"kms:Decrypt","Resource":"*","Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContext:tenant":"a"}}}}`))
	alice, err := keypolicy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
	require.NoError(t, err)
	for range 20 {
		request := keypolicy.Request{Principal: alice, Action: "kms:Decrypt", Resource: keyARN, EncryptionContext: map[string]string{"tenant": "a", "TENANT": "b"}}
		require.Equal(t, keypolicy.Denied, keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: policy}).Verdict)
		request.EncryptionContext["TENANT"] = "a"
		require.Equal(t, keypolicy.Allowed, keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: policy}).Verdict)
	}
}

// Whatever a marked value turns out to be, a verdict that is not unknown stays.
func TestUnknownIsSound(t *testing.T) {
	t.Parallel()
	policy := func(value string) *keypolicy.Policy {
		return parse(t, "key policy", []byte(strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:VALUE"},"Action":"kms:Decrypt","Resource":"*"},
			{"Effect":"Allow","Principal":"*","Action":"kms:Encrypt","Resource":"*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:VALUE"}}},
			{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:username":"VALUE"},"Null":{"aws:username":"false"}}},
			{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/carol"},"Action":"kms:*","Resource":"*","Condition":{"ForAllValues:StringLike":{"kms:ResourceAliases":"alias/VALUE"}}}]}`, "VALUE", value)))
	}
	values := []string{"user/alice", "user/bob", "alice", "carol", "*", "role/app", "root", ""}
	marked := policy(keypolicy.Mark("v"))
	known := map[keypolicy.Verdict]int{}
	for _, arn := range []string{"user/alice", "user/bob", "user/carol", "root"} {
		for _, action := range []string{"kms:Decrypt", "kms:Encrypt", "kms:Sign"} {
			principal, err := keypolicy.ParsePrincipal("arn:aws:iam::111122223333:" + arn)
			require.NoError(t, err)
			request := keypolicy.Request{Principal: principal, Action: action, Resource: keyARN}
			key := &keypolicy.Key{Aliases: []string{"alias/alice"}}
			got := keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: marked, Key: key}).Verdict
			known[got]++
			for _, value := range values {
				real := keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: policy(value), Key: key}).Verdict
				if got != keypolicy.Unknown {
					require.Equalf(t, real, got, "%s %s, and the value is %q", arn, action, value)
				}
			}
		}
	}
	require.Positive(t, known[keypolicy.Unknown])
	require.Positive(t, known[keypolicy.Denied])
}
