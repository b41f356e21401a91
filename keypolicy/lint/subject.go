package lint

import (
	"fmt"
	"iter"

	"github.com/keywright/keywright/keypolicy"
)

// subject is one input while it is judged: the input with what rules ask of it
// worked out once, and the findings so far.
type subject struct {
	in         *Input
	statements []statement
	// named lists, for each value of a Principal element, the statements that
	// allow it something.
	named map[string][]int
	evaluator

	rule     *Rule
	findings []Finding
}

func newSubject(in *Input) *subject {
	s := &subject{in: in, named: map[string][]int{}}
	if in.Policy == nil {
		return s
	}
	s.statements = newStatements(in.Policy)
	for st := range s.allows() {
		for i := range st.principals {
			value := st.principals[i].Value
			s.named[value] = append(s.named[value], st.index)
		}
	}
	s.evaluator = newEvaluator(in, s.statements)
	return s
}

// allows are the Allow statements.
func (s *subject) allows() iter.Seq[*statement] { return s.withEffect(keypolicy.Allow) }

// denies are the Deny statements.
func (s *subject) denies() iter.Seq[*statement] { return s.withEffect(keypolicy.Deny) }

func (s *subject) withEffect(effect keypolicy.Effect) iter.Seq[*statement] {
	return func(yield func(*statement) bool) {
		for i := range s.statements {
			if s.statements[i].Effect == effect && !yield(&s.statements[i]) {
				return
			}
		}
	}
}

// conditions are all conditions with their statements.
func (s *subject) conditions() iter.Seq2[*statement, *condition] {
	return func(yield func(*statement, *condition) bool) {
		for i := range s.statements {
			st := &s.statements[i]
			for j := range st.conditions {
				if !yield(st, &st.conditions[j]) {
					return
				}
			}
		}
	}
}

// report adds a finding about the input as a whole and returns it, so that the
// rule may change its severity or remedy. About is what the finding is about,
// in words that do not change from run to run.
func (s *subject) report(about, format string, args ...any) *Finding {
	f := Finding{
		Rule: s.rule.ID, Severity: s.rule.Severity, Address: s.in.Address, Statement: -1,
		Message: fmt.Sprintf(format, args...), Remedy: s.rule.Remedy,
		Fingerprint: fingerprint(s.rule.ID, s.in.Address, about),
	}
	if s.in.Policy != nil && s.rule.scope != onKey && s.rule.scope != onGrants {
		f.Policy = s.in.Policy.Name
	}
	s.findings = append(s.findings, f)
	return &s.findings[len(s.findings)-1]
}

// reportStatement is report for a statement.
func (s *subject) reportStatement(st *statement, about, format string, args ...any) *Finding {
	f := s.report(about, format, args...)
	f.Statement, f.Sid, f.Position = st.index, st.Sid, st.Position
	f.Fingerprint = fingerprint(f.Rule, f.Address, normalized(st.Statement), about)
	return f
}

// reportCondition is reportStatement at a condition.
func (s *subject) reportCondition(st *statement, c *condition, format string, args ...any) *Finding {
	f := s.reportStatement(st, c.Operator+" "+c.key, format, args...)
	f.Position = c.Position
	return f
}
