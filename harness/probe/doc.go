// Package probe finds out, with real API calls made as real roles, who may do
// what with a KMS key.
//
// [CreateRole] makes and assumes a role; [RoundTrip] proves that it can use a
// key and [Refused] that it can't:
//
//	app, err := probe.CreateRole(ctx, b, "app")
//	defer app.Remove(ctx)
//	err = probe.RoundTrip(ctx, app.KMS, keyARN, map[string]string{"tenant": "a"})
//
// [Access] asks for the whole access matrix of a key at once.
//
// Everything returns errors and nothing knows of package testing: package
// harness turns the errors into test failures. It does not predict what a
// policy would do: package keypolicy does.
package probe
