package kmsemu

import "time"

// lastUse is what a key remembers of its last use. It has a record of its own, for
// it changes with every call, and is the one thing that no answer waits for: it is
// written with the next change of anything, or by [Server.Flush].
type lastUse struct{ of *key }

type useRecord struct {
	Key                string // ARN
	Operation          string
	At                 time.Time
	EventID, RequestID string
}

func (u lastUse) recordName() string { return "use/" + u.of.arn }

func (u lastUse) record(s *state) any {
	last := u.of.lastUse.Load()
	if last == nil || s.keyNamed(u.of.arn) != u.of {
		return nil
	}
	return useRecord{u.of.arn, last.operation, last.at.UTC(), last.eventID, last.requestID}
}

func eachUse(s *state, yield func(durable)) {
	eachKey(s, func(k durable) { yield(lastUse{k.(*key)}) })
}

func restoreUse(to *restoration, r *useRecord) error {
	k := to.keyNamed(r.Key)
	if k == nil {
		return missing("key", r.Key)
	}
	k.lastUse.Store(&use{r.Operation, r.At, r.EventID, r.RequestID})
	return nil
}
