package kmsemu

import (
	"maps"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// stsOperations are the operations of STS.
var stsOperations = map[string]operation{
	"AssumeRole":                {run: queryOperation(assumeRole)},
	"AssumeRoleWithWebIdentity": {run: queryOperation(assumeRoleWithWebIdentity)},
	"GetAccessKeyInfo":          {run: queryOperation(getAccessKeyInfo)},
	"GetCallerIdentity":         {run: queryOperation(getCallerIdentity)},
	"GetFederationToken":        {run: queryOperation(getFederationToken)},
	"GetSessionToken":           {run: queryOperation(getSessionToken)},
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
	maxSessionPolicies    = 10 // managed ones
)

var (
	sessionNameRule    = textRule{min: 2, max: 64, pattern: lazyregexp.New(`^[\w+=,.@-]*$`)}
	sourceIdentityRule = textRule{min: 2, max: 64, pattern: sessionNameRule.pattern}
	externalIDRule     = textRule{min: 2, max: 1224, pattern: lazyregexp.New(`^[\w+=,.@:/-]*$`)}
	sessionPolicyRule  = textRule{max: maxSessionPolicy, pattern: documentRule.pattern}
	roleARNRule        = textRule{min: 20, max: 2048}
	sessionSeconds     = intRule{900, 43200}
)

// sessionRequest is what the operations that make sessions are given.
type sessionRequest struct {
	roleARN        string
	name           string
	externalID     string
	sourceIdentity string
	policies       []document
	policyARNs     []string
	policySize     int // characters of the session policy
	seconds        int
	tags           []tag
	transitive     []string          // keys
	inherited      map[string]string // transitive tags of the calling session
}

// readPolicies reads the session policies; the managed ones by ARN only.
func (in *sessionRequest) readPolicies(f *form) {
	policy := f.text("Policy", sessionPolicyRule)
	in.policySize = len(policy)
	in.policyARNs = f.list("PolicyArns", "arn")
	f.checkLength("Value at 'policyArns'", len(in.policyARNs), intRule{0, maxSessionPolicies})
	if policy == "" || f.err() != nil {
		return
	}
	parsed, err := parseIdentityPolicy("session policy", policy)
	if err != nil {
		f.fail(malformedPolicy, "%v", err)
		return
	}
	in.policies = []document{{text: policy, policy: parsed}}
}

// refuseUnknown refuses what this emulator does not know of: to ignore it would
// give the session more than was asked for (K0426).
func (f *form) refuseUnknown(names ...string) {
	for _, name := range names {
		if f.values.Has(name) {
			f.fail(validation, "This emulator does not support the parameter %s: leave it out.", name)
		}
	}
}

// readRoleRequest reads what AssumeRole and AssumeRoleWithWebIdentity share.
func readRoleRequest(f *form) *sessionRequest {
	in := &sessionRequest{
		roleARN: f.text("RoleArn", roleARNRule),
		name:    f.text("RoleSessionName", sessionNameRule),
		seconds: f.number("DurationSeconds", sessionSeconds, defaultSessionSeconds),
	}
	if !wholeARN(in.roleARN) {
		f.fail(validation, "%s is invalid", in.roleARN)
	}
	in.readPolicies(f)
	f.refuseUnknown("MinimumSessionTokenSize")
	return in
}

// wholeARN reports whether an ARN has the parts that every ARN has.
func wholeARN(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[1] != "" && parts[2] != "" && parts[5] != ""
}

func readAssumeRole(f *form) (*sessionRequest, error) {
	in := readRoleRequest(f)
	in.externalID = f.optional("ExternalId", externalIDRule)
	in.sourceIdentity = f.optional("SourceIdentity", sourceIdentityRule)
	in.tags = f.tags()
	in.transitive = f.list("TransitiveTagKeys")
	f.refuseUnknown("SerialNumber", "TokenCode", "ProvidedContexts.member.1.ProviderArn")
	in.checkTags(f)
	return in, f.err()
}

func (in *sessionRequest) checkTags(f *form) {
	f.checkIAMTags(in.tags, sessionTags)
	if strings.HasPrefix(strings.ToLower(in.sourceIdentity), reservedPrefix) {
		f.fail(validation, "SourceIdentity must not begin with aws:.")
	}
	for _, key := range in.transitive {
		if !slices.ContainsFunc(in.tags, func(t tag) bool { return strings.EqualFold(t.TagKey, key) }) {
			f.fail(invalidParameter, "The specified transitive tag key must be included in the requested tags.")
		}
	}
}

// inherit takes over what role chaining passes on: the transitive tags, which
// cannot be set anew, and the source identity, which cannot be changed (K0423).
func (in *sessionRequest) inherit(from *session) error {
	if from == nil {
		return nil
	}
	in.inherited = from.transitive
	for _, t := range in.tags {
		for key := range from.transitive {
			if strings.EqualFold(key, t.TagKey) {
				return fail(invalidParameter, "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
			}
		}
	}
	if from.sourceIdentity == "" {
		return nil
	}
	if in.sourceIdentity != "" && in.sourceIdentity != from.sourceIdentity {
		return fail(accessDenied, "The source identity of a session cannot be changed: it is %s.", from.sourceIdentity)
	}
	in.sourceIdentity = from.sourceIdentity
	return nil
}

func (in *sessionRequest) conditions() keypolicy.Context {
	conditions := keypolicy.Context{}
	if len(in.tags) > 0 {
		conditions = tagConditions(in.tags)
	}
	conditions.Set("sts:RoleSessionName", in.name)
	for name, value := range map[string]string{"sts:ExternalId": in.externalID, "sts:SourceIdentity": in.sourceIdentity} {
		if value != "" {
			conditions.Set(name, value)
		}
	}
	if len(in.transitive) > 0 {
		conditions.Set("sts:TransitiveTagKeys", in.transitive...)
	}
	return conditions
}

// sessionTags are the tags of the new session, and those of them it passes on.
func (in *sessionRequest) sessionTags() (tags, transitive map[string]string) {
	tags, transitive = tagMap(in.tags), map[string]string{}
	for _, t := range in.tags {
		if slices.ContainsFunc(in.transitive, func(key string) bool { return strings.EqualFold(key, t.TagKey) }) {
			transitive[t.TagKey] = t.TagValue
		}
	}
	maps.Copy(tags, in.inherited)
	maps.Copy(transitive, in.inherited)
	return tags, transitive
}

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

type assumeRoleResult struct {
	Credentials      credentials
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize int    `xml:",omitempty"` // percent of what is allowed
	SourceIdentity   string `xml:",omitempty"`
}

func assumeRole(c *call, f *form) (*assumeRoleResult, error) {
	in, err := readAssumeRole(f)
	if err != nil {
		return nil, err
	}
	if err := in.inherit(c.caller.session); err != nil {
		return nil, err
	}
	r := c.roleByARN(in.roleARN)
	if err := c.permitSession(r, in, keypolicy.Context{}); err != nil {
		return nil, err
	}
	s, err := c.startRole(r, in, nil)
	if err != nil {
		return nil, err
	}
	return &assumeRoleResult{
		Credentials: s.credentials(), AssumedRoleUser: assumedRoleUser{s.userID(), s.arn},
		PackedPolicySize: in.packedSize(), SourceIdentity: s.sourceIdentity,
	}, nil
}

// packedSize is how much of the room for a session policy is used, in percent.
func (in *sessionRequest) packedSize() int {
	return (in.policySize*100 + maxSessionPolicy - 1) / maxSessionPolicy
}

// permitSession asks the trust policy. A role that does not exist is denied like
// one that does not trust the caller (K0107). Tags and a source identity need
// permissions of their own, also those that a chained session only takes over.
func (c *call) permitSession(r *role, in *sessionRequest, conditions keypolicy.Context) error {
	p := permission{action: c.action, resource: in.roleARN, context: in.conditions(), policy: nobody}
	maps.Copy(p.context, conditions)
	if r != nil {
		p.policy = c.trustOf(r)
		r.describe(p.context)
	}
	if err := c.permit(p); err != nil {
		return err
	}
	if len(in.tags)+len(in.inherited) > 0 {
		p.action = "sts:TagSession"
		if err := c.permit(p); err != nil {
			return err
		}
	}
	if in.sourceIdentity == "" {
		return nil
	}
	p.action = "sts:SetSourceIdentity"
	return c.permit(p)
}

// nobody is the trust policy of a role that does not exist.
var nobody = &keypolicy.Policy{Name: "trust policy"}

// checkDuration applies the role's limit and that of role chaining.
func (c *call) checkDuration(in *sessionRequest, r *role) error {
	if s := c.caller.session; s != nil && s.kind == roleSession && in.seconds > maxChainedSeconds {
		return fail(validation, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	if in.seconds > r.maxSeconds {
		return fail(validation, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// startRole makes a session of a role that the caller may assume.
func (c *call) startRole(r *role, in *sessionRequest, conditions keypolicy.Context) (*session, error) {
	if err := c.checkDuration(in, r); err != nil {
		return nil, err
	}
	managed, err := c.sessionPolicies(in.policyARNs, r.account)
	if err != nil {
		return nil, err
	}
	s := &session{
		kind: roleSession, role: r, account: r.account, name: in.name,
		arn:            "arn:" + partition(c.region) + ":sts::" + r.account + ":assumed-role/" + r.name + "/" + in.name,
		policies:       slices.Concat(in.policies, managed),
		sourceIdentity: in.sourceIdentity, conditions: conditions,
	}
	s.tags, s.transitive = in.sessionTags()
	return s, c.start(s, in.seconds)
}
