// Package kms is the catalogue of generated Terraform modules. keywright.hcl is
// its spec; each module in it is a folder beside this file, written by package
// generator and never by hand. There is no Go code to call here.
package kms

//go:generate go run ../../cmd/keywright generate
