// Package provider applies every resource and data source of the AWS provider that
// is about KMS, one root module of fixtures/provider each, on the emulator: applied,
// planned again, changed, imported and destroyed with the official provider.
package provider
