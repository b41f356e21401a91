package lint

import (
	"fmt"
	"slices"
)

// Severity is how bad a finding is. The zero value is the worst, so that
// findings sort worst first.
type Severity uint8

// The severities.
const (
	Critical Severity = iota // data is lost, or open to strangers
	High                     // access is wider, or narrower, than the policy says
	Medium                   // a control is missing, or will break later
	Low                      // untidy, or weaker than it might be
	Info                     // worth knowing
)

var severityNames = []string{"critical", "high", "medium", "low", "info"}

// String is the severity's name in lower case.
func (s Severity) String() string { return severityNames[s] }

// MarshalText is String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severityNames, string(text))
	if i < 0 {
		return fmt.Errorf("unknown severity %q; write one of %q", text, severityNames)
	}
	*s = Severity(i)
	return nil
}
