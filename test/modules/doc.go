// Package modules judges the modules of the catalogue as files: their native tests
// and examples with both engines, and what the field's other tools say of them.
// That they do what they promise is package test's to prove.
package modules
