// Package clients holds tests that use the emulator with programs other people
// wrote: boto3, the AWS CLI, the AWS Encryption SDK for Python, Tink and SOPS.
// Python's are installed into the cache, pinned in requirements.txt; those in Go
// are of a module of their own, in folder gomod, for the sake of what they depend
// on.
package clients
