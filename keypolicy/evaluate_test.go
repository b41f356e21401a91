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

func TestDenialNamesTheNearestMiss(t *testing.T) {
	t.Parallel()
	policy := parse(t, "key policy", []byte(`{"Version":"2012-10-17","Statement":[
  {"Sid":"Admins","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"kms:Put*","Resource":"*"},
  {"Sid":"Others","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"kms:Decrypt","Resource":"*"},
  {"Sid":"ViaS3","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"kms:Decrypt","Resource":"*",
   "Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}}
]}`))
	alice, err := keypolicy.ParsePrincipal("arn:aws:iam::111122223333:user/alice")
	require.NoError(t, err)
	decision := keypolicy.Evaluate(
		keypolicy.Request{Principal: alice, Action: "kms:Decrypt", Resource: keyARN},
		keypolicy.World{ResourcePolicy: policy})
	var lines []string
	for _, reason := range decision.Reasons {
		lines = append(lines, reason.String())
	}
	require.Equal(t, []string{
		"resource-based policy: nothing allows kms:Decrypt to arn:aws:iam::111122223333:user/alice",
		`key policy, statement "ViaS3" (line 4, column 3): would allow kms:Decrypt to arn:aws:iam::111122223333:user/alice, but StringEquals wants kms:ViaService s3.eu-west-1.amazonaws.com and the request has none`,
		`key policy, statement "Others" (line 3, column 3): allows kms:Decrypt, but not to arn:aws:iam::111122223333:user/alice`,
	}, lines)
}

// draw makes random policies and requests over a small alphabet, so that
// statements often apply.
type draw struct{ *rand.Rand }

func (d draw) of(values ...string) string { return values[d.IntN(len(values))] }

func (d draw) statement(effect string) string {
	condition := d.of("", "", `,"Condition":{"`+d.of("StringEquals", "StringNotEquals", "StringLikeIfExists", "ForAllValues:StringLike")+`":{"kms:ViaService":"`+d.of("a", "b", "*")+`"}}`)
	return fmt.Sprintf(`{"Effect":%q,%q:{"AWS":%q},%q:%q,"Resource":"*"%s}`, effect,
		d.of("Principal", "Principal", "NotPrincipal"),
		d.of("*", "111122223333", "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:role/app"),
		d.of("Action", "Action", "NotAction"), d.of("kms:*", "kms:Decrypt", "kms:Encrypt"), condition)
}

func (d draw) statements() []string {
	statements := make([]string, 1+d.IntN(4))
	for i := range statements {
		statements[i] = d.statement(d.of("Allow", "Allow", "Deny"))
	}
	return statements
}

func (d draw) request(t *testing.T) keypolicy.Request {
	principal, err := keypolicy.ParsePrincipal(d.of("arn:aws:iam::111122223333:user/alice", "arn:aws:sts::111122223333:assumed-role/app/s", "arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:user/eve"))
	require.NoError(t, err)
	request := keypolicy.Request{Principal: principal, Action: d.of("kms:Decrypt", "kms:Encrypt"), Resource: keyARN, Context: keypolicy.Context{}}
	if d.IntN(2) == 0 {
		request.Context.Set("kms:ViaService", d.of("a", "b"))
	}
	return request
}

func decide(t *testing.T, request keypolicy.Request, statements []string) bool {
	t.Helper()
	policy := parse(t, "key policy", []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
	return keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: policy, Identity: []*keypolicy.Policy{policy}}).Allowed()
}

func TestProperties(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: thousands of policies, one after the other")
	}
	t.Parallel()
	const seed = 20240611
	d := draw{rand.New(rand.NewPCG(seed, seed))}
	var allowed, denied int
	for range 5000 {
		request, statements := d.request(t), d.statements()
		before := decide(t, request, statements)
		if before {
			allowed++
			require.True(t, decide(t, request, append(slices.Clone(statements), d.statement("Allow"))), "adding an Allow took access away: %v %v", request, statements)
		} else {
			denied++
			require.False(t, decide(t, request, append(slices.Clone(statements), d.statement("Deny"))), "adding a Deny gave access: %v %v", request, statements)
		}
		d.Shuffle(len(statements), func(i, j int) { statements[i], statements[j] = statements[j], statements[i] })
		require.Equal(t, before, decide(t, request, statements), "statement order matters: %v %v", request, statements)
	}
	require.Greater(t, min(allowed, denied), 500, "the draw hardly ever allows or denies")
}

func ExampleEvaluate() {
	policy, err := keypolicy.Parse("key policy", []byte(`{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "Users",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
    "Action": ["kms:Encrypt", "kms:Decrypt"],
    "Resource": "*"
  }]
}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	caller, err := keypolicy.ParsePrincipal("arn:aws:sts::111122223333:assumed-role/app/batch")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, action := range []string{"kms:Decrypt", "kms:ScheduleKeyDeletion"} {
		decision := keypolicy.Evaluate(
			keypolicy.Request{Principal: caller, Action: action, Resource: "arn:aws:kms:eu-west-1:111122223333:key/1"},
			keypolicy.World{ResourcePolicy: policy})
		fmt.Println(action, decision.Verdict)
		for _, reason := range decision.Reasons {
			fmt.Println(" ", reason)
		}
	}
	// Output:
	// kms:Decrypt allowed
	//   key policy, statement "Users" (line 3, column 17): allows kms:Decrypt to arn:aws:sts::111122223333:assumed-role/app/batch
	// kms:ScheduleKeyDeletion denied
	//   resource-based policy: nothing allows kms:ScheduleKeyDeletion to arn:aws:sts::111122223333:assumed-role/app/batch
	//   key policy, statement "Users" (line 3, column 17): is about arn:aws:sts::111122223333:assumed-role/app/batch, but does not allow kms:ScheduleKeyDeletion
}

// BenchmarkEvaluate decides by the last of twenty statements.
func BenchmarkEvaluate(b *testing.B) {
	statements := make([]string, 20)
	for i := range statements {
		statements[i] = fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/r%d"},"Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}}`, i, i)
	}
	policy, err := keypolicy.Parse("key policy", []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
	require.NoError(b, err)
	caller, err := keypolicy.ParsePrincipal("arn:aws:sts::111122223333:assumed-role/r19/s")
	require.NoError(b, err)
	request := keypolicy.Request{Principal: caller, Action: "kms:Decrypt", Resource: keyARN, Context: keypolicy.Context{}}
	request.Context.Set("kms:ViaService", "s3.eu-west-1.amazonaws.com")
	b.ReportAllocs()
	for b.Loop() {
		if !keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: policy}).Allowed() {
			b.Fatal("denied")
		}
	}
}
