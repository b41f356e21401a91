// Package kms is the catalogue of generated Terraform modules. keywright.hcl is
// its spec; each module in it is a folder beside this file, written by package
// generator and never by hand, and so is README.md, the list of them. There is no
// Go code to call here.
package kms

//go:generate go run ../../cmd/keywright generate
//go:generate go test ../../generator -run TestCatalogueIsUpToDate -update
