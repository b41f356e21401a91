// Package templates holds the sources of every module Keywright generates.
//
// There is one set for all modules. The folder module holds text/template files
// named after the files they render: module/main.tf.tmpl renders main.tf. One
// that renders nothing makes no file: a module without a key policy has no
// policy.tf. The folder parts holds what they include: an example for each
// service, a section of the README for each kind of key. catalogue.md.tmpl is the
// list of a folder of modules. VERSION goes into the stamp of what was rendered;
// raise it with every change of a template.
//
// Hand [FS] to generator.NewRenderer. The package holds no logic: what a module
// holds is worked out in package generator.
package templates

import "embed"

// FS holds the templates and their VERSION.
//
//go:embed VERSION catalogue.md.tmpl module parts
var FS embed.FS
