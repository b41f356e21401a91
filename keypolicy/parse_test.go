package keypolicy_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

func TestParseReadsEveryElement(t *testing.T) {
	t.Parallel()
	policy, err := keypolicy.Parse("key policy", []byte(`{
  "Version": "2012-10-17", "Id": "p",
  "Statement": {
    "Sid": "s p a c e", "Effect": "Allow",
    "Principal": {"AWS": ["111122223333", "*"], "Service": "s3.amazonaws.com"},
    "Action": "kms:*", "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": true}, "NumericEquals": {"aws:RequestTag/n": [1, "2"]}}
  }
}`))
	require.NoError(t, err)
	require.Len(t, policy.Statements, 1)
	statement := policy.Statements[0]
	require.Equal(t, "s p a c e", statement.Sid)
	require.Equal(t, keypolicy.Position{Line: 3, Column: 16}, statement.Position)
	var principals []string
	for _, entry := range statement.Principal {
		principals = append(principals, entry.Type+" "+entry.Value)
	}
	require.Equal(t, []string{"AWS 111122223333", "AWS *", "Service s3.amazonaws.com"}, principals)
	require.Equal(t, []string{"true"}, statement.Condition[0].Values)
	require.Equal(t, []string{"1", "2"}, statement.Condition[1].Values)
	require.Equal(t, keypolicy.Position{Line: 7, Column: 28}, statement.Condition[0].Position)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	statement := func(elements string) string {
		return `{"Statement":[{"Effect":"Allow","Action":"kms:*",` + elements + `}]}`
	}
	for _, c := range []struct{ name, document, want string }{
		{"nothing", "", `p:1:1: the JSON ends too early; close every brace, bracket and quote`},
		{"half", `{"Version":`, `p:1:12: the JSON ends too early`},
		{"trailing comma", "{\n\"Version\": \"2012-10-17\",\n}", `p:3:1: invalid character '}'`},
		{"two documents", `{"Statement":[{"Effect":"Allow"}]} {}`, `p:1:37: text after the end of the policy`},
		{"duplicate key", `{"Version":"2012-10-17","Version":"2008-10-17"}`, `p:1:25: duplicate key "Version"; keep one of them`},
		{"invalid UTF-8", "{\"Id\":\"\xff\"}", `p:1:8: invalid UTF-8`},
		{"deep", strings.Repeat("[", 40), `p:1:18: nested more than 16 levels deep`},
		{"a list", `[]`, `p:1:1: the policy is a list, not an object`},
		{"no statement", `{"Version":"2012-10-17"}`, `p:1:1: the policy has no Statement`},
		{"empty statement list", `{"Statement":[]}`, `p:1:14: Statement is an empty list`},
		{"version", `{"Version":"2012-10-18","Statement":[]}`, `p:1:12: "2012-10-18" is not a valid value; write 2012-10-17 or 2008-10-17`},
		{"no effect", `{"Statement":[{"Action":"kms:*"}]}`, `p:1:15: a statement has no Effect`},
		{"effect in the wrong case", `{"Statement":[{"Effect":"allow"}]}`, `p:1:25: "allow" is not a valid value`},
		{"misspelt element", statement(`"Resouce":"*"`), `p:1:50: unknown element "Resouce" in a statement; did you mean "Resource"?`},
		{"unknown element", statement(`"Wherefore":"*"`), `known are Action, Condition, Effect`},
		{"both actions", statement(`"NotAction":"kms:*"`), `p:1:15: a statement has both Action and NotAction`},
		{"both resources", statement(`"Resource":"*","NotResource":"*"`), `both Resource and NotResource`},
		{"both principals", statement(`"Principal":"*","NotPrincipal":"*"`), `both Principal and NotPrincipal`},
		{"empty resource list", statement(`"Resource":[]`), `p:1:61: Resource is an empty list`},
		{"number as resource", statement(`"Resource":7`), `a number where a string belongs`},
		{"null in a list", statement(`"Resource":[null]`), `null where a string belongs`},
		{"bare principal", statement(`"Principal":"111122223333"`), `principal "111122223333" has no type; write "*" or {"AWS": …}`},
		{"misspelt principal type", statement(`"Principal":{"Aws":"*"}`), `did you mean "AWS"?`},
		{"nobody", statement(`"Principal":{}`), `Principal names nobody`},
		{"empty principal list", statement(`"Principal":{"AWS":[]}`), `Principal AWS is an empty list`},
		{"condition is a list", statement(`"Condition":[]`), `Condition is a list, not an object`},
		{"misspelt operator", statement(`"Condition":{"StringEqual":{}}`), `unknown condition operator "StringEqual"; did you mean "StringEquals"?`},
		{"null with IfExists", statement(`"Condition":{"NullIfExists":{}}`), `unknown condition operator "NullIfExists"`},
		{"operator without keys", statement(`"Condition":{"Bool":true}`), `Bool is given a boolean, not an object`},
		{"object as value", statement(`"Condition":{"Bool":{"k":{}}}`), `condition k is compared with an object`},
		{"no values", statement(`"Condition":{"Bool":{"k":[]}}`), `condition k is an empty list`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := keypolicy.Parse("p", []byte(c.document))
			require.ErrorContains(t, err, c.want)
			var syntax *keypolicy.SyntaxError
			require.True(t, errors.As(err, &syntax))
		})
	}
}

func TestParsePrincipalRefuses(t *testing.T) {
	t.Parallel()
	for _, arn := range []string{"", "alice", "arn:aws:iam::12345:root", "arn:aws:iam::111122223333:role/app", "arn:aws:sts::111122223333:assumed-role/app", "arn:aws:iam::111122223333:group/g"} {
		_, err := keypolicy.ParsePrincipal(arn)
		if arn == "" {
			require.NoError(t, err, "an anonymous caller")
			continue
		}
		require.ErrorContains(t, err, "is not a caller", arn)
	}
}

// FuzzParse: no input panics, and what parses evaluates.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/cases/*.json")
	require.NoError(f, err)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(f, err)
		var corpus struct {
			World struct{ ResourcePolicy json.RawMessage }
		}
		require.NoError(f, json.Unmarshal(src, &corpus))
		f.Add([]byte(corpus.World.ResourcePolicy))
	}
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"${aws:x, 'y'}*"}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		policy, err := keypolicy.Parse("fuzz", src)
		if err != nil {
			return
		}
		principal, err := keypolicy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
		require.NoError(t, err)
		decision := keypolicy.Evaluate(keypolicy.Request{Principal: principal, Action: "kms:Decrypt", Resource: keyARN},
			keypolicy.World{ResourcePolicy: policy, Identity: []*keypolicy.Policy{policy}})
		require.NotEmpty(t, decision.Reasons)
	})
}
