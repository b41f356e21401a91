// Package keypolicy decides who may do what with an AWS KMS key, and why.
//
// The two calls most users need are [Parse], which reads a key policy or an IAM
// policy, and [Evaluate], which answers one request against the policies that
// bear on it:
//
//	policy, err := keypolicy.Parse("key policy", document)
//	decision := keypolicy.Evaluate(request, keypolicy.World{ResourcePolicy: policy})
//	if !decision.Allowed() {
//		fmt.Println(decision.Reasons[0])
//	}
//
// Evaluate is total and pure: it reads no clock, no network, no environment,
// and every request gets a verdict. What is not allowed is denied; what hangs on
// a value nobody knows yet ([Mark]) is unknown.
//
// On top of it [NewMatrix] decides every action for every caller, [Compare] says
// whether a new policy is wider than an old one and shows it by a request, and
// [Assert] proves a claim such as "nobody outside the account" ([NobodyOutside]).
//
// # The rules that are KMS's own
//
// A key policy comes first: IAM policies have power over a key only where the
// key policy delegates to the account, by naming the account's root or its
// twelve digits. A user or session named in the key policy needs nothing else;
// a named role is still capped by a permissions boundary and a session policy.
// Callers of another account need both sides, and only for the operations that
// work across accounts. Source: KMS Developer Guide, "Troubleshooting key
// access" and "Allowing users in other accounts to use a KMS key"; IAM User
// Guide, "Policy evaluation logic".
//
// # What it is not
//
// It does not fetch policies, and it judges no style: package lint, beside it,
// does. It needs only the standard library.
package keypolicy
