package keypolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/keypolicy"
)

// maxPolicyBytes is how long a key policy can be.
const maxPolicyBytes = 32 << 10

// largePolicies are policies of nearly 32 KiB, in the ways in which policies
// grow; number n of a kind differs from the others in one place.
var largePolicies = map[string]func(n int) string{
	"statements": func(n int) string {
		return fill(func(i int) string {
			return fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/r%d"},"Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-%d.amazonaws.com"}}}`, i, i, 1+(i+n)%5)
		})
	},
	"tenants of one role": func(n int) string {
		return fill(func(i int) string {
			return fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"kms:*","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:tenant":"t%d-*"}}}`, i, i*7+n)
		})
	},
	"roles of one statement": func(n int) string {
		var roles []string
		for i := range 680 {
			roles = append(roles, fmt.Sprintf("%q", fmt.Sprintf("arn:aws:iam::111122223333:role/team-%d/app-%d", i%9, i+n)))
		}
		return `{"Effect":"Allow","Principal":{"AWS":[` + strings.Join(roles, ",") + `]},"Action":["kms:Encrypt","kms:Decrypt"],"Resource":"*"}`
	},
	"everyone but": func(n int) string {
		actions := keypolicy.Actions()
		return `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},` + fill(func(i int) string {
			return fmt.Sprintf(`{"Sid":"S%d","Effect":"Deny","Principal":"*","Action":%q,"Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/team-%d/*","arn:aws:iam::111122223333:role/admin-*"]}}}`, i, actions[i%len(actions)].Name, i%len(actions)+n)
		})
	},
	"a key for each statement": func(n int) string {
		return fill(func(i int) string {
			return fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:key%d":"v%d"}}}`, i, i, i+n)
		})
	},
}

// hostilePolicies are made to have as many requests to tell apart as fit.
var hostilePolicies = map[string]func(i, n int) string{
	"wildcards on one key": func(i, n int) string {
		return allow(`"*"`, "kms:Decrypt", fmt.Sprintf(`"StringLike":{"kms:ViaService":"*%c%d*%c*"}`, 'a'+i%26, i+n, 'a'+(i+n)%26))
	},
	"wildcards on many keys": func(i, n int) string {
		return allow(`"*"`, "kms:Decrypt", fmt.Sprintf(`"StringLike":{"kms:EncryptionContext:k%d":["*a*b*","*b*c%d*","*c*a*"]}`, i%40, i+n))
	},
	"wildcards on callers": func(i, n int) string {
		return allow(`"*"`, "kms:Decrypt", fmt.Sprintf(`"StringLike":{"aws:PrincipalArn":"*a%d*b*"}`, i+n))
	},
	"sets of values": func(i, n int) string {
		return allow(app, "kms:CreateGrant", fmt.Sprintf(`"ForAnyValue:StringEquals":{"kms:GrantOperations":["A%d","B%d"]},"ForAllValues:StringEquals":{"kms:GrantOperations":["A%d","C%d"]}`, i+n, i, i, i))
	},
	"names in the encryption context": func(i, n int) string {
		return allow(app, "kms:Decrypt", fmt.Sprintf(`"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"k%d"},"StringEquals":{"kms:EncryptionContext:k%d":"v%d"}`, i, i, i+n))
	},
	"two keys for each deny": func(i, n int) string {
		return deny(`"*"`, "kms:*", fmt.Sprintf(`"StringNotEquals":{"kms:EncryptionContext:k%d":"v","kms:EncryptionContext:j%d":"v"}`, i+n, i))
	},
	"ids": func(i, n int) string { return allow(fmt.Sprintf(`{"AWS":"AROA%d"}`, i+n), "kms:Decrypt", "") },
	"variables": func(i, n int) string {
		return allow(fmt.Sprintf(`{"AWS":"arn:aws:iam::111122223333:role/r%d"}`, i), "kms:Decrypt", fmt.Sprintf(`"StringEquals":{"kms:EncryptionContext:team":"${aws:PrincipalTag/team%d}"}`, (i+n)%9))
	},
}

// fill joins statements up to the length that a policy can have.
func fill(statement func(i int) string) string {
	var statements []string
	for size, i := 192, 0; ; i++ {
		s := statement(i)
		if size += len(s) + 1; size > maxPolicyBytes {
			return strings.Join(statements, ",")
		}
		statements = append(statements, s)
	}
}

func large(tb testing.TB, kind string, n int) *keypolicy.Policy {
	document := `{"Version":"2012-10-17","Statement":[` + largePolicies[kind](n) + `]}`
	require.InDelta(tb, maxPolicyBytes, len(document), maxPolicyBytes/20)
	policy, err := keypolicy.Parse("key policy", []byte(document))
	require.NoError(tb, err)
	return policy
}

// TestCompareLarge compares policies of 32 KiB and decides.
func TestCompareLarge(t *testing.T) {
	t.Parallel()
	for kind := range largePolicies {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			old, new := large(t, kind, 0), large(t, kind, 1)
			c := keypolicy.Compare(old, new, compareScope)
			require.Empty(t, c.Undecided)
			require.Equal(t, keypolicy.Neither, c.Relation)
			requireWitnesses(t, c, old, new)
			require.Equal(t, keypolicy.Equal, keypolicy.Compare(old, large(t, kind, 0), compareScope).Relation)
		})
	}
}

// TestCompareHostile compares policies of 32 KiB that are made to be hard: what
// is not decided is said to be so.
func TestCompareHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: each comparison goes to its limit, in one goroutine")
	}
	t.Parallel()
	for kind := range hostilePolicies {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			old, new := hostile(t, kind, 0), hostile(t, kind, 1)
			c := keypolicy.Compare(old, new, compareScope)
			require.Contains(t, []keypolicy.Relation{keypolicy.Neither, keypolicy.Undecided}, c.Relation)
			require.Equal(t, c.Relation == keypolicy.Undecided, len(c.Undecided) > 0)
			requireWitnesses(t, c, old, new)
		})
	}
}

func hostile(tb testing.TB, kind string, n int) *keypolicy.Policy {
	statements := fill(func(i int) string { return hostilePolicies[kind](i, n) })
	policy, err := keypolicy.Parse("key policy", []byte(`{"Version":"2012-10-17","Statement":[`+delegates+","+statements+`]}`))
	require.NoError(tb, err)
	return policy
}

// BenchmarkCompare compares two policies of 32 KiB, of each kind.
func BenchmarkCompare(b *testing.B) {
	for kind := range largePolicies {
		b.Run(strings.ReplaceAll(kind, " ", "-"), func(b *testing.B) {
			old, new := large(b, kind, 0), large(b, kind, 1)
			b.ReportAllocs()
			for b.Loop() {
				keypolicy.Compare(old, new, compareScope)
			}
		})
	}
	for kind := range hostilePolicies {
		b.Run("hostile-"+strings.ReplaceAll(kind, " ", "-"), func(b *testing.B) {
			old, new := hostile(b, kind, 0), hostile(b, kind, 1)
			b.ReportAllocs()
			for b.Loop() {
				keypolicy.Compare(old, new, compareScope)
			}
		})
	}
}
