// Package generator turns a spec into Terraform modules.
//
// A spec is an HCL file, keywright.hcl, with one block a module:
//
//	module "orders" {
//	  preset   = "encryption"
//	  services = ["s3"]
//	  aliases  = ["orders/data"]
//	  roles = {
//	    administer = ["arn:aws:iam::111122223333:role/key-admin"]
//	    use        = ["arn:aws:iam::111122223333:role/orders"]
//	  }
//	}
//
// [ParseSpec] reads it and reports every problem at once, each with its place
// and its remedy. [Renderer.Render] makes a module's files from the templates that
// [NewRenderer] was handed. Both are pure: the same input gives the same bytes, with
// no date, host or path in them.
//
// [Write] puts the files into a folder and [Check] says how a folder differs from
// them, and why. A stamp file, .keywright.json, records what was written and from
// which inputs, so that Write can tell its own files from a person's and never
// overwrites the latter. It holds the originals too: [PlanUpdate] brings a copied
// and edited folder to a new rendering by a three-way merge, from the folder alone.
//
// # Parts and tables
//
// A module is what its parts say: kind of key, usage, origin, multi-Region role,
// services, roles. A preset is a named row of parts and nothing else. What follows
// from the parts (resource, statements, variables with their rules and the values
// that break them, outputs, lowest provider) stands in tables, from which the one
// set of templates renders the module, its tests and its README.
//
// # What it is not
//
// The package runs no Terraform and knows no template: it formats what package
// templates, or any other file system of the same shape, holds.
package generator
