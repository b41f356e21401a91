package lint

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"

	"github.com/keywright/keywright/keypolicy"
)

// Rule is one thing that is looked for.
type Rule struct {
	// ID, such as "KP101". It never changes its meaning.
	ID string `json:"id"`
	// Title says in a few words what is wrong.
	Title string `json:"title"`
	// Severity of most findings; a finding's own may differ.
	Severity Severity `json:"severity"`
	// Rationale says why it matters.
	Rationale string `json:"rationale"`
	// Source is the document that the rule follows from.
	Source string `json:"source"`
	// Remedy says what to do.
	Remedy string `json:"remedy"`
	// Bad is flagged by this rule and no other; Good is what to write instead.
	Bad  Example `json:"bad"`
	Good Example `json:"good"`

	scope scope
	check func(*subject)
}

// scope says what a rule needs to run at all.
type scope uint8

const (
	onKeyPolicy scope = iota
	onAnyPolicy
	onIdentityPolicy
	onKey
	onGrants
	onSuppressions // judged by [RunAll] itself: such rules have no check
)

// suits reports whether the input has what a rule of the scope looks at.
func (s scope) suits(in *Input) bool {
	switch s {
	case onKeyPolicy:
		return in.Policy != nil && in.Kind == KeyPolicy
	case onAnyPolicy:
		return in.Policy != nil
	case onIdentityPolicy:
		return in.Policy != nil && in.Kind == IdentityPolicy
	case onKey:
		return in.Key != nil
	case onGrants:
		return len(in.Grants) > 0
	}
	return false
}

// table holds all rules, sorted by id. It is made when it is first needed: a program
// may have rules in it and never ask for one.
var table = sync.OnceValue(func() []Rule {
	return sorted(slices.Concat(
		grammarRules(), actionRules(), conditionRules(), presenceRules(), redundancyRules(),
		everyoneRules(), principalRules(), lockoutRules(), administrationRules(),
		grantRules(), serviceRules(), keyTypeRules(), settingsRules(), identityRules(), suppressionRules(),
	))
})

func sorted(rules []Rule) []Rule {
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

// Rules returns all rules, sorted by id.
func Rules() []Rule { return slices.Clone(table()) }

// LookUp finds a rule by its id; case matters.
func LookUp(id string) (Rule, bool) {
	i, found := slices.BinarySearchFunc(table(), id, func(r Rule, id string) int { return cmp.Compare(r.ID, id) })
	if !found {
		return Rule{}, false
	}
	return table()[i], true
}

// ExampleAccount owns the keys of the examples.
const ExampleAccount = "111122223333"

// Example is a small input for a rule: what it flags, or what it does not.
type Example struct {
	// Kind of Policy.
	Kind Kind `json:"-"`
	// Policy is a policy document; "" for none.
	Policy string `json:"policy,omitempty"`
	// Applier is the ARN of who applies the policy; "" for nobody in particular.
	Applier string `json:"applier,omitempty"`
	// Key, Grants and Suppressions go with the policy.
	Key          *Settings      `json:"key,omitempty"`
	Grants       []PlannedGrant `json:"grants,omitempty"`
	Suppressions []Suppression  `json:"suppressions,omitempty"`
	// Statement is the index of the statement that is flagged; -1 when it is the
	// policy as a whole, or no policy.
	Statement int `json:"-"`
}

// Input is the example as [Run] takes it, in the account [ExampleAccount].
func (e Example) Input() (Input, error) {
	in := Input{Kind: e.Kind, Account: ExampleAccount, Key: e.Key, Grants: e.Grants, Address: "aws_kms_key.example"}
	if e.Applier != "" {
		applier, err := keypolicy.ParsePrincipal(e.Applier)
		if err != nil {
			return Input{}, err
		}
		in.Applier = &applier
	}
	if e.Policy != "" {
		policy, err := keypolicy.Parse(e.Kind.String(), []byte(e.Policy))
		if err != nil {
			return Input{}, err
		}
		in.Policy, in.Document = policy, []byte(e.Policy)
	}
	return in, nil
}

// String shows the example as text: the policy, and as JSON what goes with it.
func (e Example) String() string {
	policy := e.Policy
	e.Policy = ""
	rest, err := json.MarshalIndent(e, "", "  ")
	switch {
	case err != nil || string(rest) == "{}":
		return policy
	case policy == "":
		return string(rest)
	}
	return policy + "\n" + string(rest)
}
