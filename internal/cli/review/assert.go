package review

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/keypolicy"
)

// assertOptions are the flags of keywright policy assert.
type assertOptions struct {
	account       string
	noAccess      []string
	nobodyOutside []string
	only          []string
}

func (c *commands) assert() *cobra.Command {
	var o assertOptions
	cmd := &cobra.Command{
		Use:   "assert FILE|PLAN|-",
		Short: "Prove claims about who has no access",
		Long: `Assert proves claims about a key policy, or about every key policy after a plan,
whatever IAM policies there are. Each claim is a flag that may be repeated.
Principals may have wildcards; twelve digits are all of an account.

The status is 0 if every claim holds, 2 if one does not or cannot be decided.`,
		Example: `  keywright policy assert policy.json --nobody-outside 111122223333
  keywright policy assert plan.json --no-access 'arn:aws:iam::111122223333:role/ci-*:kms:Decrypt'
  keywright policy assert policy.json --only kms:Decrypt=arn:aws:iam::111122223333:role/app,111122223333`,
		Args: cobra.ExactArgs(1),
	}
	accountFlag(cmd, &o.account)
	cmd.Flags().StringArrayVar(&o.noAccess, "no-access", nil, "`PRINCIPAL:ACTION`: the principal may not call the action")
	cmd.Flags().StringArrayVar(&o.nobodyOutside, "nobody-outside", nil, "`ACCOUNT`: nobody of another account has access")
	cmd.Flags().StringArrayVar(&o.only, "only", nil, "`ACTION=PRINCIPAL,…`: nobody else may call the action")
	f := addFormat(cmd, "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		assertions, err := o.assertions()
		if err != nil {
			return err
		}
		subjects, err := c.subjects(args[0], o.account)
		if err != nil {
			return err
		}
		return c.conclude(prove(subjects, assertions), *f)
	}
	return cmd
}

func (c *commands) conclude(proofs []proof, f format) error {
	if err := c.printProofs(proofs, f); err != nil {
		return err
	}
	for _, p := range proofs {
		if !p.Holds {
			return c.Findings
		}
	}
	return nil
}

func (o *assertOptions) assertions() ([]keypolicy.Assertion, error) {
	var all []keypolicy.Assertion
	var errs []error
	for _, text := range o.noAccess {
		principal, action, err := splitPermission(text)
		errs = append(errs, err)
		all = append(all, keypolicy.NoAccess(principal, action))
	}
	for _, account := range o.nobodyOutside {
		if account == "" || checkAccount(account) != nil {
			errs = append(errs, fmt.Errorf("--nobody-outside %q is no account: write its twelve digits", account))
		}
		all = append(all, keypolicy.NobodyOutside(account))
	}
	for _, text := range o.only {
		action, principals, found := strings.Cut(text, "=")
		if !found {
			errs = append(errs, fmt.Errorf("--only %q names no principal: write ACTION=PRINCIPAL,PRINCIPAL", text))
			continue
		}
		action, err := actionPattern(action)
		errs = append(errs, err)
		all = append(all, keypolicy.OnlyThese(action, strings.Split(principals, ",")...))
	}
	if len(all) == 0 && errors.Join(errs...) == nil {
		errs = append(errs, errors.New("there is nothing to assert: pass --no-access, --nobody-outside or --only"))
	}
	return all, errors.Join(errs...)
}

// splitPermission takes PRINCIPAL:ACTION apart; the action may begin with kms:.
func splitPermission(text string) (principal, action string, err error) {
	end := strings.LastIndexByte(text, ':')
	if end < 0 {
		return "", "", fmt.Errorf("--no-access %q names no action: write PRINCIPAL:ACTION", text)
	}
	action, err = actionPattern(text[end+1:])
	return strings.TrimSuffix(text[:end], ":kms"), action, err
}

// actionPattern is an action, or a pattern of actions, with its prefix.
func actionPattern(name string) (string, error) {
	if strings.ContainsAny(name, "*?") {
		return "kms:" + strings.TrimPrefix(name, "kms:"), nil
	}
	action, err := actionNamed(name)
	return action.Name, err
}

// proof is what came of one claim about one key.
type proof struct {
	keypolicy.AssertionResult
	assertion keypolicy.Assertion
	subject   *subject
}

func prove(subjects []subject, assertions []keypolicy.Assertion) []proof {
	var proofs []proof
	for i := range subjects {
		s := &subjects[i]
		if s.After == nil { // the key goes
			continue
		}
		for _, a := range assertions {
			result := keypolicy.AssertionResult{Undecided: []string{nothingKnown}}
			if !s.After.Whole {
				result = keypolicy.Assert(s.After.Policy, s.scope(), a)
			}
			proofs = append(proofs, proof{result, a, s})
		}
	}
	return proofs
}

// outcome is the result in words.
func (p *proof) outcome() string {
	switch {
	case p.Holds:
		return "holds"
	case len(p.Counterexamples) > 0:
		return "does not hold"
	}
	return "undecided"
}

func (c *commands) printProofs(proofs []proof, f format) error {
	if f == "json" {
		return c.printJSON(newProofsJSON(proofs))
	}
	var text strings.Builder
	for _, p := range proofs {
		fmt.Fprintf(&text, "%s: %s: %s\n", p.subject.name, p.outcome(), p.assertion)
		for _, w := range p.Counterexamples {
			text.WriteString(p.subject.witnessText("!", w, false))
		}
		for _, why := range p.Undecided {
			fmt.Fprintf(&text, "  ? %s\n", why)
		}
	}
	return c.print(text.String())
}

// proofJSON is a proof as JSON.
type proofJSON struct {
	Key             string        `json:"key"`
	Account         string        `json:"account"`
	Assertion       string        `json:"assertion"`
	Outcome         string        `json:"outcome"`
	Counterexamples []witnessJSON `json:"counterexamples"`
	Undecided       []string      `json:"undecided"`
}

func newProofsJSON(proofs []proof) []proofJSON {
	made := []proofJSON{}
	for _, p := range proofs {
		made = append(made, proofJSON{
			p.subject.name, p.subject.Account, p.assertion.String(), p.outcome(),
			newWitnessesJSON(p.Counterexamples), append([]string{}, p.Undecided...),
		})
	}
	return made
}
