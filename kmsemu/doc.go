// Package kmsemu is an AWS KMS emulator that enforces policies. One
// [http.Handler] speaks KMS, STS and the part of IAM that its callers need; key
// policies, IAM policies, permissions boundaries, session policies and condition
// keys decide every call, and each decision can be read back with its reasons.
//
// The two calls most users need are [Start], which serves on a loopback port of
// its own, and [Server.Events], which lists what was asked and how it was
// decided:
//
//	emulator, err := kmsemu.Start(kmsemu.Config{})
//	if err != nil {
//		return err
//	}
//	defer emulator.Close()
//	os.Setenv("AWS_ENDPOINT_URL", emulator.URL)
//
// Tests use package kmsemutest, which closes the emulator with the test.
//
// # Credentials
//
// Access key "test" with secret "test" is the root user of account
// 000000000000. A twelve-digit access key with secret "test" is the root user of
// that account. Every other caller is a user with an access key made by
// CreateAccessKey, or has temporary credentials from STS: a role session, also by a
// web identity token (see [Server.TrustTokens]), a session token or a federated
// user. So a test signs its calls as the user or role it is about. Signatures, in
// headers and in presigned URLs, are verified.
// Accounts and Regions come into being when first used; the Region is the one
// the request is signed for.
//
// # Grants and services
//
// Grants allow what they say, to whom they say, under their constraints.
// [Server.UseService] makes the calls that an AWS service makes when somebody
// uses it, such as Amazon S3 storing an object for a role, with its condition
// keys, encryption context and grants; with [Config.ServiceCalls] a header does
// the same for one signed call. A service that is told no key uses the account's
// AWS managed key, such as alias/aws/s3.
//
// # What tests control
//
// The emulator is at once consistent, never throttles and never breaks, unless told
// otherwise: [Config.Consistency] delays the effect of changes, [Config.Quotas]
// enforces the request quotas of KMS, [Config.Faults] plans errors, latency and
// lost connections, and [Server.SetKeyStoreFailures] breaks what stands behind custom
// key stores. Time passes by [Config.Clock] and [Server.Advance]; [Config.Seed] makes
// ids, keys and credentials repeat.
//
// # State
//
// State lives in memory and ends with the server, unless [Server.Keep] keeps it in
// a store, such as a folder of package kmsemu/store. [Server.Snapshot] and
// [Server.Restore] take it from one server to another, so that many tests can begin
// where one preparation ended. The command keywright serve is the emulator as a
// server, for tests in any language.
//
// # What is real
//
// Data is encrypted with AES-256-GCM, with the encryption context as
// authenticated data. Keys of every other spec but SM2 are real too: signatures,
// MACs, RSA ciphertexts and agreed or encapsulated secrets hold outside the
// emulator. [Config.Rand] decides the keys; RSA keys are made when first used, and
// nobody else waits for one. An imported key does what its owner's copy does. Keys
// rotate, expire and are deleted by [Config.Clock]; data encrypted before a rotation
// still decrypts. The related keys of a multi-Region key open each other's data; no
// other key leaves its Region. Errors have the codes, texts and statuses of the
// services. FACTS.md lists each rule, its source and its test.
//
// # What it is not
//
// It is not for production: no key is protected. It has
// no keys of spec SM2, no MFA, few AWS managed policies and the AWS managed keys of
// few services; asking for others is an error, never silently ignored. The clusters,
// proxies and key managers behind custom key stores are imaginary. Unlike in AWS, the
// root user may assume roles.
package kmsemu
