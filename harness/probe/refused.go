package probe

import (
	"context"
	"errors"
	"fmt"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/keywright/keywright/harness/backend"
	"github.com/keywright/keywright/keypolicy"
	"github.com/keywright/keywright/kmsemu"
)

// ErrNotEnforced says that a denial was asked of a backend that allows
// everything, where it would prove nothing.
var ErrNotEnforced = errors.New("the backend does not enforce policies")

// accessDenied is the code of a denial. Source: KMS API Reference, Common Errors.
const accessDenied = "AccessDeniedException"

// Passes reports whether a failed call may succeed once changes count, on a backend
// that is [backend.Eventual]: the policies that allow it, or the key itself, may be
// too new. Source: KMS Developer Guide, "AWS KMS eventual consistency".
func Passes(err error) bool { return passes(err) }

var passes = backend.Codes(accessDenied, notFound)

const notFound = "NotFoundException"

// notYetRefused is Passes for a call that is to be denied.
func notYetRefused(err error) bool {
	return errors.Is(err, errAllowed) || backend.Codes(notFound)(err)
}

// Call is an API call to be made as some identity.
type Call func(ctx context.Context, client *kms.Client) error

// Refused makes the call as id and returns nil if it was denied with
// AccessDeniedException, nothing else: a wrong parameter or a missing key
// refuses too, and proves nothing. The reason is what decided, if the backend
// is a [backend.Auditor], else "". Where changes take a while to count, prove first
// what the role may do: until its policies count, everything is denied.
func Refused(ctx context.Context, id *Identity, call Call) (reason string, err error) {
	if !id.backend.Enforces() {
		return "", fmt.Errorf("%s: %w", id.backend.Name(), ErrNotEnforced)
	}
	err = backend.Settle(ctx, id.backend, notYetRefused, func() error { return orAllowed(call(ctx, id.KMS)) })
	if errors.Is(err, errAllowed) {
		return "", fmt.Errorf("%s was allowed, want %s%s", id.ARN, accessDenied, because(id))
	}
	if !isAccessDenied(err) {
		return "", fmt.Errorf("%s: want %s, got: %w", id.ARN, accessDenied, err)
	}
	if _, audited := id.backend.(backend.Auditor); !audited {
		return "", nil
	}
	decision, ok := decisionOn(id, err)
	if !ok || decision.Allowed() || len(decision.Reasons) == 0 {
		return "", fmt.Errorf("%s was denied, but the audit trail has no reason for it", id.ARN)
	}
	return decision.Reasons[0].String(), nil
}

func isAccessDenied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == accessDenied
}

// decisionOn returns the decision on the call that ended with err, whatever else the
// identity's session calls meanwhile.
func decisionOn(id *Identity, err error) (keypolicy.Decision, bool) {
	var answer *awshttp.ResponseError
	auditor, ok := id.backend.(backend.Auditor)
	if !ok || !errors.As(err, &answer) {
		return keypolicy.Decision{}, false
	}
	for _, e := range auditor.Events() {
		if e.RequestID == answer.ServiceRequestID() && e.Decision != nil {
			return *e.Decision, true
		}
	}
	return keypolicy.Decision{}, false
}

// lastDecision returns the last decision on a call of the identity's session;
// event "" means any. The second result is false when the backend keeps no
// audit trail or the last such call was not decided by policies.
func lastDecision(id *Identity, event string) (keypolicy.Decision, bool) {
	auditor, ok := id.backend.(backend.Auditor)
	if !ok {
		return keypolicy.Decision{}, false
	}
	var last kmsemu.Event
	for _, e := range auditor.Events() {
		if e.UserIdentity.ARN == id.ARN && (event == "" || e.EventName == event) {
			last = e
		}
	}
	if last.Decision == nil {
		return keypolicy.Decision{}, false
	}
	return *last.Decision, true
}

// because is what decided the identity's last call, as the tail of a sentence.
func because(id *Identity) string {
	decision, ok := lastDecision(id, "")
	if !ok || len(decision.Reasons) == 0 {
		return ""
	}
	return ": " + decision.Reasons[0].String()
}
