package lint

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// Finding is one place where a rule found something.
type Finding struct {
	// Rule is the rule's id.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Address of the resource, from [Input] or [PlannedGrant].
	Address string `json:"address,omitempty"`
	// Policy is the policy's name; "" when the finding is about settings.
	Policy string `json:"policy,omitempty"`
	// Sid of the statement; "" if it has none.
	Sid string `json:"sid,omitempty"`
	// Statement is the statement's index, from 0; -1 when the finding is about
	// the policy as a whole, or no policy.
	Statement int `json:"statement"`
	// Position of the statement or of one of its conditions; zero when Statement
	// is -1.
	Position keypolicy.Position `json:"position,omitzero"`
	// Message says what is wrong here, Remedy what to do.
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
	// Suppressed is the suppression that covers the finding; nil for none.
	Suppressed *Suppression `json:"suppressed,omitempty"`
	// Fingerprint identifies the finding from run to run: 32 hexadecimal digits
	// made of rule, address and the statement's meaning. It does not change when
	// lines or statements move.
	Fingerprint string `json:"fingerprint"`
}

// String is the finding in one line: place, severity, rule and message.
func (f Finding) String() string {
	place := f.Policy
	if f.Policy == "" {
		place = f.Address
	}
	if f.Statement >= 0 {
		place = fmt.Sprintf("%s:%d:%d", place, f.Position.Line, f.Position.Column)
	}
	return fmt.Sprintf("%s: %s %s: %s", place, f.Severity, f.Rule, f.Message)
}

// compareFindings orders by place, then by rule.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Address, b.Address),
		cmp.Compare(a.Policy, b.Policy),
		cmp.Compare(a.Statement, b.Statement),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Position.Line, b.Position.Line),
		cmp.Compare(a.Position.Column, b.Position.Column),
		cmp.Compare(a.Message, b.Message),
	)
}

// fingerprint hashes its parts; each is quoted, so that no two lists of parts
// run together in the same way.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return hex.EncodeToString(sum[:16])
}

// normalized is a statement's meaning as text: without its Sid and place, lists
// sorted, what ignores case in lower case.
func normalized(s *keypolicy.Statement) string {
	fold := func(values []string) string { return list(values, strings.ToLower) }
	keep := func(values []string) string { return list(values, strings.Clone) }
	conditions := make([]string, len(s.Condition))
	for i, c := range s.Condition {
		conditions[i] = fmt.Sprintf("%q", []string{c.Operator, strings.ToLower(c.Key), keep(c.Values)})
	}
	return fmt.Sprintf("%q", []string{
		string(s.Effect), keep(principalTexts(s.Principal)), keep(principalTexts(s.NotPrincipal)),
		fold(s.Action), fold(s.NotAction), keep(s.Resource), keep(s.NotResource), keep(conditions),
	})
}

func principalTexts(entries keypolicy.Principals) []string {
	texts := make([]string, len(entries))
	for i, entry := range entries {
		texts[i] = entry.Type + " " + entry.Value
	}
	return texts
}

// list is the values as a set, each changed by a function, as text.
func list(values []string, change func(string) string) string {
	changed := make([]string, len(values))
	for i, value := range values {
		changed[i] = change(value)
	}
	slices.Sort(changed)
	return fmt.Sprintf("%q", slices.Compact(changed))
}
