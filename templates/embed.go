// Package templates holds the sources of every module Keywright generates.
//
// Each preset is a folder of text/template files, named after the files they
// render: encryption/main.tf.tmpl renders main.tf. The folder's VERSION goes
// into the stamp of what it rendered; raise it with every change of a template.
//
// Hand [FS] to generator.Render. The package holds no logic: what a preset
// computes is in package generator.
package templates

import "embed"

// FS holds the presets, one folder each.
//
//go:embed encryption
var FS embed.FS
