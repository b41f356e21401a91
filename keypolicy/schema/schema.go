// Package schema holds the JSON Schemas of what keywright policy eval reads and
// prints: a world, a request, a decision.
//
// [FS] has world.schema.json, request.schema.json and decision.schema.json, in
// the dialect 2020-12:
//
//	src, err := schema.FS.ReadFile("world.schema.json")
//
// It does not validate anything: keypolicy.ParseWorld and ParseRequest do, with
// better messages.
package schema

import "embed"

// FS holds the schemas.
//
//go:embed *.schema.json
var FS embed.FS
