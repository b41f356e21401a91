// Package kmsemu is an AWS KMS emulator that enforces policies. One
// [http.Handler] speaks KMS, STS and the part of IAM that roles need; key
// policies, IAM role policies, session policies and condition keys decide every
// call, and each decision can be read back with its reasons.
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
// that account. Every other caller is a role session made by AssumeRole, so a
// test signs its calls as the role it is about. Signatures are verified.
// Accounts and Regions come into being when first used; the Region is the one
// the request is signed for.
//
// # What is real
//
// Data is encrypted with AES-256-GCM, with the encryption context as
// authenticated data. Keys rotate and are deleted by [Config.Clock]; data
// encrypted before a rotation still decrypts. Errors have the codes, texts and
// statuses of the services. FACTS.md lists each rule, its source and its test.
//
// # What it is not
//
// It is not for production: all state is in memory and no key is protected. It
// does not throttle and is consistent at once. It has no grants, only symmetric
// encryption keys with material from KMS, no multi-Region keys, no AWS managed
// keys, no IAM users and no managed policies; asking for them is an error, never
// silently ignored. Unlike in AWS, the root user may assume roles.
package kmsemu
