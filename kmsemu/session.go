package kmsemu

import (
	"maps"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// sessionKind is what a session makes of its holder.
type sessionKind uint8

const (
	// roleSession: AssumeRole and AssumeRoleWithWebIdentity.
	roleSession sessionKind = iota
	// userSession: GetSessionToken. The caller stays who it is.
	userSession
	// federatedSession: GetFederationToken.
	federatedSession
)

// session is a set of temporary credentials.
type session struct {
	kind      sessionKind
	accessKey string
	secret    string
	token     string
	role      *role // of a roleSession
	user      *user // of the others; nil if the root user made them
	account   string
	issuerARN string // of a federatedSession
	name      string // of the session or the federated user
	arn       string
	policies  []document // session policies
	tags      map[string]string
	// transitive are the tags that a session of another role takes over.
	transitive     map[string]string
	sourceIdentity string
	// conditions are the condition keys of every call of the session.
	conditions keypolicy.Context
	expires    time.Time
}

// orphaned reports whether the role or user of the session was deleted (K0108).
func (s *session) orphaned() bool {
	return s.role != nil && s.role.deleted || s.user != nil && s.user.deleted
}

func (s *session) identity() identity {
	i := identity{account: s.account, accessKey: s.accessKey, session: s, user: s.user}
	switch {
	case s.role != nil:
		i.account = s.role.account
		i.principal = keypolicy.Principal{ARN: s.arn, RoleARN: s.role.arn, UniqueID: s.role.id, Tags: s.principalTags(s.role.tags)}
	case s.kind == federatedSession:
		// A key policy that names the issuing user covers its federated users as
		// one that names a role covers its sessions: within the session policies
		// (K0422).
		i.principal = keypolicy.Principal{ARN: s.arn, RoleARN: s.issuerARN, Tags: s.principalTags(nil)}
		if s.user != nil {
			i.principal.RoleARN, i.principal.UniqueID = s.user.arn, s.user.id
			i.principal.Tags = s.principalTags(s.user.tags)
		}
	case s.user != nil:
		i.principal = s.user.principal()
	default:
		i.principal = keypolicy.Principal{ARN: s.arn}
	}
	return i
}

// principalTags are the tags of the role or user under those of the session
// (K0110).
func (s *session) principalTags(of map[string]string) map[string]string {
	if len(of)+len(s.tags) == 0 {
		return nil
	}
	tags := make(map[string]string, len(of)+len(s.tags))
	maps.Copy(tags, of)
	for name, value := range s.tags {
		sessionTags.remove(tags, name)
		tags[name] = value
	}
	return tags
}

// userID is the session's part of the UserId of GetCallerIdentity.
func (s *session) userID() string {
	if s.role != nil {
		return s.role.id + ":" + s.name
	}
	return s.account + ":" + s.name
}

// credentials are a session's credentials as the STS API shows them.
type credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      timestamp
}

func (s *session) credentials() credentials {
	return credentials{s.accessKey, s.secret, s.token, timestamp{s.expires}}
}

// start completes a session with credentials, whose access key begins with ASIA,
// and the condition keys of its calls, and lets it in.
func (c *call) start(s *session, seconds int) error {
	s.expires = c.now.Add(time.Duration(seconds) * time.Second).Truncate(time.Second)
	if s.conditions == nil {
		s.conditions = keypolicy.Context{}
	}
	s.conditions.Set("aws:TokenIssueTime", c.now.UTC().Format(time.RFC3339))
	// Temporary credentials always say whether there was a second factor, and
	// here there never is (K0425).
	s.conditions.Set("aws:MultiFactorAuthPresent", "false")
	if s.sourceIdentity != "" {
		s.conditions.Set("aws:SourceIdentity", s.sourceIdentity)
	}
	var err error
	if s.accessKey, err = newID(c.random, "ASIA", 16); err != nil {
		return err
	}
	if s.secret, err = newSecret(c.random, 30); err != nil {
		return err
	}
	if s.token, err = newSecret(c.random, 96); err != nil {
		return err
	}
	c.server.state.sessions[s.accessKey] = s
	c.server.state.changes.note(s)
	return nil
}

// refused are the operations that a kind of session may not call, whatever its
// policies (K0421).
func (i *identity) refused(service, operation string) error {
	if i.session == nil || i.session.kind == roleSession && operation != "GetSessionToken" && operation != "GetFederationToken" {
		return nil
	}
	switch {
	case service == serviceIAM:
		return fail(unknownClient, "The security token included in the request is invalid")
	case operation == "GetCallerIdentity", operation == "AssumeRole" && i.session.kind == userSession:
		return nil
	}
	return fail(accessDenied, "Cannot call %s with session credentials", operation)
}
