package kmsemu

import (
	"fmt"
	"time"
)

// Duration is a [time.Duration] that is text in JSON, such as "250ms" or "48h".
type Duration time.Duration

// MarshalText writes the duration as [time.Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what [time.ParseDuration] does and refuses negative ones.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf(`duration %q is not of the form "1h30m", "5s" or "250ms"`, text)
	}
	*d = Duration(parsed)
	return nil
}
