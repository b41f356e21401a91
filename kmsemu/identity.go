package kmsemu

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

const (
	defaultAccount   = "000000000000"
	defaultAccessKey = "test"
	// rootSecret is the secret of every account's root user: the emulator guards
	// nothing, and tools made for LocalStack send it.
	rootSecret = "test"
	// globalRegion is that of requests that are signed for none.
	globalRegion = "us-east-1"
)

var accountPattern = lazyregexp.New(`^[0-9]{12}$`)

// isAccount is accountPattern for the names in every call.
func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// identity is an authenticated caller.
type identity struct {
	account   string
	accessKey string
	principal keypolicy.Principal
	user      *user    // whose credentials these are; nil for a root user or role
	session   *session // nil for long-term credentials
	// described is what the trail says of a caller that is no principal of IAM; nil
	// otherwise.
	described *UserIdentity
}

// authenticate finds out who sent a request and in which Region, and proves it by
// the signature. One operation takes a token of an identity provider instead.
func (s *Server) authenticate(c *call, r *http.Request) error {
	if carriesToken(r, c.body) {
		c.region, c.service = globalRegion, serviceSTS
		return nil
	}
	sig, err := s.scopes.readSignature(r)
	if err != nil {
		return err
	}
	// Not every client follows a clock that was turned forward, so the one that it
	// was turned from counts too. URLs have to expire by the turned one (K0113).
	if err := sig.checkTime(c.now); err != nil && (presigned(r) || sig.checkTime(s.clock.source()) != nil) {
		return err
	}
	caller, secret, err := s.identify(sig, c.now)
	if err != nil {
		return err
	}
	if err := sig.verify(r, c.body, s.signingKeys.of(secret, sig.credentialScope)); err != nil {
		return err
	}
	c.caller, c.region, c.service = caller, sig.region, sig.service
	return nil
}

// identify looks an access key up and returns its secret too.
func (s *Server) identify(sig *signature, now time.Time) (identity, string, error) {
	if account, ok := rootAccount(sig.accessKey); ok {
		return rootIdentity(account, sig.accessKey, sig.region), rootSecret, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// A key that was made inactive is like one that never was (K0405), and so is one
	// that is too new to be known (K0566).
	if k := s.state.accessKeys[sig.accessKey]; k != nil && k.active && sig.token == "" && now.Sub(k.created) >= time.Duration(s.consistency.IAM) {
		return identity{account: k.user.account, accessKey: k.id, principal: k.user.principal(), user: k.user}, k.secret, nil
	}
	live := s.state.sessions[sig.accessKey]
	if live == nil || live.token != sig.token || live.orphaned() {
		return identity{}, "", fail(unknownClient, "The security token included in the request is invalid.")
	}
	if !now.Before(live.expires) {
		return identity{}, "", fail(expiredToken, "The security token included in the request is expired")
	}
	return live.identity(), live.secret, nil
}

func rootAccount(accessKey string) (string, bool) {
	if accessKey == defaultAccessKey {
		return defaultAccount, true
	}
	return accessKey, isAccount(accessKey)
}

func rootIdentity(account, accessKey, region string) identity {
	return identity{account: account, accessKey: accessKey, principal: keypolicy.Principal{ARN: accountRoot(partition(region), account)}}
}

// rootPolicy stands for what a root user may do, where it needs to be a policy:
// for sessions that the root user made.
var rootPolicy = sync.OnceValue(func() *keypolicy.Policy {
	return renamed(awsManagedPolicy("arn:aws:iam::aws:policy/AdministratorAccess").current().policy, "account root")
})

// worldLocked are the policies that come with the caller. The root user has none:
// keypolicy knows that it may do everything in its account.
func (i *identity) worldLocked() keypolicy.World {
	var w keypolicy.World
	switch s := i.session; {
	case s != nil && s.role != nil:
		w.Identity, w.Boundary = s.role.policies(), s.role.boundaryPolicy()
	case i.user != nil:
		w.Identity, w.Boundary = i.user.allPolicies(), i.user.boundaryPolicy()
	case s != nil && s.kind == federatedSession:
		w.Identity = []*keypolicy.Policy{rootPolicy()}
	}
	if i.session != nil {
		for _, d := range i.session.policies {
			w.Session = append(w.Session, d.policy)
		}
	}
	return w
}

// conditions are the condition keys that every call of the caller has.
func (i *identity) conditions() keypolicy.Context {
	if i.session == nil {
		return nil
	}
	return i.session.conditions
}

// userID is the UserId of GetCallerIdentity: the account for a root user, the id
// of a user, and for sessions of roles and federated users a name besides.
func (i *identity) userID() string {
	switch {
	case i.session != nil && i.session.kind != userSession:
		return i.session.userID()
	case i.user != nil:
		return i.user.id
	}
	return i.account
}

// userIdentity describes the caller in the trail. Source: CloudTrail User Guide,
// "CloudTrail userIdentity element".
func (i *identity) userIdentity() UserIdentity {
	if i.described != nil {
		return *i.described
	}
	u := UserIdentity{Type: "Root", PrincipalID: i.userID(), ARN: i.principal.ARN, AccountID: i.account, AccessKeyID: i.accessKey}
	switch s := i.session; {
	case i.principal.ARN == "": // the caller of AssumeRoleWithWebIdentity, before its token is read
		return UserIdentity{Type: "WebIdentityUser"}
	case s != nil && s.kind == roleSession:
		u.Type = "AssumedRole"
		u.SessionContext = &SessionContext{SessionIssuer{Type: "Role", PrincipalID: s.role.id, ARN: s.role.arn, AccountID: s.role.account, UserName: s.role.name}}
	case s != nil && s.kind == federatedSession:
		u.Type = "FederatedUser"
		issuer := SessionIssuer{Type: "Root", PrincipalID: i.account, ARN: s.issuerARN, AccountID: i.account}
		if i.user != nil {
			issuer.Type, issuer.PrincipalID, issuer.UserName = "IAMUser", i.user.id, i.user.name
		}
		u.SessionContext = &SessionContext{issuer}
	case i.user != nil:
		u.Type, u.UserName = "IAMUser", i.user.name
	}
	return u
}

// origin is the caller's address and client.
type origin struct{ ip, userAgent string }

func requestOrigin(r *http.Request) origin {
	return origin{hostOf(r.RemoteAddr), r.UserAgent()}
}
