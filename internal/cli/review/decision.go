package review

import (
	"fmt"

	"github.com/keywright/keywright/keypolicy"
)

// decisionJSON is a decision as keypolicy/schema/decision.schema.json describes
// it.
type decisionJSON struct {
	Verdict  keypolicy.Verdict `json:"verdict"`
	Explicit bool              `json:"explicit"`
	Source   keypolicy.Source  `json:"source"`
	HangsOn  []string          `json:"hangsOn"`
	Reasons  []reasonJSON      `json:"reasons"`
}

type reasonJSON struct {
	Source    keypolicy.Source `json:"source"`
	Policy    string           `json:"policy"`
	Sid       string           `json:"sid,omitempty"`
	Statement int              `json:"statement"`
	Line      int              `json:"line,omitempty"`
	Column    int              `json:"column,omitempty"`
	Text      string           `json:"text"`
}

func newDecisionJSON(d keypolicy.Decision) decisionJSON {
	made := decisionJSON{d.Verdict, d.Explicit, d.Source, hangsOn(d), []reasonJSON{}}
	for _, r := range d.Reasons {
		made.Reasons = append(made.Reasons, reasonJSON{r.Source, r.Policy, r.Sid, r.Statement, r.Position.Line, r.Position.Column, r.Text})
	}
	return made
}

// hangsOn names what a decision depends on, condition keys as the catalogue
// spells them.
func hangsOn(d keypolicy.Decision) []string {
	names := make([]string, len(d.HangsOn))
	for i, name := range d.HangsOn {
		names[i] = spelled(name)
	}
	return names
}

// spelled is a condition key as the catalogue spells it.
func spelled(name string) string {
	if key, ok := keypolicy.LookUpConditionKey(name); ok && len(key.Name) <= len(name) {
		return key.Name + name[len(key.Name):]
	}
	return name
}

// isConditional reports whether an unknown decision depends on the request
// alone, and not on what is known after apply.
func isConditional(d keypolicy.Decision) bool {
	for _, name := range d.HangsOn {
		if _, ok := keypolicy.LookUpConditionKey(name); !ok && name != "the encryption context" {
			return false
		}
	}
	return d.Verdict == keypolicy.Unknown
}

// where names a reason's statement. A line in a plan's JSON tells nobody
// anything, so there only the statement is named.
func (s *subject) where(r keypolicy.Reason) string {
	switch {
	case r.Position.Line == 0:
		return r.Policy
	case !s.inPlan:
		return r.Where()
	case r.Sid != "":
		return fmt.Sprintf("%s, statement %q", r.Policy, r.Sid)
	}
	return fmt.Sprintf("%s, statement %d", r.Policy, r.Statement+1)
}

// by names what decided.
func (s *subject) by(d keypolicy.Decision) string {
	if r := deciding(d); r != nil {
		return s.where(*r)
	}
	return "no statement"
}

// deciding is the reason to show where there is room for one: a grant that gives the
// access, else the key policy's own statement, if it has a part in the decision, else
// the first; nil for none.
func deciding(d keypolicy.Decision) *keypolicy.Reason {
	if len(d.Reasons) > 0 && d.Reasons[0].Source == keypolicy.KeyGrant {
		return &d.Reasons[0]
	}
	for i := range d.Reasons {
		if r := &d.Reasons[i]; r.Source == keypolicy.ResourcePolicy && r.Statement >= 0 {
			return r
		}
	}
	if len(d.Reasons) > 0 {
		return &d.Reasons[0]
	}
	return nil
}
