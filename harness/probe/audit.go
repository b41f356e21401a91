package probe

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/kmsemu"
)

// ErrNotAudited says that the backend keeps no audit trail.
var ErrNotAudited = errors.New("the backend keeps no audit trail")

// Deed is a call as the audit trail tells it: who did what with which key.
type Deed struct {
	// Principal is the ARN of the caller or, for a session, of its role.
	Principal string
	// Action is the operation, also one that [Access] does not probe.
	Action Action
	// Key is its ARN or id; "" means any.
	Key string
	// EncryptionContext must be that of the call; nil means any.
	EncryptionContext map[string]string
	// Denied means that the call was denied; else it succeeded.
	Denied bool
}

// String is the deed as a sentence.
func (d Deed) String() string {
	verb := "did"
	if d.Denied {
		verb = "was denied"
	}
	text := fmt.Sprintf("%s %s %s", d.Principal, verb, d.Action)
	if d.Key != "" {
		text += " with " + d.Key
	}
	if d.EncryptionContext != nil {
		text += fmt.Sprintf(" under %v", d.EncryptionContext)
	}
	return text
}

// Deeds returns the records of the audit trail that tell of the deed, oldest
// first. The error wraps [ErrNotAudited] on a backend without a trail, and says
// what the principal did instead if there is no such record.
func Deeds(b backend.Backend, d Deed) ([]kmsemu.Event, error) {
	auditor, ok := b.(backend.Auditor)
	if !ok {
		return nil, fmt.Errorf("%s: %w", b.Name(), ErrNotAudited)
	}
	filter := kmsemu.EventFilter{Principal: d.Principal, Name: string(d.Action), Key: d.Key, ErrorCode: kmsemu.NoError}
	if d.Denied {
		filter.ErrorCode = kmsemu.AccessDenied
	}
	var found []kmsemu.Event
	var others []string
	for _, e := range auditor.Events() {
		switch {
		case filter.Matches(e) && d.hasContext(e):
			found = append(found, e)
		case kmsemu.EventFilter{Principal: d.Principal}.Matches(e):
			others = append(others, Tell(e))
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	if len(others) == 0 {
		return nil, fmt.Errorf("nothing tells that %s: the audit trail has no call of that principal", d)
	}
	return nil, fmt.Errorf("nothing tells that %s: of that principal the audit trail has\n  %s", d,
		strings.Join(others[max(0, len(others)-mostOthers):], "\n  "))
}

// mostOthers bounds how many other calls an error lists.
const mostOthers = 10

func (d Deed) hasContext(e kmsemu.Event) bool {
	if d.EncryptionContext == nil {
		return true
	}
	given, _ := e.RequestParameters["encryptionContext"].(map[string]any)
	got := map[string]string{}
	for name, value := range given {
		got[name], _ = value.(string)
	}
	return maps.Equal(got, d.EncryptionContext)
}

// Tell is a record of the audit trail on one line: who called what with which key,
// what became of it, and why.
func Tell(e kmsemu.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.UserIdentity.ARN, e.EventName)
	for _, r := range e.Resources {
		b.WriteString(" " + r.ARN)
	}
	if e.ErrorCode != "" {
		b.WriteString(": " + e.ErrorCode)
	}
	if e.ErrorCode != "" && e.Decision != nil && len(e.Decision.Reasons) > 0 {
		b.WriteString(": " + e.Decision.Reasons[0].String())
	}
	return b.String()
}

// IsDenied reports whether the record is of a call that policies denied.
func IsDenied(e kmsemu.Event) bool { return e.ErrorCode == kmsemu.AccessDenied }
