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

var compareScope = keypolicy.Scope{Account: "111122223333", ARN: keyARN}

// pick makes random policies and requests over a small alphabet that has every
// kind of principal, operator family, quantifier and unknown.
type pick struct{ *rand.Rand }

func (p pick) of(values ...string) string { return values[p.IntN(len(values))] }

func (p pick) principal() string {
	return p.of(`"AWS":"*"`, `"AWS":"*"`, `"AWS":"111122223333"`, `"AWS":"arn:aws:iam::111122223333:root"`, `"AWS":"444455556666"`,
		`"AWS":"arn:aws:iam::111122223333:user/alice"`, `"AWS":"arn:aws:iam::111122223333:role/app"`,
		`"AWS":["arn:aws:sts::111122223333:assumed-role/app/s","arn:aws:iam::111122223333:role/app","111122223333"]`,
		`"AWS":["arn:aws:iam::111122223333:user/alice","111122223333"]`,
		`"AWS":"arn:aws:iam::444455556666:user/eve"`, `"Service":"logs.amazonaws.com"`, `"AWS":"AROAEXAMPLE"`)
}

func (p pick) condition() string {
	if p.IntN(2) == 0 {
		return ""
	}
	clauses := map[string]string{}
	for range 1 + p.IntN(2) {
		operator, operand := p.clause()
		clauses[operator] = operand
	}
	var list []string
	for operator, operand := range clauses {
		list = append(list, fmt.Sprintf("%q:{%s}", operator, operand))
	}
	slices.Sort(list)
	return `,"Condition":{` + strings.Join(list, ",") + `}`
}

func (p pick) clause() (operator, operand string) {
	text := []string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringEqualsIfExists", "StringNotLikeIfExists", "ForAnyValue:StringLike", "ForAllValues:StringEquals", "ForAnyValue:StringNotEquals", "ForAllValues:StringNotLike"}
	switch p.IntN(10) {
	case 0:
		return p.of("ArnLike", "ArnNotEquals", "StringLike", "StringNotLike"), `"aws:PrincipalArn":"` + p.of("arn:aws:iam::*:role/a*", "arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:user/alice", "*") + `"`
	case 1:
		return p.of("NumericLessThan", "NumericGreaterThanEquals", "NumericNotEquals"), `"kms:RotationPeriodInDays":"` + p.of("90", "91", "365") + `"`
	case 2:
		return p.of("IpAddress", "NotIpAddress"), `"aws:SourceIp":"` + p.of("10.0.0.0/8", "10.1.0.0/16", "192.0.2.7") + `"`
	case 3:
		return "Null", `"` + p.of("kms:ViaService", "kms:EncryptionContextKeys", "aws:PrincipalTag/team") + `":"` + p.of("true", "false") + `"`
	case 4:
		return p.of(text...), `"kms:EncryptionContextKeys":["` + p.of("App", "Team", "*", "T*") + `"]`
	case 5:
		return p.of(text...), `"kms:EncryptionContext:App":"` + p.of("x", "y", "*", "${aws:username}", "${aws:PrincipalTag/team}") + `"`
	case 6:
		return p.of("StringEquals", "StringNotEquals"), `"kms:CallerAccount":"` + p.of("111122223333", "444455556666") + `"`
	case 7:
		return p.of("StringEquals", "StringLike"), `"aws:PrincipalTag/team":"` + p.of("x", "r*") + `"`
	case 8:
		return p.of(text...), `"kms:KeySpec":"` + p.of("SYMMETRIC_DEFAULT", "RSA_*", keypolicy.Mark("spec")) + `"`
	}
	return p.of(text...), `"kms:ViaService":"` + p.of("a", "b", "A", "ab", "a*", "*b", "?", "*") + `"`
}

func (p pick) statement(effect string) string {
	return fmt.Sprintf(`{"Effect":%q,%q:{%s},%q:%q,"Resource":%q%s}`, effect,
		p.of("Principal", "Principal", "Principal", "NotPrincipal"), p.principal(),
		p.of("Action", "Action", "Action", "NotAction"), p.of("kms:*", "kms:Decrypt", "kms:Encrypt", "kms:D*", "kms:PutKeyPolicy"),
		p.of("*", "*", "*", "*", keyARN, "arn:aws:kms:*:*:key/9*"), p.condition())
}

func (p pick) statements() []string {
	statements := make([]string, 1+p.IntN(3))
	for i := range statements {
		statements[i] = p.statement(p.of("Allow", "Allow", "Deny"))
	}
	return statements
}

// edit changes a policy in the ways that people do: it adds, drops or replaces
// a statement.
func (p pick) edit(statements []string) []string {
	edited := slices.Clone(statements)
	at := p.IntN(len(edited))
	switch p.IntN(4) {
	case 0:
		return append(edited, p.statement(p.of("Allow", "Deny")))
	case 1:
		edited[at] = p.statement(p.of("Allow", "Deny"))
	case 2:
		if len(edited) > 1 {
			return slices.Delete(edited, at, at+1)
		}
	default:
		return p.statements()
	}
	return edited
}

func (p pick) request(t *testing.T) keypolicy.Request {
	principal, err := keypolicy.ParsePrincipal(p.of("arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/bob", "arn:aws:sts::111122223333:assumed-role/app/s",
		"arn:aws:sts::111122223333:assumed-role/app/t", "arn:aws:sts::111122223333:assumed-role/other/s", "arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:user/eve",
		"arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:user/mallory", "logs.amazonaws.com", "s3.amazonaws.com", "arn:aws:sts::111122223333:federated-user/fred"))
	require.NoError(t, err)
	if strings.Contains(principal.ARN, "/app/") {
		principal.UniqueID = p.of("", "AROAEXAMPLE")
	}
	if strings.Contains(principal.ARN, "/") && p.IntN(3) == 0 { // a root or a service has none
		principal.Tags = map[string]string{"team": p.of("x", "y", "red")}
	}
	if p.IntN(12) == 0 {
		principal = keypolicy.Principal{}
	}
	r := keypolicy.Request{Principal: principal, Action: p.of("kms:Decrypt", "kms:Encrypt", "kms:PutKeyPolicy", "kms:DescribeKey", "kms:Later"), Resource: keyARN, Context: keypolicy.Context{}}
	for key, values := range map[string][]string{
		"kms:ViaService": {"a", "b", "A", "ab", "cb", "z", "zz"}, "kms:RotationPeriodInDays": {"89", "90", "91", "400"},
		"aws:SourceIp": {"10.0.0.1", "10.1.2.3", "192.0.2.7", "203.0.113.1"}, "kms:KeySpec": {"SYMMETRIC_DEFAULT", "RSA_2048", "HMAC_256"},
	} {
		if p.IntN(2) == 0 {
			r.Context.Set(key, p.of(values...))
		}
	}
	if p.IntN(2) == 0 {
		r.EncryptionContext = map[string]string{p.of("App", "app", "Team", "Other"): p.of("x", "y", "alice", "red", "z")}
	}
	if p.IntN(4) == 0 {
		r.EncryptionContext = map[string]string{p.of("App", "Team"): "x", "Other": "z"}
	}
	return r
}

// worlds are those in which a key policy's access may show. Account roots,
// services and anonymous callers have no boundary and no session policy.
func worlds(t *testing.T, r keypolicy.Request) []keypolicy.World {
	everything := parse(t, "IAM policy", []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))
	other := parse(t, "IAM policy", []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`))
	worlds := []keypolicy.World{{}, {Identity: []*keypolicy.Policy{everything}}}
	if r.Principal.Account() != "" && !strings.HasSuffix(r.Principal.ARN, ":root") {
		worlds = append(worlds, keypolicy.World{Boundary: other}, keypolicy.World{Session: []*keypolicy.Policy{other}})
	}
	if r.Principal.ARN != "" {
		worlds = append(worlds, keypolicy.World{Grants: []keypolicy.Grant{{ID: "g", Grantee: r.Principal.ARN, Operations: []string{"Decrypt", "Encrypt", "DescribeKey"}}}})
	}
	for i := range worlds {
		worlds[i].Key = &keypolicy.Key{}
	}
	return worlds
}

func document(t *testing.T, statements []string) *keypolicy.Policy {
	t.Helper()
	return parse(t, "key policy", []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
}

func requireWitnesses(t *testing.T, c keypolicy.Comparison, old, new *keypolicy.Policy) {
	t.Helper()
	for _, direction := range []struct {
		witnesses []keypolicy.Witness
		from, to  *keypolicy.Policy
	}{{c.Widened, old, new}, {c.Narrowed, new, old}} {
		for _, w := range direction.witnesses {
			require.Equal(t, keypolicy.Denied, keypolicy.Evaluate(w.Request, w.World(direction.from)).Verdict, "%v", w.Request)
			require.Equal(t, keypolicy.Allowed, keypolicy.Evaluate(w.Request, w.World(direction.to)).Verdict, "%v", w.Request)
			require.NotContains(t, w.Request.Context, "kms:encryptioncontextkeys", "a witness's encryption context and the names in it go together")
		}
	}
}

// TestCompareAgreesWithEvaluate compares random policies and then looks, by
// random requests in all worlds, for access that the comparison denies.
func TestCompareAgreesWithEvaluate(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: thousands of policies, one after the other")
	}
	t.Parallel()
	const seed, pairs, requests = 20250301, 400, 60
	p := pick{rand.New(rand.NewPCG(seed, seed))}
	count := map[keypolicy.Relation]int{}
	confirmed := 0
	for range pairs {
		before := p.statements()
		after := p.edit(before)
		old, new := document(t, before), document(t, after)
		scope, resources := compareScope, []string{keyARN}
		if p.IntN(4) == 0 { // the key may be any of the account
			scope.ARN = ""
			resources = append(resources, "arn:aws:kms:us-east-1:111122223333:key/9", "arn:aws:kms:eu-west-1:111122223333:key/mrk-1")
		}
		c := keypolicy.Compare(old, new, scope)
		count[c.Relation]++
		requireWitnesses(t, c, old, new)
		for range requests {
			r := p.request(t)
			r.Resource = p.of(resources...)
			for _, world := range worlds(t, r) {
				with := func(policy *keypolicy.Policy) keypolicy.World {
					world := world
					world.ResourcePolicy = policy
					return world
				}
				was, is := keypolicy.Evaluate(r, with(old)).Verdict, keypolicy.Evaluate(r, with(new)).Verdict
				if was == keypolicy.Denied && is == keypolicy.Allowed {
					confirmed++
					require.NotContains(t, []keypolicy.Relation{keypolicy.Equal, keypolicy.Narrower}, c.Relation, "missed new access: %+v\nold %v\nnew %v", r, before, after)
				}
				if was == keypolicy.Allowed && is == keypolicy.Denied {
					confirmed++
					require.NotContains(t, []keypolicy.Relation{keypolicy.Equal, keypolicy.Wider}, c.Relation, "missed lost access: %+v\nold %v\nnew %v", r, before, after)
				}
			}
		}
	}
	t.Logf("%v; %d differences confirmed by random requests", count, confirmed)
	for _, relation := range []keypolicy.Relation{keypolicy.Equal, keypolicy.Narrower, keypolicy.Wider, keypolicy.Neither, keypolicy.Undecided} {
		require.NotZero(t, count[relation], "the draw never makes policies that are %s", relation)
	}
	require.Less(t, count[keypolicy.Undecided], pairs/4, "too often undecided")
}

// TestCompareIsExactOnText compares conditions on one key with all requests
// whose values are short: any difference must be found, in both directions.
func TestCompareIsExactOnText(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: thousands of requests, one after the other")
	}
	t.Parallel()
	const seed, pairs = 20250304, 150
	p := pick{rand.New(rand.NewPCG(seed, seed))}
	requests := textRequests(t, "abA", 3)
	undecided := 0
	for range pairs {
		before, after := p.textStatements(), p.textStatements()
		old, new := document(t, before), document(t, after)
		c := keypolicy.Compare(old, new, compareScope)
		requireWitnesses(t, c, old, new)
		if c.Relation == keypolicy.Undecided {
			undecided++
		}
		for _, r := range requests {
			was, is := keypolicy.Evaluate(r, keypolicy.World{ResourcePolicy: old}).Allowed(), keypolicy.Evaluate(r, keypolicy.World{ResourcePolicy: new}).Allowed()
			if is && !was {
				require.NotEmpty(t, c.Widened, "missed new access: %v\nold %v\nnew %v", r.Context, before, after)
			}
			if was && !is {
				require.NotEmpty(t, c.Narrowed, "missed lost access: %v\nold %v\nnew %v", r.Context, before, after)
			}
		}
	}
	require.Zero(t, undecided)
}

// textStatements allow by conditions on x:y, a key that the catalogue does not
// know.
func (p pick) textStatements() []string {
	var statements []string
	for range 1 + p.IntN(2) {
		clauses := map[string]string{}
		for range 1 + p.IntN(2) {
			operator := p.of("", "", "ForAnyValue:", "ForAllValues:") + p.of("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase") + p.of("", "", "IfExists")
			clauses[operator] = fmt.Sprintf(`{"x:y":[%q,%q]}`, p.textPattern(), p.textPattern())
		}
		var list []string
		for operator, operand := range clauses {
			list = append(list, fmt.Sprintf("%q:%s", operator, operand))
		}
		slices.Sort(list)
		statements = append(statements, statementOf(p.of("Allow", "Allow", "Allow", "Deny"), app, "kms:Decrypt", strings.Join(list, ",")))
	}
	return statements
}

func (p pick) textPattern() string {
	var b strings.Builder
	for range p.IntN(4) {
		b.WriteString(p.of("a", "b", "A", "*", "?"))
	}
	return b.String()
}

// textRequests have no, one or two values of x:y, each of up to so many of the
// characters.
func textRequests(t *testing.T, characters string, most int) []keypolicy.Request {
	texts := []string{""}
	for start, length := 0, 0; length < most; length++ {
		end := len(texts)
		for _, text := range texts[start:end] {
			for _, c := range characters {
				texts = append(texts, text+string(c))
			}
		}
		start = end
	}
	caller, err := keypolicy.ParsePrincipal("arn:aws:sts::111122223333:assumed-role/app/x")
	require.NoError(t, err)
	requests := []keypolicy.Request{{Principal: caller, Action: "kms:Decrypt", Resource: keyARN}}
	for i, one := range texts {
		for _, two := range texts[i:min(i+7, len(texts))] {
			r := requests[0]
			r.Context = keypolicy.Context{}
			r.Context.Set("x:y", one)
			if two != one {
				r.Context.Set("x:y", one, two)
			}
			requests = append(requests, r)
		}
	}
	return requests
}
