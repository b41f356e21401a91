package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/keywright/keywright/harness/backend"
)

// Matrix says who may do what with a key.
type Matrix struct {
	// Key is its ARN.
	Key string
	// EncryptionContext goes with every cryptographic call on a symmetric encryption
	// key; nil for none.
	EncryptionContext map[string]string
	// Makers may make what calls of the rows take, beside the rows themselves: a
	// ciphertext that a stranger must not decrypt, say.
	Makers []*Identity
	// Partial leaves out what takes an input that nobody here could make, such as
	// Decrypt where nobody may Encrypt. Without it that is an error.
	Partial bool
	// Rows has one row for each identity.
	Rows []Row
}

// Row is one identity's part of a [Matrix]. Every action of [ActionsOn] that
// neither Allow nor Either lists must be refused.
type Row struct {
	Identity *Identity
	Allow    []Action
	// Either are actions of which both is right.
	Either []Action
	// Stranger declares that the identity may do nothing. Without it a row that
	// allows nothing is an error: a role that was misnamed in the policy would
	// pass as one that is rightly kept out.
	Stranger bool
}

// Result is one cell of the matrix.
type Result struct {
	Role   string // the identity's name
	Action Action
	Want   bool   // true for allowed
	Either bool   // Want does not count
	Got    bool   // true for allowed
	Reason string // what decided, on a [backend.Auditor]; else ""
	Err    error  // the call was neither allowed nor denied, or could not be undone
}

// OK reports whether the cell is as wanted.
func (r Result) OK() bool { return r.Err == nil && (r.Either || r.Want == r.Got) }

// String is the cell on one line.
func (r Result) String() string {
	line := fmt.Sprintf("%s %s: want %s, got %s", r.Role, r.Action, allowed(r.Want), allowed(r.Got))
	if r.Reason != "" {
		line += ": " + r.Reason
	}
	if r.Err != nil {
		line += fmt.Sprintf(": %v", r.Err)
	}
	return line
}

func allowed(yes bool) string {
	if yes {
		return "allowed"
	}
	return "denied"
}

// Access makes every call of the matrix, each as its identity, and returns one
// result for each, row by row. What an allowed call changed is put back by the
// deployer. The error says why the matrix could not be probed at all:
// [ErrNotEnforced], a row that proves nothing, or a key whose present state the
// deployer can't read and so could not restore.
func Access(ctx context.Context, b backend.Backend, m Matrix) ([]Result, error) {
	if !b.Enforces() {
		return nil, fmt.Errorf("%s: %w", b.Name(), ErrNotEnforced)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	deployer := kms.NewFromConfig(b.Config())
	var s *subject
	err := backend.Settle(ctx, m.Rows[0].Identity.backend, passes, func() (err error) {
		s, err = m.subject(ctx, deployer)
		return err
	})
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, row := range m.Rows {
		results = append(results, row.tryAll(ctx, s, deployer)...)
	}
	return results, ctx.Err()
}

// tryAll makes the calls of a row, first those to be allowed: once they are, the
// policies of the identity count, and no denial comes from their being too new.
func (r Row) tryAll(ctx context.Context, s *subject, deployer *kms.Client) []Result {
	tried := map[Action]Result{}
	settled := false
	for _, allow := range []bool{true, false} {
		for _, v := range verbs {
			if slices.Contains(r.Allow, v.action) != allow || !v.possible(s) {
				continue
			}
			try := func() error {
				tried[v.action] = r.try(ctx, v, s, deployer)
				if !tried[v.action].OK() {
					return errUnsettled
				}
				return nil
			}
			if settled {
				_ = try() // the result has it
				continue
			}
			// What has once not passed in time, others need not wait for.
			settled = backend.Settle(ctx, r.Identity.backend, isUnsettled, try) != nil
		}
	}
	var results []Result
	for _, v := range verbs {
		if result, ok := tried[v.action]; ok {
			results = append(results, result)
		}
	}
	return results
}

// errUnsettled says that a cell is not as wanted, and may become so.
var errUnsettled = errors.New("not as wanted")

func isUnsettled(err error) bool { return errors.Is(err, errUnsettled) }

// possible reports whether the call can succeed on the key and there is what it
// takes.
func (v verb) possible(s *subject) bool {
	return v.action.worksOn(s.meta) && (v.needs == "" || s.inputs[v.needs] != nil)
}

// check refuses a matrix that would pass without proving anything.
func (m Matrix) check() error {
	if len(m.Rows) == 0 {
		return errors.New("access matrix: it has no rows")
	}
	known := make([]Action, len(verbs))
	for i, v := range verbs {
		known[i] = v.action
	}
	for _, row := range m.Rows {
		if len(row.Allow)+len(row.Either) == 0 && !row.Stranger {
			return fmt.Errorf("access matrix: %s is allowed nothing: allow an action, or declare a stranger", row.Identity.Name)
		}
		if len(row.Allow) > 0 && row.Stranger {
			return fmt.Errorf("access matrix: %s is declared a stranger, yet allowed %v", row.Identity.Name, row.Allow)
		}
		for _, action := range slices.Concat(row.Allow, row.Either) {
			if !slices.Contains(known, action) {
				return fmt.Errorf("access matrix: %s: action %q is not probed: use one of %v", row.Identity.Name, action, known)
			}
		}
	}
	return nil
}

// subject reads what the calls need. The deployer can read it in every module
// that Terraform manages, since Terraform's refresh reads the same.
func (m Matrix) subject(ctx context.Context, deployer *kms.Client) (*subject, error) {
	s := &subject{key: m.Key, context: m.EncryptionContext, inputs: map[input][]byte{}}
	described, err := deployer.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &m.Key})
	if err != nil {
		return nil, fmt.Errorf("access matrix: reading the key: %w", err)
	}
	s.meta = described.KeyMetadata
	if s.meta.KeySpec != types.KeySpecSymmetricDefault {
		s.context = nil // no other keys take one
	}
	policy, err := deployer.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &m.Key})
	if err != nil {
		return nil, fmt.Errorf("access matrix: reading the policy to restore: %w", err)
	}
	s.policy = aws.ToString(policy.Policy)
	s.rotation, err = deployer.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &m.Key})
	if err != nil {
		return nil, fmt.Errorf("access matrix: reading the rotation to restore: %w", err)
	}
	for _, maker := range makers {
		if !maker.action.worksOn(s.meta) {
			continue
		}
		if s.inputs[maker.input], err = m.make(ctx, maker, s, deployer); err != nil && !m.Partial {
			return nil, err
		}
	}
	return s, nil
}

// make makes an input as whoever may: the rows that should or could, then
// the makers and the deployer.
func (m Matrix) make(ctx context.Context, maker maker, s *subject, deployer *kms.Client) ([]byte, error) {
	var clients []*kms.Client
	for _, row := range m.Rows {
		if slices.Contains(row.Allow, maker.action) || slices.Contains(row.Either, maker.action) {
			clients = append(clients, row.Identity.KMS)
		}
	}
	for _, id := range m.Makers {
		clients = append(clients, id.KMS)
	}
	var errs []error
	for _, client := range append(clients, deployer) {
		made, err := maker.make(ctx, client, s)
		if err == nil {
			return made, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("access matrix: nobody could make a %s to go on with: %w", maker.input, errors.Join(errs...))
}

func (r Row) try(ctx context.Context, v verb, s *subject, deployer *kms.Client) Result {
	result := Result{Role: r.Identity.Name, Action: v.action, Want: slices.Contains(r.Allow, v.action), Either: slices.Contains(r.Either, v.action)}
	err := v.call(ctx, r.Identity.KMS, s)
	if decision, ok := lastDecision(r.Identity, string(v.action)); ok && len(decision.Reasons) > 0 {
		result.Reason = decision.Reasons[0].String()
	}
	switch {
	case isAccessDenied(err):
	case err != nil:
		result.Err = fmt.Errorf("neither allowed nor denied: %w", err)
	default:
		result.Got = true
		if v.undo != nil {
			result.Err = wrap(v.undo(ctx, deployer, s), "putting the key back")
		}
	}
	return result
}

func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
