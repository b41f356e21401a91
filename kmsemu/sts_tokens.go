package kmsemu

import (
	"slices"

	"github.com/keywright/keywright/keypolicy"
)

const (
	defaultTokenSeconds = 43200
	maxRootSeconds      = 3600
)

var (
	tokenSeconds      = intRule{900, 129600}
	federatedNameRule = textRule{min: 2, max: 32, pattern: sessionNameRule.pattern}
)

type sessionTokenResult struct{ Credentials credentials }

// getSessionToken needs no permission: the caller gets no more than it has. Source:
// STS API Reference, GetSessionToken.
func getSessionToken(c *call, f *form) (*sessionTokenResult, error) {
	seconds := f.number("DurationSeconds", tokenSeconds, defaultTokenSeconds)
	f.refuseUnknown("SerialNumber", "TokenCode", "MinimumSessionTokenSize")
	if err := f.err(); err != nil {
		return nil, err
	}
	s := &session{kind: userSession, account: c.caller.account, user: c.caller.user, arn: c.caller.principal.ARN}
	if err := c.start(s, c.capRoot(seconds)); err != nil {
		return nil, err
	}
	return &sessionTokenResult{s.credentials()}, nil
}

// capRoot cuts the sessions of root users to one hour (K0420).
func (c *call) capRoot(seconds int) int {
	if c.caller.user == nil {
		return min(seconds, maxRootSeconds)
	}
	return seconds
}

type federatedUser struct {
	FederatedUserID string `xml:"FederatedUserId"`
	Arn             string
}

type federationTokenResult struct {
	Credentials      credentials
	FederatedUser    federatedUser
	PackedPolicySize int
}

// nothing is the session policy of a federated user that was given none: it has
// only what key policies and grants give to it by name (K0422).
var nothing = document{policy: &keypolicy.Policy{Name: "session policy (none given)"}}

func getFederationToken(c *call, f *form) (*federationTokenResult, error) {
	in := &sessionRequest{
		name:    f.text("Name", federatedNameRule),
		seconds: f.number("DurationSeconds", tokenSeconds, defaultTokenSeconds),
		tags:    f.tags(),
	}
	in.readPolicies(f)
	f.refuseUnknown("MinimumSessionTokenSize")
	f.checkIAMTags(in.tags, sessionTags)
	if err := f.err(); err != nil {
		return nil, err
	}
	arn := "arn:" + partition(c.region) + ":sts::" + c.caller.account + ":federated-user/" + in.name
	if err := c.permitNew(creation{arn: arn, tagging: "sts:TagSession", tags: in.tags}); err != nil {
		return nil, err
	}
	managed, err := c.sessionPolicies(in.policyARNs, c.caller.account)
	if err != nil {
		return nil, err
	}
	s := &session{
		kind: federatedSession, account: c.caller.account, user: c.caller.user, issuerARN: c.caller.principal.ARN,
		name: in.name, arn: arn, tags: tagMap(in.tags), policies: slices.Concat(in.policies, managed), conditions: keypolicy.Context{},
	}
	if len(s.policies) == 0 {
		s.policies = []document{nothing}
	}
	s.conditions.Set("aws:PrincipalArn", s.arn)
	s.conditions.Set("aws:userid", s.userID())
	if err := c.start(s, c.capRoot(in.seconds)); err != nil {
		return nil, err
	}
	return &federationTokenResult{s.credentials(), federatedUser{s.userID(), s.arn}, in.packedSize()}, nil
}

type accessKeyInfoResult struct{ Account string }

// getAccessKeyInfo tells the account of an access key, active or not.
func getAccessKeyInfo(c *call, f *form) (*accessKeyInfoResult, error) {
	id := f.text("AccessKeyId", accessKeyRule)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permit(permission{action: c.action, resource: "*"}); err != nil {
		return nil, err
	}
	if k := c.server.state.accessKeys[id]; k != nil {
		return &accessKeyInfoResult{k.user.account}, nil
	}
	if s := c.server.state.sessions[id]; s != nil {
		return &accessKeyInfoResult{s.identity().account}, nil
	}
	return nil, fail(validation, "The access key %s is not known to this emulator.", id)
}
