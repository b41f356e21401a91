package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// witnessText says in a few lines who may do what, with what decides it before
// and after; of an assertion there is no before.
func (s *subject) witnessText(sign string, w keypolicy.Witness, withBefore bool) string {
	var text strings.Builder
	r := w.Request
	who := r.Principal.ARN
	if who == "" {
		who = "an anonymous caller"
	}
	fmt.Fprintf(&text, "  %s %s: %s%s\n", sign, who, summary(w.Actions), needs(w))
	for _, line := range conditions(r) {
		fmt.Fprintf(&text, "      with %s\n", line)
	}
	if withBefore {
		fmt.Fprintf(&text, "      before: %s\n", s.reason(w.Before))
		fmt.Fprintf(&text, "      after: %s\n", s.reason(w.After))
	} else {
		fmt.Fprintf(&text, "      %s\n", s.reason(w.After))
	}
	return text.String()
}

// needs says what the access takes besides the key policy.
func needs(w keypolicy.Witness) string {
	switch {
	case w.Grant:
		return " (by a grant)"
	case w.Identity:
		return " (with an IAM policy that allows it)"
	case w.Unbounded:
		return " (beyond the permissions boundary)"
	}
	return ""
}

// reason is the verdict and what decided; of a denial that nothing decided, the
// nearest miss too.
func (s *subject) reason(d keypolicy.Decision) string {
	if len(d.Reasons) == 0 {
		return d.Verdict.String()
	}
	if d.Allowed() {
		r := deciding(d)
		return fmt.Sprintf("%s: %s: %s", d.Verdict, s.where(*r), r.Text)
	}
	text := fmt.Sprintf("%s: %s: %s", d.Verdict, s.where(d.Reasons[0]), d.Reasons[0].Text)
	if !d.Explicit && len(d.Reasons) > 1 {
		text += fmt.Sprintf("; nearest is %s: it %s", s.where(d.Reasons[1]), d.Reasons[1].Text)
	}
	return text
}

// conditions are the condition keys of a request, one a line, sorted.
func conditions(r keypolicy.Request) []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(r.Context)) {
		lines = append(lines, spelled(key)+" "+strings.Join(r.Context[key], ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(r.EncryptionContext)) {
		lines = append(lines, fmt.Sprintf("encryption context %s=%s", key, r.EncryptionContext[key]))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Principal.Tags)) {
		lines = append(lines, fmt.Sprintf("principal tag %s=%s", key, r.Principal.Tags[key]))
	}
	return lines
}

// witnessJSON is a witness as JSON; its request is one that keywright policy
// eval takes.
type witnessJSON struct {
	Request   requestJSON  `json:"request"`
	Actions   []string     `json:"actions"`
	Identity  bool         `json:"needsIdentityPolicy"`
	Unbounded bool         `json:"beyondBoundary"`
	Grant     bool         `json:"needsGrant"`
	Before    decisionJSON `json:"before"`
	After     decisionJSON `json:"after"`
}

type requestJSON struct {
	Caller            callerJSON          `json:"caller"`
	Action            string              `json:"action"`
	Resource          string              `json:"resource"`
	Context           map[string][]string `json:"context,omitempty"`
	EncryptionContext map[string]string   `json:"encryptionContext,omitempty"`
}

type callerJSON struct {
	ARN      string            `json:"arn"`
	RoleARN  string            `json:"roleArn,omitempty"`
	UniqueID string            `json:"uniqueId,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
}

func newWitnessesJSON(witnesses []keypolicy.Witness) []witnessJSON {
	made := []witnessJSON{}
	for _, w := range witnesses {
		r, p := w.Request, w.Request.Principal
		made = append(made, witnessJSON{
			Request:  requestJSON{callerJSON{p.ARN, p.RoleARN, p.UniqueID, p.Tags}, r.Action, r.Resource, r.Context, r.EncryptionContext},
			Actions:  w.Actions,
			Identity: w.Identity, Unbounded: w.Unbounded, Grant: w.Grant,
			Before: newDecisionJSON(w.Before), After: newDecisionJSON(w.After),
		})
	}
	return made
}
