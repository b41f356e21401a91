package kmsemu

import (
	"encoding/json"
	"slices"
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

// conclude writes the outcome of a call into its record, and returns the records
// beside it: a copy for each owner of a key in another account, one for each other
// Region where KMS worked for the call, and those of what it did of itself (K0488).
func (c *call) conclude(result any, err *apiError) []Event {
	var others []Event
	if err != nil {
		c.event.ErrorCode, c.event.ErrorMessage = c.recordedCode(err.code), err.message
	} else {
		c.event.response = c.responseElements(result)
		if r, ok := result.(materialUser); ok {
			c.event.KeyMaterials = r.materials()
		}
		others = c.share()
	}
	for _, part := range c.parts {
		more := part.conclude(part.result, part.err)
		others = append(append(others, part.event), more...)
	}
	return append(others, c.following...)
}

// recordedCode is the code that a record has of a failure: of a denial the same for
// all services (K0626).
func (c *call) recordedCode(failure code) string {
	if failure == accessDenied {
		return AccessDenied
	}
	return c.protocol.name(failure)
}

// share copies the call's record for the other accounts whose keys it was about.
// They are not told who in the caller's account it was.
func (c *call) share() []Event {
	var copies []Event
	for _, r := range c.event.Resources {
		told := slices.ContainsFunc(copies, func(e Event) bool { return e.RecipientAccountID == r.AccountID })
		if told || r.AccountID == c.event.RecipientAccountID {
			continue
		}
		c.event.SharedEventID = derivedID(c.event.EventID, "shared")
		e, caller := c.event, c.event.UserIdentity
		e.RecipientAccountID, e.EventID = r.AccountID, derivedID(c.event.EventID, r.AccountID)
		e.UserIdentity = UserIdentity{
			Type: "AWSAccount", PrincipalID: caller.PrincipalID, AccountID: caller.AccountID, InvokedBy: caller.InvokedBy,
		}
		copies = append(copies, e)
	}
	return copies
}

// recorded is an input or a result of which the trail shows something else than all.
type recorded interface{ forTrail() any }

// materialUser is a result that was made with the material of keys.
type materialUser interface{ materials() KeyMaterials }

// responseElements are those of a call of KMS that changed something (K0486), as
// JSON. What answers without a body has the key's ARN there.
func (c *call) responseElements(result any) []byte {
	if c.service != serviceKMS || c.event.ReadOnly {
		return nil
	}
	if result == nil {
		if len(c.keys) == 0 {
			return nil
		}
		result = keyOutput{c.keys[0].arn}
	}
	if r, ok := result.(recorded); ok {
		result = r.forTrail()
	}
	return jsonText(result)
}

// elements reads the text of responseElements.
func elements(text []byte) map[string]any {
	var fields map[string]any
	if json.Unmarshal(text, &fields) != nil || len(fields) == 0 {
		return nil
	}
	return lowerFields(fields).(map[string]any)
}

// trailDate is how records write dates within requestParameters and
// responseElements.
const trailDate = "Jan 2, 2006, 3:04:05 PM"

// dated is a field's value as records write it, if it is a date.
func dated(name string, value any) any {
	if seconds, ok := value.(float64); ok && (strings.HasSuffix(name, "Date") || name == "ValidTo") {
		return time.UnixMilli(int64(seconds * 1000)).UTC().Format(trailDate)
	}
	return value
}

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
			out[lowerFirst(name)] = lowerFields(dated(name, field))
		}
		return out
	}
	return value
}
