// Package harness applies Terraform modules for KMS keys in Go tests and proves
// what they promise, with a KMS that enforces policies and no AWS account.
//
// [New] starts everything and [Harness.Options] wires a terratest suite to it;
// the rest of the suite stays as it is:
//
//	func TestKey(t *testing.T) {
//		h := harness.New(t)
//		app := h.Role("app")
//		opts := h.Options(&terraform.Options{
//			TerraformDir: "../modules/kms/encryption",
//			Vars: map[string]any{
//				"aliases":        []string{"orders"},
//				"users":          []string{app.RoleARN},
//				"administrators": []string{h.DeployerARN()},
//			},
//		})
//		terraform.InitAndApply(t, opts)
//		h.AssertRoundTrip(app, terraform.Output(t, opts, "key_arn"), nil)
//		h.AssertNoDrift(opts)
//	}
//
// # What is left behind
//
// Nothing. Destroy is registered before anything is applied, and prevent_destroy is
// lifted for it in the copy of the module that is under test. It runs when the
// test passes, fails, or stops at FailNow, and when the test binary is
// interrupted (SIGINT, SIGTERM) or nears its -timeout. Then the harness checks
// that every key made is pending deletion and fails the test if one is not. The
// provider's process and the temporary folder go with the last test that uses
// them; tests that run side by side share one backend and one warm provider.
//
// A test binary that is killed, or that a panic outside of a test ends, destroys
// nothing, but takes the embedded backend with it; a process that watches for that
// ends engine and providers (on Linux) and removes the folder. When the provider
// crashes a new one serves what comes next, and the failed test is told what the
// crashed one said last.
//
// With KEYWRIGHT_REUSE nothing is destroyed: the test's next run finds its keys and
// roles in that folder, and an apply does what has changed since. Another engine,
// provider version or package does not get to see them.
//
// # When a test fails
//
// Nothing is shown of a test that passes. One that fails is shown with the calls
// of its roles, and of Terraform with its keys, that were denied although no
// assertion asked for it, each with the statements that decided or came nearest;
// with what a plan says; with the engine's last error and the file that has all its
// output; and with the command that runs it again.
//
// KEYWRIGHT_RESULTS names a file to which each promise is added with its outcome, and
// each module with what of it was touched: package report.
//
// # Environment variables
//
// These are read here and nowhere below this package. All may be unset.
//
//	KEYWRIGHT_ENGINE    path of the engine; unset: found or installed
//	KEYWRIGHT_PRODUCT   "terraform" (default) or "opentofu"
//	KEYWRIGHT_PROVIDER  path of the AWS provider's executable; unset: found or installed
//	KEYWRIGHT_CACHE     folder for what is installed; unset: keywright in the user's cache folder
//	KEYWRIGHT_BACKEND   "embedded" (default), "localstack", "aws" or one of [RegisterBackend]
//	KEYWRIGHT_LOCALSTACK  endpoint of a LocalStack that runs; "docker": one is started in a container;
//	                    unset: one is installed and started, in a container where no Python serves
//	KEYWRIGHT_AWS_ACCOUNTS  ids of the AWS accounts that keys may be made in, with commas; the caller's
//	                    credentials are those of the variables that backend.AWSVariables lists
//	AWS_REGION          the Region on AWS, where it must be set; read for nothing else
//	KEYWRIGHT_RESULTS   result file to add to, an absolute path; unset: none is written
//	KEYWRIGHT_LOGS      folder for the engine's output of failed tests, an absolute path; unset: logs in KEYWRIGHT_CACHE
//	KEYWRIGHT_REUSE     folder for what the next run goes on with, an absolute path; unset: every run begins anew
//	KEYWRIGHT_PYTHON    path of the Python that LocalStack is installed with; unset: found
//
// The variables that lead the search for engine and provider, such as PATH and
// TF_CLI_CONFIG_FILE, are named in package toolchain; those that the engine
// gets to see in package runner. None of AWS_ or TF_ is passed on unless a test
// puts it into EnvVars.
//
// # AWS
//
// KEYWRIGHT_BACKEND=aws makes keys that cost money, in an account that
// KEYWRIGHT_AWS_ACCOUNTS lists, and in no other. Terraform runs as the caller. What is
// made is tagged; keywright sweep finds what an interrupted run left. Since changes
// take a while to count there, assertions wait for up to a minute before they fail.
//
// # What it is not
//
// It is no judge of denials on LocalStack, which allows everything, and of audit trails
// on LocalStack and AWS, whose CloudTrail is minutes late: such tests are skipped, with
// that reason. Probes without package testing are in package probe.
package harness
