package kmsemu

import "strings"

// EventFilter selects events of the trail: those that every field agrees with. A
// zero field agrees with all.
type EventFilter struct {
	// Name is the operation, such as "Decrypt".
	Name string
	// Principal is the ARN of the caller or, for a session, of its role; for an AWS
	// service what UserIdentity.InvokedBy says.
	Principal string
	// Key is the ARN or the id of a key that the call was about. An id selects the
	// related keys of all Regions.
	Key string
	// ErrorCode is the code of the failure, such as [AccessDenied], or [NoError] for
	// calls that succeeded.
	ErrorCode string
	// Account is the one whose trail has the record: RecipientAccountID.
	Account string
	// Region is where.
	Region string
}

const (
	// NoError is the ErrorCode that selects the calls that succeeded.
	NoError = "NoError"
	// AccessDenied is the ErrorCode of the calls that were denied, also those of KMS,
	// which answers them with AccessDeniedException (K0626).
	AccessDenied = "AccessDenied"
)

// Matches reports whether the filter selects an event.
func (f EventFilter) Matches(e Event) bool {
	return agree(f.Name, e.EventName) && agree(f.Account, e.RecipientAccountID) && agree(f.Region, e.AWSRegion) &&
		(f.ErrorCode == NoError && e.ErrorCode == "" || agree(f.ErrorCode, e.ErrorCode)) &&
		f.matchesPrincipal(e.UserIdentity) && f.matchesKey(e.Resources)
}

func agree(want, got string) bool { return want == "" || want == got }

func (f EventFilter) matchesPrincipal(u UserIdentity) bool {
	return agree(f.Principal, u.ARN) || f.Principal == u.InvokedBy ||
		u.SessionContext != nil && f.Principal == u.SessionContext.SessionIssuer.ARN
}

func (f EventFilter) matchesKey(resources []Resource) bool {
	if f.Key == "" {
		return true
	}
	for _, r := range resources {
		if r.ARN == f.Key || strings.HasSuffix(r.ARN, ":key/"+f.Key) {
			return true
		}
	}
	return false
}

// EventsWhere returns the events of the trail that a filter selects, oldest first:
// see [Server.Events].
func (s *Server) EventsWhere(filter EventFilter) []Event {
	if err := s.whileLocked(func() error { return s.catchUp(s.Now()) }); err != nil {
		s.log.Error("changes that are due", "error", err)
	}
	return s.trail.events(func(e *Event) bool { return filter.Matches(*e) })
}
