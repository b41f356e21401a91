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

// TestAssert has, for each assertion, a policy by which it holds and a twin that
// breaks it.
func TestAssert(t *testing.T) {
	t.Parallel()
	const owner = "111122223333"
	onlyApp := policyText{allow(app, "kms:Decrypt", "")}
	for name, row := range map[string]struct {
		assertion     keypolicy.Assertion
		holds, broken policyText
		caller        string // of a counterexample
		route         string
	}{
		"a user has no access":                {keypolicy.NoAccess("arn:aws:iam::111122223333:user/alice", "kms:Decrypt"), policyText{allow(alice, "kms:Encrypt", "")}, policyText{allow(alice, "kms:De*", "")}, "arn:aws:iam::111122223333:user/alice", ""},
		"a user could be let in":              {keypolicy.NoAccess("arn:aws:iam::111122223333:user/alice", "kms:Decrypt"), onlyApp, policyText{delegates}, "arn:aws:iam::111122223333:user/alice", "identity"},
		"a role, and so its sessions":         {keypolicy.NoAccess("arn:aws:iam::111122223333:role/app", "kms:Sign"), onlyApp, policyText{allow(app, "kms:*", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", ""},
		"roles by a pattern":                  {keypolicy.NoAccess("arn:aws:iam::*:role/dev-*", "kms:*"), onlyApp, policyText{allow(`"*"`, "kms:Decrypt", `"StringEquals":{"kms:CallerAccount":"111122223333"}`)}, "arn:aws:sts::111122223333:assumed-role/dev-/x", ""},
		"one session":                         {keypolicy.NoAccess("arn:aws:sts::111122223333:assumed-role/app/s", "kms:Decrypt"), policyText{allow(`{"AWS":"arn:aws:sts::111122223333:assumed-role/app/t"}`, "kms:Decrypt", "")}, onlyApp, "arn:aws:sts::111122223333:assumed-role/app/s", ""},
		"sessions by a pattern":               {keypolicy.NoAccess("arn:aws:sts::*:assumed-role/*/s*", "kms:Decrypt"), policyText{allow(`{"AWS":"arn:aws:sts::111122223333:assumed-role/app/t"}`, "kms:Decrypt", "")}, onlyApp, "arn:aws:sts::111122223333:assumed-role/app/s", ""},
		"the account root":                    {keypolicy.NoAccess("arn:aws:iam::111122223333:root", "kms:*"), onlyApp, policyText{delegates}, "arn:aws:iam::111122223333:root", ""},
		"a whole account":                     {keypolicy.NoAccess("444455556666", "kms:*"), policyText{delegates}, policyText{allow(`"*"`, "kms:Verify", "")}, "arn:aws:iam::444455556666:user/x", "identity"},
		"a federated user":                    {keypolicy.NoAccess("arn:aws:sts::111122223333:federated-user/fred", "kms:*"), onlyApp, policyText{delegates}, "arn:aws:sts::111122223333:federated-user/fred", "identity"},
		"services":                            {keypolicy.NoAccess("*.amazonaws.com", "kms:Decrypt"), policyText{delegates}, policyText{allow(`{"Service":"logs.amazonaws.com"}`, "kms:Decrypt", "")}, "logs.amazonaws.com", ""},
		"everyone":                            {keypolicy.NoAccess("*", "kms:PutKeyPolicy"), onlyApp, policyText{allow(alice, "kms:Put*", "")}, "arn:aws:iam::111122223333:user/alice", ""},
		"a condition that some request meets": {keypolicy.NoAccess("*", "kms:Decrypt"), policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"a"},"Null":{"kms:ViaService":"true"}`)}, policyText{allow(app, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"a"}`)}, "arn:aws:sts::111122223333:assumed-role/app/x", ""},
		"a deny with an exception":            {keypolicy.NoAccess("*", "kms:Decrypt"), policyText{delegates, deny(`"*"`, "kms:Decrypt", "")}, policyText{delegates, deny(`"*"`, "kms:Decrypt", `"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ops"}`)}, "arn:aws:sts::111122223333:assumed-role/ops/x", "identity"},
		"an action there may be one day":      {keypolicy.NoAccess("*", "kms:Later"), policyText{allActions(app)}, policyText{allow(app, "kms:*", "")}, "arn:aws:sts::111122223333:assumed-role/app/x", ""},

		"nobody outside":   {keypolicy.NobodyOutside(owner), policyText{delegates, allow(`"*"`, "kms:Decrypt", `"StringEquals":{"kms:CallerAccount":"111122223333"}`)}, policyText{delegates, allow(`"*"`, "kms:Decrypt", `"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}`)}, "arn:aws:iam::999999999999:user/x", "identity"},
		"nobody anonymous": {keypolicy.NobodyOutside(owner), policyText{delegates, allow(`{"Service":"logs.amazonaws.com"}`, "kms:Decrypt", "")}, policyText{delegates, allow(`"*"`, "kms:Verify", `"StringEquals":{"aws:SourceVpce":"vpce-1"}`)}, "", ""},
		"nobody outside the organization's accounts": {keypolicy.NobodyOutside(owner), policyText{deny(`"*"`, "kms:*", `"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}`), allow(`"*"`, "kms:*", "")}, policyText{deny(`"*"`, "kms:*", `"StringNotEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}`), allow(`"*"`, "kms:*", "")}, "arn:aws:iam::444455556666:user/x", "identity"},

		"only these":                     {keypolicy.OnlyThese("kms:Decrypt", "arn:aws:iam::111122223333:role/app"), onlyApp, policyText{onlyApp[0], allow(alice, "kms:Decrypt", "")}, "arn:aws:iam::111122223333:user/alice", ""},
		"only these, and the account":    {keypolicy.OnlyThese("kms:Decrypt", "111122223333", "logs.amazonaws.com"), policyText{delegates, allow(`{"Service":"logs.amazonaws.com"}`, "kms:*", "")}, policyText{delegates, allow(`{"Service":"s3.amazonaws.com"}`, "kms:*", "")}, "s3.amazonaws.com", ""},
		"only these, but delegated":      {keypolicy.OnlyThese("kms:Decrypt", "arn:aws:iam::111122223333:role/app"), onlyApp, policyText{delegates}, "arn:aws:iam::111122223333:user/x", "identity"},
		"only these by a pattern of ARN": {keypolicy.OnlyThese("kms:*", "arn:aws:iam::111122223333:role/ops/*"), policyText{allow(`{"AWS":"arn:aws:iam::111122223333:role/ops/a"}`, "kms:*", "")}, policyText{allow(`{"AWS":"arn:aws:iam::111122223333:role/op/a"}`, "kms:*", "")}, "arn:aws:sts::111122223333:assumed-role/a/x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := keypolicy.Assert(document(t, row.holds), compareScope, row.assertion)
			require.True(t, good.Holds, "%s: %s\n%v", row.assertion, listWitnesses(good.Counterexamples), good.Undecided)
			require.Empty(t, good.Counterexamples)
			require.Empty(t, good.Undecided)
			policy := document(t, row.broken)
			bad := keypolicy.Assert(policy, compareScope, row.assertion)
			require.False(t, bad.Holds)
			require.Empty(t, bad.Undecided)
			for _, w := range bad.Counterexamples {
				require.True(t, keypolicy.Evaluate(w.Request, w.World(policy)).Allowed())
			}
			require.True(t, slices.ContainsFunc(bad.Counterexamples, func(w keypolicy.Witness) bool {
				return w.Request.Principal.ARN == row.caller && routeOf(w) == row.route
			}), "no counterexample for %s %q among %s", row.caller, row.route, listWitnesses(bad.Counterexamples))
		})
	}
}

func TestAssertNeverHoldsUndecided(t *testing.T) {
	t.Parallel()
	unknown := document(t, policyText{allow(app, "kms:Decrypt", `"StringEquals":{"aws:PrincipalArn":"`+keypolicy.Mark("role.arn")+`"}`)})
	decided := document(t, policyText{allow(app, "kms:Decrypt", `"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/other"}`)})
	claim := keypolicy.NoAccess("*", "kms:Decrypt")
	for name, row := range map[string]struct {
		result keypolicy.AssertionResult
		reason string
	}{
		"a value not known yet": {keypolicy.Assert(unknown, compareScope, claim), "role.arn is not known yet"},
		"no account":            {keypolicy.Assert(decided, keypolicy.Scope{}, claim), "the account of the key is not known"},
		"a group":               {keypolicy.Assert(decided, compareScope, keypolicy.NoAccess("arn:aws:iam::111122223333:group/dev", "kms:*")), "not a pattern of callers"},
		"a bare name":           {keypolicy.Assert(decided, compareScope, keypolicy.OnlyThese("kms:*", "alice")), "not a pattern of callers"},
		"an account too short":  {keypolicy.Assert(decided, compareScope, keypolicy.NobodyOutside("1111")), "not a pattern of callers"},
	} {
		require.False(t, row.result.Holds, name)
		require.Empty(t, row.result.Counterexamples, name)
		require.Contains(t, strings.Join(row.result.Undecided, "\n"), row.reason, name)
	}
	require.True(t, keypolicy.Assert(decided, compareScope, claim).Holds)
	require.True(t, keypolicy.Assert(nil, compareScope, claim).Holds)
}

// TestAssertAgreesWithEvaluate looks, by random requests, for access that an
// assertion which holds rules out.
func TestAssertAgreesWithEvaluate(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: thousands of policies, one after the other")
	}
	t.Parallel()
	const seed, policies, requests = 20250303, 120, 60
	p := pick{rand.New(rand.NewPCG(seed, seed))}
	var holds, broken int
	for range policies {
		statements := p.statements()
		policy := document(t, statements)
		for assertion, denied := range map[*keypolicy.Assertion]func(keypolicy.Principal) bool{
			of(keypolicy.NoAccess("arn:aws:iam::111122223333:role/app", "kms:*")): func(p keypolicy.Principal) bool { return strings.HasSuffix(p.RoleARN, ":role/app") },
			of(keypolicy.NobodyOutside("111122223333")): func(p keypolicy.Principal) bool {
				return p.ARN == "" || p.Account() != "" && p.Account() != "111122223333"
			},
			of(keypolicy.OnlyThese("kms:*", "444455556666", "*.amazonaws.com")): func(p keypolicy.Principal) bool {
				return p.Account() != "444455556666" && !strings.HasSuffix(p.ARN, ".amazonaws.com")
			},
		} {
			result := keypolicy.Assert(policy, compareScope, *assertion)
			for _, w := range result.Counterexamples {
				require.True(t, denied(w.Request.Principal), "%s: %v", assertion, w.Request)
				require.True(t, keypolicy.Evaluate(w.Request, w.World(policy)).Allowed())
			}
			if !result.Holds {
				broken++
				continue
			}
			holds++
			for range requests {
				r := p.request(t)
				for _, world := range worlds(t, r) {
					world.ResourcePolicy = policy
					allowed := len(world.Grants) == 0 && keypolicy.Evaluate(r, world).Allowed()
					require.False(t, allowed && denied(r.Principal), "%s holds, but: %+v by %v", assertion, r, statements)
				}
			}
		}
	}
	require.Greater(t, min(holds, broken), 50, "the draw hardly ever keeps or breaks an assertion")
}

func of(a keypolicy.Assertion) *keypolicy.Assertion { return &a }

func ExampleAssert() {
	policy, err := keypolicy.Parse("key policy", []byte(`{"Version": "2012-10-17", "Statement": {
  "Sid": "ViaS3", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*",
  "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	claim := keypolicy.NobodyOutside("111122223333")
	result := keypolicy.Assert(policy, keypolicy.Scope{Account: "111122223333"}, claim)
	fmt.Println(claim, result.Holds)
	for _, w := range result.Counterexamples {
		fmt.Printf("%q %s %v, with an IAM policy: %t\n", w.Request.Principal.ARN, w.Request.Action, w.Request.Context, w.Identity)
	}
	// Output:
	// nobody outside 111122223333 false
	// "" kms:Decrypt map[kms:viaservice:[s3.eu-west-1.amazonaws.com]], with an IAM policy: false
	// "arn:aws:iam::999999999999:root" kms:Decrypt map[kms:viaservice:[s3.eu-west-1.amazonaws.com]], with an IAM policy: false
	// "arn:aws:iam::999999999999:user/x" kms:Decrypt map[kms:viaservice:[s3.eu-west-1.amazonaws.com]], with an IAM policy: true
}
