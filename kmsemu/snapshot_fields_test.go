package kmsemu_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
)

// fate is what becomes of the fields of a struct of the state.
type fate struct {
	// kept are in the entity's record, or in one that refers to it.
	kept string
	// derived are made anew of what is kept.
	derived string
	// lost is what a server may forget.
	lost string
}

// fates says of each field of the state whether it is kept. Whoever adds a field
// decides it here: a kept one needs a place in a record (record_*.go), and
// TestEveryTestKeepsItsState fails until it is there.
var fates = map[string]fate{
	"state": {
		kept:    "accounts sessions issuers clock",
		derived: "accessKeys retirable agenda keyPolicies",
		// Changes that are on their way are in force after a restart; failures behind key
		// stores are a setting.
		lost: "past changes storeFailures",
	},
	"clock":           {kept: "ahead", lost: "source"},
	"account":         {kept: "id directory", derived: "state regions"},
	"directory":       {kept: "roles users groups profiles policies providers deletions"},
	"entity":          {kept: "id account arn name path created tags", derived: "deleted"},
	"holder":          {kept: "entity inline attached linked"},
	"member":          {kept: "holder boundary"},
	"role":            {kept: "member description maxSeconds trust"},
	"user":            {kept: "member keys", derived: "groups"},
	"accessKey":       {kept: "id secret active created", derived: "user"},
	"group":           {kept: "holder users"},
	"instanceProfile": {kept: "entity role"},
	"managedPolicy":   {kept: "entity description updated versions standard made"},
	"policyVersion":   {kept: "document id created"},
	"oidcProvider":    {kept: "entity clients thumbprints"},
	"document":        {kept: "text mentions", derived: "policy"},
	"session": {
		kept: "kind accessKey secret token role user account issuerARN name arn policies tags transitive sourceIdentity conditions expires",
	},
	"issuer":           {kept: "url keys"},
	"tokenKey":         {kept: "der", derived: "public"},
	"region":           {kept: "keys aliases stores", derived: "state keyList aliasList"},
	"key":              {kept: "arn spec usage origin description created state role settles deletion windowDays policy tags materials pending tokenKey rotation lastUse managed store externalKeyID", derived: "id account region aliases grants turn"},
	"material":         {kept: "id seed imported description validTo since rotation", derived: "spec once secret err"},
	"keyStore":         {kept: "id account region name kind created backing link", derived: "keys"},
	"backing":          {kept: "clusterID trustAnchor connectivity endpoint path accessKeyID service serviceOwner"},
	"link":             {kept: "goal since errorCode"},
	"use":              {kept: "operation at eventID requestID"},
	"rotation":         {kept: "enabled periodDays next onDemand"},
	"alias":            {kept: "arn key created updated", derived: "name"},
	"grant":            {kept: "id name key issuer created secret grantee retirer operations constraints", derived: "region places"},
	"party":            {kept: "name id service"},
	"grantConstraints": {kept: "EncryptionContextEquals EncryptionContextSubset SourceArn"},
	"grantSet":         {derived: "all named shelves grantees"},
}

func TestEveryFieldOfTheStateIsKeptOrNot(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, of := range kmsemu.StateTypes() {
		t.Run(of.Name(), func(t *testing.T) {
			var fields []string
			for field := range of.Fields() {
				fields = append(fields, field.Name)
			}
			known := fates[of.Name()]
			decided := slices.Concat(strings.Fields(known.kept), strings.Fields(known.derived), strings.Fields(known.lost))
			require.ElementsMatch(t, fields, decided, "decide in the table which fields of %s are kept", of.Name())
		})
		seen++
	}
	require.Len(t, fates, seen)
}

// TestStateTypesAreAll walks from the state through the package's own structs: none
// may be missing in the table.
func TestStateTypesAreAll(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(of.Elem())
		case reflect.Map:
			walk(of.Key())
			walk(of.Elem())
		case reflect.Struct:
			if seen[of] || !strings.HasSuffix(of.PkgPath(), "/kmsemu") {
				return
			}
			seen[of] = true
			for field := range of.Fields() {
				if !slices.Contains(strings.Fields(fates[of.Name()].derived+" "+fates[of.Name()].lost), field.Name) {
					walk(field.Type)
				}
			}
		}
	}
	for _, of := range kmsemu.StateTypes() {
		walk(of)
	}
	for of := range seen {
		if !slices.Contains(stateless, of.Name()) {
			require.Containsf(t, fates, of.Name(), "%s is part of the state: put it in the table, and in StateTypes", of.Name())
		}
	}
}

// stateless are structs that the state refers to and that never change, and places
// in texts.
var stateless = []string{"keySpec", "mention"}
