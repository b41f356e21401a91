package review

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/keypolicy/lint"
)

// lintOptions are the flags of keywright policy lint.
type lintOptions struct {
	inputs        []string
	mustPlan      bool
	kind          string
	account       string
	trusted       []string
	applier       string
	ignore        string
	severity      lint.Severity
	failOnUnknown bool
	config        string
	output        string
}

func (c *commands) lint() *cobra.Command {
	o := lintOptions{severity: lint.Info}
	cmd := &cobra.Command{
		Use:   "lint FILE|PLAN|-…",
		Short: "Judge key policies, IAM policies and planned keys by the rules",
		Long: `Lint judges policies by the rules that keywright rules lists. Of a plan it judges
every key with its policy, settings and grants, and every IAM policy. What an
input is, is told by its content.

What a plan leaves unknown is listed apart: rules are silent where their answer
hangs on it. The status is 2 if there are findings that no suppression covers.`,
		Example: `  keywright policy lint policy.json
  aws kms get-key-policy --key-id KEY --query Policy --output text | keywright policy lint -
  keywright policy lint plan.json --config . --format sarif --output keys.sarif

A file for --ignore:

  ignore "KP301" {
    address = "aws_kms_key.orders"
    sid     = "Backup"
    reason  = "the backup role creates grants for its own workers"
    until   = "2027-01-01"
  }`,
		Args: cobra.MinimumNArgs(1),
	}
	o.addFlags(cmd)
	f := addFormat(cmd, "text", "json", "sarif")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		o.inputs = args
		return c.runLint(&o, *f)
	}
	return cmd
}

func (o *lintOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&o.mustPlan, "plan", false, "refuse what is not a plan")
	o.kind = "key"
	flags.Var(&choice{&o.kind, []string{"key", "identity"}}, "kind", "what a policy file is: the policy of a key, or an identity's IAM policy")
	accountFlag(cmd, &o.account)
	flags.StringSliceVar(&o.trusted, "trusted", nil, "other `ACCOUNTS` that policies and grants may name, separated by commas")
	flags.StringVar(&o.applier, "applier", "", "`ARN` of the role or user that applies the policies: they must not lock it out")
	flags.StringVar(&o.ignore, "ignore", "", "`FILE` with suppressions")
	flags.TextVar(&o.severity, "severity", o.severity, "leave out what is less severe than this `SEVERITY`: critical, high, medium, low, info")
	flags.BoolVar(&o.failOnUnknown, "fail-on-unknown", false, "exit 2 too if something is known after apply only")
	flags.StringVar(&o.config, "config", "", "`DIR` of the root module that a plan was made from: findings then point at its files")
	flags.StringVar(&o.output, "output", "", "write the result to a `FILE`")
}

// lintResult is what was found.
type lintResult struct {
	findings []finding
	unknown  []unknownPlace
	rules    []lint.Rule
}

// finding is a finding with the place it is reported at.
type finding struct {
	lint.Finding
	place place
}

// unknownPlace is a statement of a plan, or a policy as a whole, that is known
// after apply.
type unknownPlace struct {
	lint.UnknownPlace
	place place
}

func (c *commands) runLint(o *lintOptions, f format) error {
	suppressions, err := readSuppressions(o.ignore)
	if err != nil {
		return err
	}
	judged, err := c.judged(o)
	if err != nil {
		return err
	}
	result := c.judge(judged, suppressions, o)
	text, err := result.render(f)
	if err != nil {
		return err
	}
	if err := c.write(text, o.output); err != nil {
		return err
	}
	if result.open() > 0 || o.failOnUnknown && len(result.unknown) > 0 {
		return c.Findings
	}
	return nil
}

// judge runs the rules. Findings come in the order of the inputs, those about
// suppressions last.
func (c *commands) judge(judged []judgedInput, suppressions []suppression, o *lintOptions) lintResult {
	result := lintResult{rules: lint.Rules()}
	places := map[string]*judgedInput{}
	var inputs []lint.Input
	for i := range judged {
		j := &judged[i]
		// The address ties findings to their input; of files it is the name.
		places[j.Address] = j
		for _, g := range j.Grants {
			places[g.Address] = j
		}
		inputs = append(inputs, j.Input)
		result.unknown = append(result.unknown, j.unknown()...)
	}
	for _, f := range lint.RunAll(inputs, c.Now(), withoutPlaces(suppressions)...) {
		if f.Severity > o.severity {
			continue
		}
		var at place
		if s := find(suppressions, f); s != nil {
			at = s.place
		} else if j := places[f.Address]; j != nil {
			at = j.placeOf(f)
		}
		result.findings = append(result.findings, finding{f, at})
	}
	return result
}

// open counts the findings that no suppression covers.
func (r *lintResult) open() int {
	n := 0
	for _, f := range r.findings {
		if f.Suppressed == nil {
			n++
		}
	}
	return n
}

// write writes the result to a file, or to standard output for "".
func (c *commands) write(text, file string) error {
	if file == "" {
		return c.print(text)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}
