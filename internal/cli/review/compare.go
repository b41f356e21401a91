package review

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/internal/plan"
	"github.com/keywright/keywright/keypolicy"
)

func (c *commands) compare() *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use:   "compare OLD NEW | compare PLAN",
		Short: "Tell whether a change of a key policy opens access, and to whom",
		Long: `Compare tells whether the new key policy gives equal, narrower or wider access
than the old one, or neither, and shows for each widening a request that was
denied and is now allowed. Of a plan it compares each key before and after.

It never says that there is no new access where there is some: what it cannot
decide is undecided. The status is 0 if the new policy is equal or narrower,
else 2.`,
		Example: `  keywright policy compare old.json new.json
  terraform show -json plan.bin | keywright policy compare -`,
		Args: cobra.RangeArgs(1, 2),
	}
	accountFlag(cmd, &account)
	f := addFormat(cmd, "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		subjects, err := c.pairs(args, account)
		if err != nil {
			return err
		}
		return c.compareAll(subjects, *f)
	}
	return cmd
}

func (c *commands) compareAll(subjects []subject, f format) error {
	var all []comparison
	opens := false
	for i := range subjects {
		one := compareSubject(&subjects[i])
		opens = opens || one.changed() && !one.Relation.NoNewAccess()
		all = append(all, one)
	}
	if err := c.printComparisons(all, f); err != nil {
		return err
	}
	if opens {
		return c.Findings
	}
	return nil
}

// pairs are the policies to compare: two files as one key, or a plan's keys.
func (c *commands) pairs(args []string, account string) ([]subject, error) {
	if len(args) == 2 {
		s, err := c.pair(args, account)
		return []subject{s}, err
	}
	d, err := c.load(args[0])
	if err != nil {
		return nil, err
	}
	if !plan.Is(d.src) {
		return nil, fmt.Errorf("%s is not a plan: name the old policy and the new one, or one plan", d.name)
	}
	p, err := plan.Read(d.name, d.src, account)
	if err != nil {
		return nil, err
	}
	return c.planned(d.name, p)
}

func (c *commands) pair(args []string, account string) (subject, error) {
	if err := checkAccount(account); err != nil {
		return subject{}, err
	}
	if args[0] == "-" && args[1] == "-" {
		return subject{}, errors.New("only one of the policies can come from standard input")
	}
	var policies [2]*plan.Policy
	for i, name := range args {
		d, err := c.load(name)
		if err != nil {
			return subject{}, err
		}
		if plan.Is(d.src) {
			return subject{}, fmt.Errorf("%s is a plan: name it alone, to compare its keys before and after", d.name)
		}
		policy, err := keypolicy.Parse(d.name, d.src)
		if err != nil {
			return subject{}, err
		}
		policies[i] = &plan.Policy{Policy: policy}
	}
	name := policies[0].Name + " → " + policies[1].Name
	s := subject{name: name, Key: plan.Key{Account: account, Before: policies[0], After: policies[1]}}
	return s, s.findAccount()
}

// comparison is what came of one key.
type comparison struct {
	keypolicy.Comparison
	subject *subject
}

// changed reports whether there is a policy on both sides: a key that is made
// or deleted has no access to compare.
func (c *comparison) changed() bool { return c.subject.Before != nil && c.subject.After != nil }

func compareSubject(s *subject) comparison {
	made := comparison{subject: s}
	switch {
	case !made.changed():
	case s.After.Whole:
		made.Undecided = []string{nothingKnown}
	default:
		made.Comparison = keypolicy.Compare(s.Before.Policy, s.After.Policy, s.scope())
	}
	return made
}

// outcome is the relation in a word.
func (c *comparison) outcome() string {
	switch {
	case c.subject.Before == nil:
		return "created"
	case c.subject.After == nil:
		return "deleted"
	}
	return c.Relation.String()
}

// explanations of the outcomes.
var explanations = map[string]string{
	"created":   "the plan makes the key",
	"deleted":   "the plan deletes the key",
	"equal":     "no access is new, none is gone",
	"narrower":  "no access is new, some is gone",
	"wider":     "some access is new, none is gone",
	"neither":   "some access is new, some is gone",
	"undecided": "it could not be told whether access is new",
}

func (c *commands) printComparisons(all []comparison, f format) error {
	if f == "json" {
		return c.printJSON(newComparisonsJSON(all))
	}
	var text strings.Builder
	for i := range all {
		all[i].write(&text)
	}
	return c.print(text.String())
}

func (c *comparison) write(text *strings.Builder) {
	fmt.Fprintf(text, "%s: %s: %s\n", c.subject.name, c.outcome(), explanations[c.outcome()])
	for _, w := range c.Widened {
		text.WriteString(c.subject.witnessText("+", w, true))
	}
	for _, w := range c.Narrowed {
		text.WriteString(c.subject.witnessText("-", w, true))
	}
	for _, why := range c.Undecided {
		fmt.Fprintf(text, "  ? %s\n", why)
	}
}

// comparisonJSON is a comparison as JSON.
type comparisonJSON struct {
	Key       string        `json:"key"`
	Account   string        `json:"account"`
	Outcome   string        `json:"outcome"`
	Widened   []witnessJSON `json:"widened"`
	Narrowed  []witnessJSON `json:"narrowed"`
	Undecided []string      `json:"undecided"`
}

func newComparisonsJSON(all []comparison) []comparisonJSON {
	made := []comparisonJSON{}
	for _, c := range all {
		made = append(made, comparisonJSON{
			c.subject.name, c.subject.Account, c.outcome(),
			newWitnessesJSON(c.Widened), newWitnessesJSON(c.Narrowed), append([]string{}, c.Undecided...),
		})
	}
	return made
}
