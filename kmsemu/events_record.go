package kmsemu

import (
	"encoding/json"
	"strings"
	"time"
)

// changingVerbs begin the names of the operations that change something; the
// records of all others say readOnly (K0487).
var changingVerbs = []string{
	"Add", "Attach", "Cancel", "Connect", "Create", "Deactivate", "Delete", "Detach", "Disable", "Disconnect", "Enable",
	"Import", "Put", "Remove", "Replicate", "Resync", "Retire", "Revoke", "Rotate", "Schedule", "Set", "Tag", "Untag", "Update",
	"Upload",
}

func readOnly(operation string) bool {
	for _, verb := range changingVerbs {
		if strings.HasPrefix(operation, verb) {
			return false
		}
	}
	return true
}

// records are what the trail gets of a finished call: the caller's account one
// record for each Region where KMS worked, and the owner of a key in another
// account a copy (K0488).
func (c *call) records(result any, err *apiError) []Event {
	e := c.event
	if err != nil {
		e.ErrorCode, e.ErrorMessage = c.protocol.name(err.code), err.message
	} else {
		e.ResponseElements = c.responseElements(result)
	}
	records := []Event{e}
	if err == nil {
		records = shared(e)
	}
	for _, part := range c.parts {
		records = append(records, part.records(part.result, part.err)...)
	}
	return append(records, c.following...)
}

// shared is a record with its copies for the other accounts whose resources the
// call was about.
func shared(e Event) []Event {
	records := []Event{e}
	for _, r := range e.Resources {
		if r.AccountID == e.RecipientAccountID {
			continue
		}
		copied := e
		copied.RecipientAccountID = r.AccountID
		copied.EventID = derivedID(e.EventID, r.AccountID)
		copied.UserIdentity = UserIdentity{
			Type: "AWSAccount", PrincipalID: e.UserIdentity.PrincipalID, AccountID: e.UserIdentity.AccountID, InvokedBy: e.UserIdentity.InvokedBy,
		}
		copied.SharedEventID = derivedID(e.EventID, "shared")
		records[0].SharedEventID = copied.SharedEventID
		return append(records, copied)
	}
	return records
}

// recorded is a result of which the trail shows something else than all.
type recorded interface{ forTrail() any }

// responseElements are those of a call of KMS that changed something (K0486).
// What answers without a body has the key's ARN there.
func (c *call) responseElements(result any) map[string]any {
	if c.service != serviceKMS || c.event.ReadOnly {
		return nil
	}
	if result == nil {
		if len(c.keys) == 0 {
			return nil
		}
		return map[string]any{"keyId": c.keys[0].arn}
	}
	if r, ok := result.(recorded); ok {
		result = r.forTrail()
	}
	text, err := json.Marshal(result)
	if err != nil {
		return nil
	}
	var fields map[string]any
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	return lowerFields(fields).(map[string]any)
}

// trailDate is how records write dates within responseElements.
const trailDate = "Jan 2, 2006, 3:04:05 PM"

// lowerFields gives the fields of a result, at every depth, the names and dates of
// the trail. No result holds a map whose keys are a user's.
func lowerFields(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = lowerFields(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, field := range v {
			if seconds, ok := field.(float64); ok && (strings.HasSuffix(name, "Date") || name == "ValidTo") {
				field = time.UnixMilli(int64(seconds * 1000)).UTC().Format(trailDate)
			}
			out[lowerFirst(name)] = lowerFields(field)
		}
		return out
	}
	return value
}
