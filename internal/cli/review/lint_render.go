package review

import (
	"fmt"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy/lint"
)

// render makes the result into text of a format.
func (r *lintResult) render(f format) (string, error) {
	switch f {
	case "json":
		return toJSON(r.json())
	case "sarif":
		return toJSON(r.sarif())
	}
	return r.text(), nil
}

func (r *lintResult) text() string {
	var text strings.Builder
	for _, f := range r.findings {
		fmt.Fprintf(&text, "%s: %s %s: %s\n", f.place, f.Severity, f.Rule, f.Message)
		if s := f.Suppressed; s != nil {
			fmt.Fprintf(&text, "  suppressed%s: %s\n", until(s), s.Reason)
		} else if f.Remedy != "" {
			fmt.Fprintf(&text, "  %s\n", f.Remedy)
		}
	}
	for _, u := range r.unknown {
		fmt.Fprintf(&text, "%s: unknown until apply: %s\n", u.place, strings.Join(u.Names, ", "))
	}
	text.WriteString(r.summary() + "\n")
	return text.String()
}

func until(s *lint.Suppression) string {
	if s.Until.IsZero() {
		return ""
	}
	return " until " + s.Until.Format(time.DateOnly)
}

// summary counts: "2 findings (1 high, 1 low), 1 suppressed, 1 unknown".
func (r *lintResult) summary() string {
	counts := map[lint.Severity]int{}
	for _, f := range r.findings {
		if f.Suppressed == nil {
			counts[f.Severity]++
		}
	}
	text := "no findings"
	if open := r.open(); open > 0 {
		var parts []string
		for s := lint.Critical; s <= lint.Info; s++ {
			if counts[s] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
			}
		}
		text = fmt.Sprintf("%s (%s)", plural(open, "finding"), strings.Join(parts, ", "))
	}
	if n := len(r.findings) - r.open(); n > 0 {
		text += fmt.Sprintf(", %d suppressed", n)
	}
	if n := len(r.unknown); n > 0 {
		text += fmt.Sprintf(", %d unknown until apply", n)
	}
	return text
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// lintJSON is the result as JSON.
type lintJSON struct {
	Findings []findingJSON `json:"findings"`
	Unknown  []unknownJSON `json:"unknown"`
}

type findingJSON struct {
	lint.Finding
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

type unknownJSON struct {
	lint.UnknownPlace
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

func (r *lintResult) json() lintJSON {
	made := lintJSON{[]findingJSON{}, []unknownJSON{}}
	for _, f := range r.findings {
		made.Findings = append(made.Findings, findingJSON{f.Finding, f.place.file, f.place.line})
	}
	for _, u := range r.unknown {
		made.Unknown = append(made.Unknown, unknownJSON{u.UnknownPlace, u.place.file, u.place.line})
	}
	return made
}
