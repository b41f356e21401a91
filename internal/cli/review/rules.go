package review

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/keypolicy/lint"
)

//go:generate sh -c "go run github.com/keywright/keywright/cmd/keywright rules --format markdown > ../../../docs/rules.md"

func (c *commands) rules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules [ID…]",
		Short: "List the rules of policy lint, or explain some",
		Long: `Rules lists the rules that policy lint judges by. With ids it explains them: why,
where the demand comes from, what to do, what is flagged and what to write
instead.`,
		Example: `  keywright rules
  keywright rules KP301
  keywright rules --format markdown > docs/rules.md`,
	}
	f := addFormat(cmd, "text", "json", "markdown")
	cmd.RunE = func(_ *cobra.Command, ids []string) error {
		rules, err := rulesNamed(ids)
		if err != nil {
			return err
		}
		switch {
		case *f == "json":
			return c.printJSON(rules)
		case *f == "markdown":
			return c.print(rulesMarkdown(rules))
		case len(ids) > 0:
			return c.print(explained(rules))
		}
		return c.print(listed(rules))
	}
	return cmd
}

// rulesNamed are the rules with the ids, or all.
func rulesNamed(ids []string) ([]lint.Rule, error) {
	if len(ids) == 0 {
		return lint.Rules(), nil
	}
	var rules []lint.Rule
	for _, id := range ids {
		rule, ok := lint.LookUp(strings.ToUpper(id))
		if !ok {
			var known []string
			for _, r := range lint.Rules() {
				known = append(known, r.ID)
			}
			return nil, fmt.Errorf("there is no rule %q%s; keywright rules lists them", id, suggestion(id, known))
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func listed(rules []lint.Rule) string {
	var rows [][]string
	for _, r := range rules {
		rows = append(rows, []string{r.ID, r.Severity.String(), r.Title})
	}
	return aligned(rows)
}

func explained(rules []lint.Rule) string {
	var parts []string
	for _, r := range rules {
		parts = append(parts, fmt.Sprintf("%s (%s): %s\n\nWhy: %s\nSource: %s\nRemedy: %s\n\nFlagged:\n%s\n\nInstead:\n%s\n",
			r.ID, r.Severity, r.Title, r.Rationale, r.Source, r.Remedy, indented(r.Bad), indented(r.Good)))
	}
	return strings.Join(parts, "\n")
}

func indented(e lint.Example) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(e.String()), "\n", "\n  ")
}

// families are what the first letters of an id stand for.
var families = []struct{ prefix, name, title string }{
	{"KP", "key-policy", "Key policies"},
	{"KR", "key-settings", "Settings of keys"},
	{"KI", "iam-policy", "IAM policies"},
	{"KX", "suppression", "Suppressions"},
}

func family(id string) string {
	for _, f := range families {
		if strings.HasPrefix(id, f.prefix) {
			return f.name
		}
	}
	return "other"
}

// rulesMarkdown is the page docs/rules.md.
func rulesMarkdown(rules []lint.Rule) string {
	var text strings.Builder
	text.WriteString("# Rules\n\nWhat `keywright policy lint` judges by. Made by `keywright rules --format markdown`; do not edit.\n")
	for _, f := range families {
		title := "\n## " + f.title + "\n"
		for _, r := range rules {
			if strings.HasPrefix(r.ID, f.prefix) {
				text.WriteString(title + "\n### " + r.ID + "\n\n" + ruleMarkdown(r))
				title = ""
			}
		}
	}
	return text.String()
}

func ruleMarkdown(r lint.Rule) string {
	return fmt.Sprintf("**%s** (%s)\n\n%s\n\nRemedy: %s.\n\nFlagged:\n\n```json\n%s\n```\n\nInstead:\n\n```json\n%s\n```\n\nSource: %s.\n",
		prose(r.Title), r.Severity, prose(r.Rationale), prose(r.Remedy), strings.TrimSpace(r.Bad.String()), strings.TrimSpace(r.Good.String()), prose(r.Source))
}

// prose keeps the wildcards of policies from being read as emphasis.
func prose(text string) string { return strings.ReplaceAll(text, "*", `\*`) }
