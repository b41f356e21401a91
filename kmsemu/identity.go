package kmsemu

import (
	"net/http"
	"regexp"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

const (
	defaultAccount   = "000000000000"
	defaultAccessKey = "test"
	// rootSecret is the secret of every account's root user: the emulator guards
	// nothing, and tools made for LocalStack send it.
	rootSecret = "test"
)

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// identity is an authenticated caller.
type identity struct {
	account   string
	accessKey string
	principal keypolicy.Principal
	session   *session // nil for the root user
}

// session is what AssumeRole made.
type session struct {
	accessKey string
	secret    string
	token     string
	role      *role
	name      string
	arn       string
	policies  []*keypolicy.Policy // session policies
	tags      map[string]string
	expires   time.Time
}

// authenticate finds out who sent a request and in which Region, and proves it by
// the signature.
func (s *Server) authenticate(c *call, r *http.Request) error {
	sig, err := readSignature(r)
	if err != nil {
		return err
	}
	if err := sig.checkTime(c.now); err != nil {
		return err
	}
	caller, secret, err := s.identify(sig, c.now)
	if err != nil {
		return err
	}
	if err := sig.verify(r, c.body, secret); err != nil {
		return err
	}
	c.caller, c.region, c.service = caller, sig.region, sig.service
	return nil
}

// identify looks an access key up and returns its secret too.
func (s *Server) identify(sig *signature, now time.Time) (identity, string, error) {
	if account, ok := rootAccount(sig.accessKey); ok {
		arn := "arn:" + partition(sig.region) + ":iam::" + account + ":root"
		return identity{account: account, accessKey: sig.accessKey, principal: keypolicy.Principal{ARN: arn}}, rootSecret, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// A role that was deleted takes its sessions with it (K0108).
	live := s.state.sessions[sig.accessKey]
	if live == nil || live.token != sig.token || live.role.deleted {
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
	return accessKey, accountPattern.MatchString(accessKey)
}

func (s *session) identity() identity {
	return identity{
		account:   s.role.account,
		accessKey: s.accessKey,
		session:   s,
		principal: keypolicy.Principal{ARN: s.arn, RoleARN: s.role.arn, UniqueID: s.role.id, Tags: s.principalTags()},
	}
}

// principalTags are the role's tags under those of the session (K0110).
func (s *session) principalTags() map[string]string {
	tags := make(map[string]string, len(s.role.tags)+len(s.tags))
	for _, from := range []map[string]string{s.role.tags, s.tags} {
		for name, value := range from {
			tags[name] = value
		}
	}
	return tags
}

// policiesLocked are the caller's identity policies and session policies. The
// root user has neither: keypolicy knows that it may do everything in its account.
func (i *identity) policiesLocked() (identityPolicies, sessionPolicies []*keypolicy.Policy) {
	if i.session == nil {
		return nil, nil
	}
	return i.session.role.policies(), i.session.policies
}

// userID is the UserId of GetCallerIdentity: the account for a root user, the
// role's id and the session's name for a session.
func (i *identity) userID() string {
	if i.session == nil {
		return i.account
	}
	return i.session.userID()
}

func (s *session) userID() string { return s.role.id + ":" + s.name }

// userIdentity describes the caller in the trail.
func (i *identity) userIdentity() UserIdentity {
	u := UserIdentity{Type: "Root", PrincipalID: i.userID(), ARN: i.principal.ARN, AccountID: i.account, AccessKeyID: i.accessKey}
	if i.session != nil {
		u.Type = "AssumedRole"
		r := i.session.role
		u.SessionContext = &SessionContext{SessionIssuer{Type: "Role", PrincipalID: r.id, ARN: r.arn, AccountID: r.account, UserName: r.name}}
	}
	return u
}

// requestOrigin is the caller's address and client.
func requestOrigin(r *http.Request) (ip, userAgent string) {
	return hostOf(r.RemoteAddr), r.UserAgent()
}
