package keypolicy

// Policy is a parsed policy document. Make one with [Parse]; do not change it
// afterwards: statements hold compiled patterns.
type Policy struct {
	// Name says what the policy is in reasons, such as "key policy".
	Name string
	// Version is "2012-10-17", "2008-10-17" or "" (which means the older one).
	Version string
	// ID is the optional Id element.
	ID string
	// Statements in document order.
	Statements []Statement
}

// Effect of a statement.
type Effect string

// The two effects. Case matters in a policy document.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Statement is one statement of a policy. Of each pair Action/NotAction,
// Principal/NotPrincipal, Resource/NotResource at most one is set.
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    Principals
	NotPrincipal Principals
	Action       []string
	NotAction    []string
	Resource     []string
	NotResource  []string
	Condition    []Condition
	Position     Position

	index              int // in its policy
	actions, resources []pattern
	notActions         bool
	notResources       bool
}

// Principals is a Principal element: who a statement of a resource-based policy
// is about. Nil means the statement has none.
type Principals []PrincipalEntry

// PrincipalEntry is one value of a Principal element.
type PrincipalEntry struct {
	// Type is "AWS", "Service", "Federated" or "CanonicalUser". A bare "*" has
	// the type "AWS" and the value "*".
	Type string
	// Value is an ARN, a twelve-digit account, a unique id, a service name or "*".
	Value string

	account string // the account that Value names as a whole; "" for none
	unknown bool   // Value has a mark
}

// Condition is one operator applied to one key: all conditions of a statement
// must hold, and any of Values may match.
type Condition struct {
	// Operator as written, such as "ForAnyValue:StringEqualsIfExists".
	Operator string
	// Key as written, such as "kms:ViaService".
	Key string
	// Values as strings; JSON booleans and numbers are kept as written.
	Values []string
	// Position of the key in the document.
	Position Position

	compiled compiledCondition
}
