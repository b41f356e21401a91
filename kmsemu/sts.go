package kmsemu

import (
	"regexp"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// stsOperations are the operations of STS.
var stsOperations = map[string]operation{
	"AssumeRole":        {run: queryOperation(assumeRole)},
	"GetCallerIdentity": {run: queryOperation(getCallerIdentity)},
}

type callerIdentityResult struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

// getCallerIdentity needs no permission, and no policy can take it away.
// Source: STS API Reference, GetCallerIdentity.
func getCallerIdentity(c *call, _ *form) (*callerIdentityResult, error) {
	return &callerIdentityResult{c.caller.principal.ARN, c.caller.userID(), c.caller.account}, nil
}

const (
	defaultSessionSeconds = 3600
	maxChainedSeconds     = 3600
	maxSessionPolicy      = 2048
)

var (
	sessionNameRule = textRule{min: 2, max: 64, pattern: regexp.MustCompile(`^[\w+=,.@-]*$`)}
	externalIDRule  = textRule{max: 1224, pattern: regexp.MustCompile(`^[\w+=,.@:/-]*$`)}
	roleARNRule     = textRule{min: 20, max: 2048}
	sessionSeconds  = intRule{900, 43200}
)

// sessionRequest is the input of AssumeRole.
type sessionRequest struct {
	roleARN    string
	name       string
	externalID string
	policies   []*keypolicy.Policy
	policySize int // characters of the session policy
	seconds    int
	tags       []tag
}

// readSessionRequest reads the form. What this emulator does not know of is
// refused: to ignore it would give the session more than was asked for.
func readSessionRequest(f *form) (*sessionRequest, error) {
	policy := f.text("Policy", textRule{max: maxSessionPolicy})
	in := &sessionRequest{
		roleARN:    f.text("RoleArn", roleARNRule),
		name:       f.text("RoleSessionName", sessionNameRule),
		externalID: f.text("ExternalId", externalIDRule),
		seconds:    f.number("DurationSeconds", sessionSeconds, defaultSessionSeconds),
		tags:       f.tags(),
		policySize: len(policy),
	}
	for _, name := range []string{"PolicyArns.member.1.arn", "SerialNumber", "TokenCode", "SourceIdentity", "TransitiveTagKeys.member.1", "ProvidedContexts.member.1.ProviderArn"} {
		if f.values.Has(name) {
			f.fail(validation, "This emulator does not support the parameter %s: leave it out.", name)
		}
	}
	f.checkIAMTags(in.tags)
	if err := f.err(); err != nil || policy == "" {
		return in, err
	}
	parsed, err := parseIdentityPolicy("session policy", policy)
	in.policies = []*keypolicy.Policy{parsed}
	return in, err
}

func (in *sessionRequest) conditions() keypolicy.Context {
	conditions := keypolicy.Context{}
	if len(in.tags) > 0 {
		conditions = tagConditions(in.tags)
	}
	conditions.Set("sts:RoleSessionName", in.name)
	if in.externalID != "" {
		conditions.Set("sts:ExternalId", in.externalID)
	}
	return conditions
}

type credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      timestamp
}

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

type assumeRoleResult struct {
	Credentials      credentials
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize int `xml:",omitempty"` // percent of what is allowed
}

func assumeRole(c *call, f *form) (*assumeRoleResult, error) {
	in, err := readSessionRequest(f)
	if err != nil {
		return nil, err
	}
	r, err := c.trustedRole(in)
	if err != nil {
		return nil, err
	}
	if err := c.checkDuration(in, r); err != nil {
		return nil, err
	}
	s, err := c.newSession(in, r)
	if err != nil {
		return nil, err
	}
	c.server.state.sessions[s.accessKey] = s
	return &assumeRoleResult{
		Credentials:      credentials{s.accessKey, s.secret, s.token, timestamp{s.expires}},
		AssumedRoleUser:  assumedRoleUser{s.userID(), s.arn},
		PackedPolicySize: (in.policySize*100 + maxSessionPolicy - 1) / maxSessionPolicy,
	}, nil
}

// trustedRole finds the role and asks its trust policy. A role that does not
// exist is denied like one that does not trust the caller (K0107).
func (c *call) trustedRole(in *sessionRequest) (*role, error) {
	r := c.server.state.roleByARN(in.roleARN)
	p := permission{action: c.action, resource: in.roleARN, context: in.conditions(), policy: nobody}
	if r != nil {
		p.policy = r.trust.policy
	}
	if err := c.permit(p); err != nil || len(in.tags) == 0 {
		return r, err
	}
	p.action = "sts:TagSession"
	return r, c.permit(p)
}

// nobody is the trust policy of a role that does not exist.
var nobody = &keypolicy.Policy{Name: "trust policy"}

// checkDuration applies the role's limit and that of role chaining.
func (c *call) checkDuration(in *sessionRequest, r *role) error {
	if c.caller.session != nil && in.seconds > maxChainedSeconds {
		return fail(validation, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	if in.seconds > r.maxSeconds {
		return fail(validation, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// newSession makes temporary credentials. Their access key begins with ASIA.
func (c *call) newSession(in *sessionRequest, r *role) (*session, error) {
	s := &session{
		role: r, name: in.name, policies: in.policies, tags: tagMap(in.tags),
		arn:     "arn:" + partition(c.region) + ":sts::" + r.account + ":assumed-role/" + r.name + "/" + in.name,
		expires: c.now.Add(time.Duration(in.seconds) * time.Second).Truncate(time.Second),
	}
	var err error
	if s.accessKey, err = newID(c.server.random, "ASIA", 16); err != nil {
		return nil, err
	}
	if s.secret, err = newSecret(c.server.random, 30); err != nil {
		return nil, err
	}
	s.token, err = newSecret(c.server.random, 96)
	return s, err
}
