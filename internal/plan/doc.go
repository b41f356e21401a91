// Package plan finds the KMS keys, their policies and grants, and the IAM
// policies, in a Terraform or OpenTofu plan.
//
// The two calls most users need are [Is], which tells a plan from other JSON,
// and [Read], which takes the output of `terraform show -json PLANFILE` apart:
//
//	p, err := plan.Read("plan.json", src, "")
//	for _, key := range p.Keys {
//		comparison := keypolicy.Compare(key.Before.Policy, key.After.Policy, …)
//	}
//
// # What is not known yet
//
// Much of a plan is "known after apply", and a policy that holds one such value
// is unknown as a whole. Where such a policy comes from an
// aws_iam_policy_document, it is put together again from the data source's own
// attributes, and each unknown value in it is a [keypolicy.Mark]. Where it does
// not, a policy stands in of which nothing is known: whatever is asked of it, the
// answer is unknown, never no.
//
// A plan tells what an expression refers to, not what it does with it: where one
// refers to a single document, or to a single role's ARN, it is taken to be that.
//
// # What it is not
//
// It does not run Terraform and does not judge what it finds.
package plan
