package kmsemu

import (
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

const (
	// maxEvents bounds the memory of a server under load.
	maxEvents = 1 << 16
	// eventsASheet is how many events stand on a sheet.
	eventsASheet = 1 << 10
)

// trail keeps the last maxEvents events. They stand written on sheets: so they take
// a third of the memory that they take as values, and the garbage collector, which
// would spend as much time on them as the calls do, passes them by. The oldest
// sheet goes when no event on it is among the last.
type trail struct {
	mu     sync.Mutex
	sheets []*sheet
	made   uint64 // ids
}

// add writes events.
func (t *trail) add(first Event, more ...Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.write(&first)
	for i := range more {
		t.write(&more[i])
	}
	for (len(t.sheets)-2)*eventsASheet+t.last().events >= maxEvents {
		t.sheets[0] = nil
		t.sheets = t.sheets[1:]
	}
}

func (t *trail) last() *sheet { return t.sheets[len(t.sheets)-1] }

// write puts an event on the last sheet. One that comes from no request gets an id.
func (t *trail) write(e *Event) {
	if e.EventID == "" {
		t.made++
		e.EventID = derivedID(e.EventName+e.EventTime.Format(time.RFC3339Nano), strconv.FormatUint(t.made, 10))
	}
	switch {
	case len(t.sheets) == 0:
		t.sheets = []*sheet{{numbers: map[string]int{}}}
	case t.last().events == eventsASheet: // the next will be about as long
		room := make([]byte, 0, len(t.last().written)*9/8)
		t.sheets = append(t.sheets, &sheet{written: room, numbers: map[string]int{}})
	}
	t.last().add(e)
}

// events reads the events that match.
func (t *trail) events(match func(*Event) bool) []Event {
	t.mu.Lock()
	sheets := make([]sheet, len(t.sheets))
	for i, s := range t.sheets {
		sheets[i] = *s // what is written on it stays as it is
	}
	t.mu.Unlock()
	old := -maxEvents
	for i := range sheets {
		old += sheets[i].events
	}
	var all []Event
	for i := range sheets {
		s := scribe{sheet: &sheets[i], reading: true}
		for range sheets[i].events {
			var e Event
			e.copy(&s)
			if old--; old < 0 && match(&e) {
				e.understand()
				all = append(all, e)
			}
		}
	}
	return all
}

// ClearEvents empties the audit trail.
func (s *Server) ClearEvents() {
	s.trail.mu.Lock()
	defer s.trail.mu.Unlock()
	s.trail.sheets = nil
}

// sheet is where events are written, one after the other. Texts that may recur are
// written once and have a number.
type sheet struct {
	written []byte
	events  int
	texts   []string       // by number
	numbers map[string]int // of texts; nil when the sheet is full
}

func (s *sheet) add(e *Event) {
	if e.RequestParameters != nil {
		e.request = jsonText(e.RequestParameters)
	}
	if e.ResponseElements != nil {
		e.response = jsonText(e.ResponseElements)
	}
	if e.ServiceEventDetails != nil {
		e.details = jsonText(e.ServiceEventDetails)
	}
	e.copy(&scribe{sheet: s})
	if s.events++; s.events == eventsASheet {
		s.numbers = nil
	}
}

// understand reads the parts of an event that are JSON.
func (e *Event) understand() {
	if e.request != nil {
		e.RequestParameters = parameters(e.request)
	}
	if e.response != nil {
		e.ResponseElements = elements(e.response)
	}
	if e.details != nil {
		_ = json.Unmarshal(e.details, &e.ServiceEventDetails) // it was written by jsonText
	}
	e.request, e.response, e.details = nil, nil, nil
}

// copy writes everything that the event holds, or reads it.
func (e *Event) copy(s *scribe) {
	s.time(&e.EventTime)
	s.texts(&e.EventSource, &e.EventName, &e.AWSRegion, &e.SourceIPAddress, &e.UserAgent, &e.ErrorCode, &e.ErrorMessage,
		&e.EventType, &e.EventCategory, &e.RecipientAccountID,
		&e.KeyMaterials.KeyMaterialID, &e.KeyMaterials.SourceKeyMaterialID, &e.KeyMaterials.DestinationKeyMaterialID)
	s.flags(&e.ManagementEvent, &e.ReadOnly)
	e.UserIdentity.copy(s)
	once(s, &e.RequestID)
	once(s, &e.EventID)
	once(s, &e.SharedEventID)
	once(s, &e.request)
	once(s, &e.response)
	once(s, &e.details)
	if present(s, &e.Additional) {
		a := e.Additional
		s.texts(&a.CustomKeyStoreID, &a.XksKeyID, &a.CustomKeyStoreName, &a.ClusterID, &a.GrantID)
	}
	list(s, &e.Resources, func(r *Resource) { s.texts(&r.ARN, &r.AccountID, &r.Type) })
	if !present(s, &e.Decision) {
		return
	}
	d := e.Decision
	number(s, &d.Verdict)
	number(s, &d.Source)
	s.flags(&d.Explicit)
	list(s, &d.HangsOn, func(name *string) { s.texts(name) })
	list(s, &d.Reasons, func(r *keypolicy.Reason) {
		number(s, &r.Source)
		number(s, &r.Statement)
		number(s, &r.Position.Line)
		number(s, &r.Position.Column)
		s.texts(&r.Policy, &r.Sid, &r.Text)
	})
}

func (u *UserIdentity) copy(s *scribe) {
	s.texts(&u.Type, &u.PrincipalID, &u.ARN, &u.AccountID, &u.AccessKeyID, &u.UserName, &u.IdentityProvider, &u.InvokedBy)
	if present(s, &u.SessionContext) {
		i := &u.SessionContext.SessionIssuer
		s.texts(&i.Type, &i.PrincipalID, &i.ARN, &i.AccountID, &i.UserName)
	}
}
