package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/keypolicy"
)

func (c *commands) whoCan() *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use:   "who-can ACTION FILE|PLAN|-",
		Short: "Say who may call an action, by which statement, and who could give themselves the right",
		Long: `Who-can lists who may call a KMS action on the key: everybody the policy and the
plan's grants name, the account's root, and one to stand for each group of others.
It says whether they may always or on a condition, by which statement, and who
could give themselves the right by changing the policy or creating a grant.`,
		Example: `  keywright policy who-can kms:Decrypt policy.json
  terraform show -json plan.bin | keywright policy who-can Decrypt -`,
		Args: cobra.ExactArgs(2),
	}
	accountFlag(cmd, &account)
	f := addFormat(cmd, "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		action, err := actionNamed(args[0])
		if err != nil {
			return err
		}
		tables, err := c.tables(args[1:], account, []string{action.Name})
		if err != nil {
			return err
		}
		if *f == "json" {
			return c.printJSON(newTablesJSON(tables))
		}
		var text strings.Builder
		for i := range tables {
			text.WriteString(tables[i].callers())
		}
		return c.print(text.String())
	}
	return cmd
}

// access is how surely a caller may do something.
var access = []struct {
	title string
	is    func(keypolicy.Decision) bool
}{
	{"always", keypolicy.Decision.Allowed},
	{"on a condition", isConditional},
	{"perhaps: something is not known yet", func(d keypolicy.Decision) bool { return d.Verdict == keypolicy.Unknown && !isConditional(d) }},
}

// nothingKnown is what is said of a policy that a plan does not hold.
const nothingKnown = "nothing is known of the policy until apply"

// callers lists who may call the table's one action.
func (t *table) callers() string {
	title := fmt.Sprintf("who can call %s: %s\n", t.Actions[0], t.subject.name)
	if t.subject.After.Whole {
		return title + "  " + nothingKnown + "\n"
	}
	var rows [][]string
	for _, a := range access {
		before := len(rows)
		for _, row := range t.Rows {
			if d := row.Cells[0]; a.is(d) {
				rows = append(rows, []string{"    " + row.Candidate.Name, t.why(d)})
			}
		}
		if len(rows) > before {
			rows = slices.Insert(rows, before, []string{"  " + a.title})
		}
	}
	if len(rows) == 0 {
		rows = [][]string{{"  nobody"}}
	}
	return title + aligned(rows) + t.escalations("could give themselves the right")
}

// why is what a decision hangs on and what decided it.
func (t *table) why(d keypolicy.Decision) string {
	why := t.subject.by(d)
	if names := hangsOn(d); len(names) > 0 {
		why = strings.Join(names, ", ") + ": " + why
	}
	return why
}

// escalations lists who could give themselves more.
func (t *table) escalations(title string) string {
	if len(t.Escalations) == 0 {
		return ""
	}
	rows := [][]string{{"  " + title}}
	for _, e := range t.Escalations {
		through := e.Through
		if e.By.Verdict == keypolicy.Unknown {
			through += ", perhaps"
		}
		row := []string{"    " + e.Candidate, "through " + through + ": " + t.subject.by(e.By)}
		if len(t.Actions) > 1 {
			row = append(row, "gains "+summary(e.Gains))
		}
		rows = append(rows, row)
	}
	return aligned(rows)
}

// summary names up to three actions and counts the others.
func summary(actions []string) string {
	const most = 3
	var named []string
	for _, action := range actions[:min(most, len(actions))] {
		if _, ok := keypolicy.LookUpAction(action); !ok {
			action += " (an example of what KMS may add)"
		}
		named = append(named, action)
	}
	text := strings.Join(named, ", ")
	if more := len(actions) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// table is the access matrix of one subject.
type table struct {
	keypolicy.Matrix
	subject *subject
}

// tables reads the inputs and decides the actions for each key policy.
func (c *commands) tables(inputs []string, account string, actions []string) ([]table, error) {
	var tables []table
	for _, input := range inputs {
		subjects, err := c.subjects(input, account)
		if err != nil {
			return nil, err
		}
		tables = append(tables, tablesOf(subjects, actions)...)
	}
	return tables, nil
}

func tablesOf(subjects []subject, actions []string) []table {
	var tables []table
	for i := range subjects {
		s := &subjects[i]
		if s.After == nil { // the key goes
			continue
		}
		tables = append(tables, table{keypolicy.NewMatrix(s.world(), s.arn(), s.candidates(), actions), s})
	}
	return tables
}

// candidates are those of the policy, and the grantees.
func (s *subject) candidates() []keypolicy.Candidate {
	list := keypolicy.Candidates(s.After.Policy, s.Account)
	for _, g := range s.Grants {
		for _, c := range keypolicy.Candidates(naming(g.Grantee), s.Account) {
			known := slices.ContainsFunc(list, func(k keypolicy.Candidate) bool { return k.Name == c.Name })
			if !known {
				list = append(list, c)
			}
		}
	}
	return list
}

// naming is a policy that names one principal.
func naming(principal string) *keypolicy.Policy {
	entry := keypolicy.PrincipalEntry{Type: "AWS", Value: principal}
	if strings.HasSuffix(principal, ".amazonaws.com") {
		entry.Type = "Service"
	}
	return &keypolicy.Policy{Statements: []keypolicy.Statement{{Effect: keypolicy.Allow, Principal: keypolicy.Principals{entry}}}}
}

// tableJSON is a matrix as JSON.
type tableJSON struct {
	Key         string           `json:"key"`
	Account     string           `json:"account"`
	Actions     []string         `json:"actions"`
	Rows        []rowJSON        `json:"rows"`
	Escalations []escalationJSON `json:"escalations"`
}

type rowJSON struct {
	Principal string         `json:"principal"`
	ARN       string         `json:"arn"`
	Decisions []decisionJSON `json:"decisions"`
}

type escalationJSON struct {
	Principal string       `json:"principal"`
	Through   string       `json:"through"`
	Gains     []string     `json:"gains"`
	Decision  decisionJSON `json:"decision"`
}

func newTablesJSON(tables []table) []tableJSON {
	made := []tableJSON{}
	for _, t := range tables {
		j := tableJSON{t.subject.name, t.subject.Account, t.Actions, []rowJSON{}, []escalationJSON{}}
		for _, row := range t.Rows {
			r := rowJSON{Principal: row.Candidate.Name, ARN: row.Candidate.Principal.ARN}
			for _, d := range row.Cells {
				r.Decisions = append(r.Decisions, newDecisionJSON(d))
			}
			j.Rows = append(j.Rows, r)
		}
		for _, e := range t.Escalations {
			j.Escalations = append(j.Escalations, escalationJSON{e.Candidate, e.Through, e.Gains, newDecisionJSON(e.By)})
		}
		made = append(made, j)
	}
	return made
}
