// Package lint judges key policies, IAM policies about keys, and the settings
// of planned keys and grants.
//
// The two calls most users need are [Run], which lints one policy or key, and
// [Rules], which lists and explains the rules:
//
//	policy, err := keypolicy.Parse("key policy", document)
//	findings := lint.Run(lint.Input{Policy: policy, Document: document, Account: "111122223333"}, time.Now())
//
// # Rules
//
// Rules are a table. An id says the family: KP for key policies (00x grammar and
// conditions, 10x principals, 20x administration, 30x grants, 40x services and
// kinds of key), KR for the settings of keys, KI for IAM policies, KX for
// suppressions. Each rule has an example that it flags and one that it does not,
// and says where its demand comes from.
//
// A rule about access asks [keypolicy.Evaluate] who may do what, rather than
// reading statements by itself. Where a policy holds values that are not known
// yet (see [keypolicy.Mark]) and the answer hangs on them, the rule is silent;
// [Unknowns] lists such places.
//
// # What it is not
//
// It does not say who can do what (package keypolicy does), it does not fetch
// anything, and it does not know whether a principal exists.
package lint
