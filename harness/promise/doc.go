// Package promise puts the standard promises of a KMS key to the test, on any
// root module that makes some, with no Go written.
//
// [Prove] applies the root, finds the keys in its state, derives from each key's
// spec, usage and policy what it promises, and asks for that with real calls:
//
//	r, err := promise.Prove(ctx, promise.Config{Dir: "modules/kms/app", Backend: b, Runner: run, Engine: "terraform 1.11.4"})
//	fmt.Println(r.Count(report.Broken))
//
// # What is promised
//
// Of each key: that every role that may use it can, there and back; that a role
// with no IAM policy and another account can do nothing at all; that each call of
// each role ends as package keypolicy predicts from the key policy, the role's own
// policy and the grants; that a public key works outside of KMS; that rotation is as
// configured, a rotation on demand loses nothing, and every alias names its key. Of the
// root: that a second plan is empty and that a destroy leaves nothing but keys pending
// deletion; where prevent_destroy prevents it, it is lifted in the copy under test.
// What can't be asked for is skipped, with the reason.
//
// # Variables
//
// A file keywright.test.hcl beside the module gives what it needs:
//
//	role "app" {}                    # made before the apply
//	role "ci" { policy = "{…}" }     # with an IAM policy
//	variables {
//	  alias = "orders"
//	  users = [role.app]             # role.NAME is the ARN
//	  administrators = [deployer]    # the role that Terraform runs as; also account, region
//	}
//
// Lists of strings that nobody gives and whose name speaks of principals, such as
// key_users, get a role made for them.
//
// # What it is not
//
// It knows nothing of package testing and reads no environment variables; it
// holds no promises that only one module makes: those are for tests.
package promise
