package lint

import (
	"fmt"
	"slices"
	"time"
)

// Suppression accepts findings of a rule: they are still reported, and marked.
type Suppression struct {
	// Rule is the id of the rule. Required.
	Rule string `json:"rule"`
	// Address and Sid narrow it to a resource and a statement; "" for any.
	Address string `json:"address,omitempty"`
	Sid     string `json:"sid,omitempty"`
	// Reason says why the finding is acceptable. Required.
	Reason string `json:"reason"`
	// Until is when it ends; the zero time: never.
	Until time.Time `json:"until,omitzero"`
}

func (s *Suppression) covers(f *Finding) bool {
	return s.Rule == f.Rule && (s.Address == "" || s.Address == f.Address) && (s.Sid == "" || s.Sid == f.Sid)
}

// String names the suppression by rule and scope.
func (s Suppression) String() string {
	text := "suppression of " + s.Rule
	if s.Address != "" {
		text += " at " + s.Address
	}
	if s.Sid != "" {
		text += fmt.Sprintf(" for statement %q", s.Sid)
	}
	return text
}

const (
	unusedSuppression  = "KX002"
	expiredSuppression = "KX003"
	invalidSuppression = "KX004"
)

// suppress marks the findings that suppressions cover, the first that does, and
// returns findings about the suppressions.
func suppress(rules []Rule, findings []Finding, now time.Time, suppressions []Suppression) []Finding {
	var about []Finding
	report := func(id string, s *Suppression, message string) {
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
		if i < 0 {
			return
		}
		about = append(about, Finding{
			Rule: id, Severity: rules[i].Severity, Address: s.Address, Sid: s.Sid, Statement: -1,
			Message: s.String() + " " + message, Remedy: rules[i].Remedy,
			Fingerprint: fingerprint(id, s.Rule, s.Address, s.Sid),
		})
	}
	for i := range suppressions {
		s := &suppressions[i]
		switch _, known := LookUp(s.Rule); {
		case !known:
			report(invalidSuppression, s, "names no rule")
		case s.Reason == "":
			report(invalidSuppression, s, "gives no reason, so it has no effect")
		case !s.Until.IsZero() && !now.Before(s.Until):
			report(expiredSuppression, s, "ended on "+s.Until.UTC().Format(time.DateOnly))
		case !mark(findings, *s):
			report(unusedSuppression, s, "covers nothing")
		}
	}
	return about
}

// mark attaches the suppression to the findings it covers, and reports whether
// there are any.
func mark(findings []Finding, s Suppression) bool {
	used := false
	for i := range findings {
		if !s.covers(&findings[i]) {
			continue
		}
		used = true
		if findings[i].Suppressed == nil {
			findings[i].Suppressed = &s
		}
	}
	return used
}

// suppressionRules are about suppressions; [suppress] judges by them.
func suppressionRules() []Rule {
	return []Rule{
		{
			ID: unusedSuppression, Title: "Suppression that covers nothing", Severity: Low, scope: onSuppressions,
			Rationale: "A suppression that outlives its finding hides the next one.",
			Source:    "Practice of linters with suppressions: an unused one is reported",
			Remedy:    "remove the suppression, or correct its rule, address or sid",
			Bad:       outlived(Suppression{Rule: "KR503", Reason: "a test key"}),
			Good:      suppressed(Suppression{Rule: "KR503", Reason: "a test key"}),
		},
		{
			ID: expiredSuppression, Title: "Suppression that has expired", Severity: Medium, scope: onSuppressions,
			Rationale: "Its time was the time to mend what it covers.",
			Source:    "Practice of linters with suppressions: an end is kept",
			Remedy:    "mend the finding, or set a later end with a reason",
			Bad:       outlived(Suppression{Rule: "KR503", Reason: "a test key", Until: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}),
			Good:      suppressed(Suppression{Rule: "KR503", Reason: "a test key", Until: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}),
		},
		{
			ID: invalidSuppression, Title: "Suppression without a reason or a rule", Severity: Medium, scope: onSuppressions,
			Rationale: "A suppression is a decision: a reviewer must be able to see why it was made, and what about.",
			Source:    "Practice of linters with suppressions: a reason is required",
			Remedy:    "name an existing rule and say why its finding is acceptable",
			Bad:       outlived(Suppression{Rule: "KR503"}),
			Good:      suppressed(Suppression{Rule: "KR503", Reason: "a test key"}),
		},
	}
}

// suppressed is a key with a short deletion window, and a suppression.
func suppressed(s Suppression) Example {
	return Example{Key: &Settings{DeletionWindowInDays: 7}, Suppressions: []Suppression{s}, Statement: -1}
}

// outlived is a suppression of what is no longer there.
func outlived(s Suppression) Example {
	return Example{Key: &Settings{DeletionWindowInDays: 30}, Suppressions: []Suppression{s}, Statement: -1}
}
