package kmsemu

import "time"

const (
	day               = 24 * time.Hour
	automaticRotation = "AUTOMATIC"
	onDemandRotation  = "ON_DEMAND"
	// defaultRotationPeriod is in days (K0053).
	defaultRotationPeriod = 365
	// maxOnDemandRotations is per key and for ever (K0054).
	maxOnDemandRotations = 25
	// rotationQuietTime is how near an automatic rotation may be when another is
	// asked for (K0055).
	rotationQuietTime = 20 * time.Minute
)

// rotation is a key's schedule of automatic rotations.
type rotation struct {
	enabled    bool
	periodDays int
	next       time.Time
	onDemand   int // rotations on demand so far
}

func (r *rotation) due(now time.Time) bool { return r.enabled && !now.Before(r.next) }

func (r *rotation) schedule(from time.Time) {
	r.next = from.Add(time.Duration(r.periodDays) * day)
}

// resume takes the schedule up again when the key is enabled: a rotation that fell
// due in the meantime happens now, and the period starts anew (K0058).
func (r *rotation) resume(now time.Time) {
	if r.due(now) {
		r.next = now
	}
}

// rotate makes new material current; older material keeps decrypting.
func (k *key) rotate(next *material, date time.Time, kind string) {
	next.since, next.rotation = date, kind
	k.materials = append(k.materials, next)
}

// current is the material to encrypt with; nil if none was ever imported.
func (k *key) current() *material {
	if len(k.materials) == 0 {
		return nil
	}
	return k.materials[len(k.materials)-1]
}

// material returns the key's material by id; nil if it never had it.
func (k *key) material(id string) *material {
	for _, m := range k.materials {
		if m.id == id {
			return m
		}
	}
	return nil
}
