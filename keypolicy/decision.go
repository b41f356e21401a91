package keypolicy

import "fmt"

// Verdict is the answer to a request. The zero value denies, so a decision
// nobody filled in fails closed.
type Verdict uint8

const (
	// Denied means that an explicit Deny matched, or nothing allowed the request.
	Denied Verdict = iota
	// Allowed means that no Deny matched and every policy that must allow did.
	Allowed
	// Unknown means that it depends on something nobody knows yet: see
	// [Decision].HangsOn.
	Unknown
)

var verdictNames = [...]string{"denied", "allowed", "unknown"}

// String returns "denied", "allowed" or "unknown".
func (v Verdict) String() string { return verdictNames[v] }

// MarshalText is String.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Source is the kind of policy a statement belongs to.
type Source uint8

const (
	// ResourcePolicy is the policy attached to the resource: a key policy, or
	// a role's trust policy for sts:AssumeRole.
	ResourcePolicy Source = iota
	// IdentityPolicy is an IAM policy attached to the caller.
	IdentityPolicy
	// PermissionsBoundary caps what the caller's identity policies may allow.
	PermissionsBoundary
	// SessionPolicy caps what a session made by AssumeRole may do.
	SessionPolicy
	// ServiceControlPolicy caps what the principals of an account may do.
	ServiceControlPolicy
	// ResourceControlPolicy caps what may be done with the resources of an
	// account.
	ResourceControlPolicy
	// VPCEndpointPolicy caps what goes through a VPC endpoint.
	VPCEndpointPolicy
	// KeyGrant is a grant: it allows beside the key policy and never denies.
	KeyGrant

	sources // how many there are
)

var sourceNames = [sources]string{
	"resource-based policy", "identity-based policy", "permissions boundary", "session policy",
	"service control policy", "resource control policy", "VPC endpoint policy", "grant",
}

// String names the source as AWS does in its denial texts, such as
// "resource-based policy".
func (s Source) String() string { return sourceNames[s] }

// MarshalText is String.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Decision is what [Evaluate] found.
type Decision struct {
	// Verdict is the answer.
	Verdict Verdict
	// Explicit is true when a Deny statement matched; a denial that is not
	// explicit is the default one: nothing allowed the request.
	Explicit bool
	// Source is the kind of policy that decided: of the Deny or the Allow that
	// matched, or, for an implicit denial, of the policy whose Allow is
	// missing. AWS names this kind in its denial text.
	Source Source
	// HangsOn names, for an unknown verdict, what it depends on: marks, and
	// condition keys that the request leaves open. Sorted.
	HangsOn []string
	// Reasons lists the deciding statement first, then, for a denial, the
	// statements that came nearest and what they lacked.
	Reasons []Reason
}

// Allowed reports whether the verdict is [Allowed].
func (d Decision) Allowed() bool { return d.Verdict == Allowed }

// Reason is one statement's part in a decision, or the lack of one.
type Reason struct {
	// Source is the kind of policy.
	Source Source
	// Policy is the policy's Name, such as "key policy" or "inline policy app".
	Policy string
	// Sid of the statement; "" if it has none.
	Sid string
	// Statement is the statement's index in its policy, from 0; -1 when the
	// reason is that no statement applies.
	Statement int
	// Position of the statement in the policy's text; zero when Statement is -1.
	Position Position
	// Text says what the statement did, for a reviewer: "allows kms:Decrypt to
	// arn:aws:iam::111122223333:role/app", or what it lacked.
	Text string
}

// Where names the statement: policy, Sid or number, line and column.
func (r Reason) Where() string {
	if r.Statement < 0 {
		return r.Policy
	}
	name := fmt.Sprintf("statement %d", r.Statement+1)
	if r.Sid != "" {
		name = fmt.Sprintf("statement %q", r.Sid)
	}
	return fmt.Sprintf("%s, %s (line %d, column %d)", r.Policy, name, r.Position.Line, r.Position.Column)
}

// String is Where and Text in one line.
func (r Reason) String() string { return r.Where() + ": " + r.Text }

// Position is a place in a policy's text. Line and Column start at 1; Column
// counts bytes.
type Position struct{ Line, Column int }
