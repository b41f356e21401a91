package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/keypolicy"
)

func (c *commands) matrix() *cobra.Command {
	var account string
	var actions []string
	var all bool
	cmd := &cobra.Command{
		Use:   "matrix FILE|PLAN|-…",
		Short: "Show who may do what: principals by actions",
		Long: `Matrix shows a table of principals by actions for each key policy, and who could
give themselves more. Without --actions or --all the columns are groups of
actions; "some" is a group of which some actions are allowed.`,
		Example: `  keywright policy matrix policy.json
  keywright policy matrix plan.json --actions Encrypt,Decrypt,PutKeyPolicy
  keywright policy matrix policy.json --all --format json`,
		Args: cobra.MinimumNArgs(1),
	}
	accountFlag(cmd, &account)
	cmd.Flags().StringSliceVar(&actions, "actions", nil, "show these `ACTIONS`, separated by commas")
	cmd.Flags().BoolVar(&all, "all", false, "show every action that a key policy can allow")
	cmd.MarkFlagsMutuallyExclusive("actions", "all")
	f := addFormat(cmd, "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		columns, names, err := columnsOf(actions, all)
		if err != nil {
			return err
		}
		tables, err := c.tables(args, account, names)
		if err != nil {
			return err
		}
		if *f == "json" {
			return c.printJSON(newTablesJSON(tables))
		}
		return c.print(tablesText(tables, columns))
	}
	return cmd
}

// column is a column of the table: a group of actions, or one.
type column struct {
	title   string
	actions []string
}

// columnsOf are the columns asked for, and the actions that they need.
func columnsOf(actions []string, all bool) ([]column, []string, error) {
	var columns []column
	switch {
	case all:
		for _, name := range keyActions() {
			columns = append(columns, column{strings.TrimPrefix(name, "kms:"), []string{name}})
		}
	case len(actions) > 0:
		for _, name := range actions {
			action, err := actionNamed(name)
			if err != nil {
				return nil, nil, err
			}
			columns = append(columns, column{strings.TrimPrefix(action.Name, "kms:"), []string{action.Name}})
		}
	default:
		columns = groups()
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.actions...)
	}
	return columns, names, nil
}

// keyActions are the actions that a key policy can allow.
func keyActions() []string {
	var names []string
	for _, a := range keypolicy.Actions() {
		if a.InKeyPolicy {
			names = append(names, a.Name)
		}
	}
	return names
}

// grouped are the groups whose actions are told by name; "read" and "manage"
// take the others.
var grouped = []column{
	{"encrypt", []string{"kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"}},
	{"decrypt", []string{"kms:Decrypt", "kms:ReEncryptFrom"}},
	{"sign", []string{"kms:Sign", "kms:GenerateMac"}},
	{"verify", []string{"kms:Verify", "kms:VerifyMac"}},
	{"exchange", []string{"kms:Decapsulate", "kms:DeriveSharedSecret", "kms:Encapsulate"}},
	{"grant", []string{"kms:CreateGrant"}},
	{"policy", []string{"kms:PutKeyPolicy"}},
	{"delete", []string{"kms:DisableKey", "kms:ScheduleKeyDeletion"}},
}

// groups are all groups: each action that a key policy can allow is in one.
func groups() []column {
	manage, read := column{title: "manage"}, column{title: "read"}
	for _, a := range keypolicy.Actions() {
		named := slices.ContainsFunc(grouped, func(g column) bool { return slices.Contains(g.actions, a.Name) })
		switch {
		case named || !a.InKeyPolicy:
		case a.Access == keypolicy.Read || a.Access == keypolicy.List:
			read.actions = append(read.actions, a.Name)
		default:
			manage.actions = append(manage.actions, a.Name)
		}
	}
	return append(slices.Clone(grouped), manage, read)
}

func tablesText(tables []table, columns []column) string {
	var text strings.Builder
	for i := range tables {
		t := &tables[i]
		fmt.Fprintf(&text, "%s\n", t.subject.name)
		if t.subject.After.Whole {
			text.WriteString("  " + nothingKnown + "\n")
			continue
		}
		text.WriteString(t.grid(columns))
		text.WriteString(t.escalations("could give themselves more"))
	}
	if len(tables) > 0 {
		text.WriteString("yes: always; if: on a condition; ?: not known yet; some: some of the actions; -: no; blank: not with this key\n")
	}
	return text.String()
}

// grid is the table itself.
func (t *table) grid(columns []column) string {
	head := []string{"  principal"}
	for _, c := range columns {
		head = append(head, c.title)
	}
	rows := [][]string{head}
	for _, r := range t.Rows {
		cells := []string{"  " + r.Candidate.Name}
		for _, c := range columns {
			cells = append(cells, t.cell(r, c))
		}
		rows = append(rows, cells)
	}
	return aligned(rows)
}

// cell is a word for how surely the caller may do those of the column's actions
// that work on the key; "" if none does.
func (t *table) cell(row keypolicy.MatrixRow, c column) string {
	words := map[string]bool{}
	for _, name := range c.actions {
		if a, _ := keypolicy.LookUpAction(name); a.WorksOn(t.subject.Facts.Spec, t.subject.Facts.Usage) {
			words[word(row.Cells[slices.Index(t.Actions, name)])] = true
		}
	}
	switch {
	case len(words) < 2:
		return strings.Join(slices.Collect(maps.Keys(words)), "")
	case words["?"]:
		return "?"
	case words["-"]:
		return "some"
	}
	return "if"
}

func word(d keypolicy.Decision) string {
	switch {
	case d.Allowed():
		return "yes"
	case d.Verdict == keypolicy.Denied:
		return "-"
	case isConditional(d):
		return "if"
	}
	return "?"
}
