package kmsemu

import (
	"maps"
	"slices"
)

// Operations lists the operations of a service, for tests that must cover all.
func Operations(service string) []string {
	tables := map[string]map[string]operation{serviceKMS: kmsOperations, serviceSTS: stsOperations, serviceIAM: iamOperations}
	return slices.Sorted(maps.Keys(tables[service]))
}

// WireCode is a row of the error table.
type WireCode struct {
	Name, QueryName     string
	Status, QueryStatus int
}

// WireCodes lists the error table.
func WireCodes() []WireCode {
	var out []WireCode
	for _, row := range codes {
		out = append(out, WireCode{row.name, row.queryName, row.status, row.queryStatus})
	}
	return out
}

// MaxEvents is how many events a server keeps.
const MaxEvents = maxEvents

// KeptOf records events in a row and returns what the trail keeps of them.
func KeptOf(events []Event) []Event {
	var t trail
	for _, e := range events {
		t.add(e)
	}
	return t.events()
}
