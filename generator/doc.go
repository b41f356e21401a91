// Package generator turns a spec into Terraform modules.
//
// A spec is an HCL file, keywright.hcl, with one block a module:
//
//	module "orders" {
//	  preset         = "encryption"
//	  alias          = "orders/data"
//	  administrators = ["arn:aws:iam::111122223333:role/key-admin"]
//	  users          = ["arn:aws:iam::111122223333:role/orders"]
//	}
//
// [ParseSpec] reads it and reports every problem at once, each with its place
// and its remedy. [Render] makes a module's files from the templates it is
// handed. Both are pure: the same input gives the same bytes, with no date, host
// or path in them.
//
// [Write] puts the files into a folder and [Check] says how a folder differs
// from them. A stamp file, .keywright.json, records what was written, so that
// Write can tell its own files from a person's and never overwrites the latter.
//
// The package runs no Terraform and knows no template: it formats what package
// templates, or any other file system of the same shape, holds.
package generator
