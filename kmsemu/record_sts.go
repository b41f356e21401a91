package kmsemu

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

type sessionRecord struct {
	Kind                     sessionKind
	AccessKey, Secret, Token string
	Account                  string
	Role                     string                `json:",omitempty"` // unique id
	User                     string                `json:",omitempty"` // unique id
	IssuerARN                string                `json:",omitempty"`
	Name                     string                `json:",omitempty"`
	ARN                      string                `json:",omitempty"`
	Policies                 []sessionPolicyRecord `json:",omitempty"`
	Tags, Transitive         map[string]string     `json:",omitempty"`
	SourceIdentity           string                `json:",omitempty"`
	Conditions               keypolicy.Context     `json:",omitempty"`
	Expires                  time.Time
}

type sessionPolicyRecord struct{ Name, Text string }

func (s *session) recordName() string { return "session/" + s.accessKey }

func (s *session) record(of *state) any {
	if of.sessions[s.accessKey] != s {
		return nil
	}
	r := sessionRecord{
		Kind: s.kind, AccessKey: s.accessKey, Secret: s.secret, Token: s.token, Account: s.identity().account,
		IssuerARN: s.issuerARN, Name: s.name, ARN: s.arn, Tags: s.tags, Transitive: s.transitive,
		SourceIdentity: s.sourceIdentity, Conditions: s.conditions, Expires: s.expires.UTC(),
	}
	if s.role != nil {
		r.Role = s.role.id
	}
	if s.user != nil {
		r.User = s.user.id
	}
	for _, d := range s.policies {
		r.Policies = append(r.Policies, sessionPolicyRecord{d.policy.Name, d.text})
	}
	return r
}

func eachSession(s *state, yield func(durable)) {
	for _, live := range s.sessions {
		yield(live)
	}
}

func restoreSession(to *restoration, r *sessionRecord) error {
	s := &session{
		kind: r.Kind, accessKey: r.AccessKey, secret: r.Secret, token: r.Token, account: r.Account, issuerARN: r.IssuerARN,
		name: r.Name, arn: r.ARN, tags: r.Tags, transitive: r.Transitive, sourceIdentity: r.SourceIdentity,
		conditions: orEmpty(r.Conditions), expires: r.Expires,
	}
	// Of a role or user that was deleted nothing is left but that it was: its
	// sessions are refused (K0108).
	if deleted := (entity{id: r.Role + r.User, account: r.Account, deleted: true}); r.Role != "" {
		if s.role = to.roles[r.Role]; s.role == nil {
			s.role = &role{member: member{holder: holder{entity: deleted}}}
		}
	} else if r.User != "" {
		if s.user = to.users[r.User]; s.user == nil {
			s.user = &user{member: member{holder: holder{entity: deleted}}}
		}
	}
	for _, p := range r.Policies {
		if p.Text == "" {
			s.policies = append(s.policies, nothing)
			continue
		}
		policy, err := keypolicy.Parse(p.Name, []byte(p.Text))
		if err != nil {
			return err
		}
		s.policies = append(s.policies, document{text: p.Text, policy: policy})
	}
	to.sessions[s.accessKey] = s
	return nil
}

type issuerRecord struct {
	URL  string
	Keys [][]byte // SubjectPublicKeyInfo, DER
}

func (i *issuer) recordName() string { return "tokens/" + i.url }

func (i *issuer) record(*state) any {
	r := issuerRecord{URL: i.url}
	for _, key := range i.keys {
		r.Keys = append(r.Keys, key.der)
	}
	return r
}

func eachIssuer(s *state, yield func(durable)) {
	for _, i := range s.issuers {
		yield(i)
	}
}

func restoreIssuer(to *restoration, r *issuerRecord) error {
	i := &issuer{url: r.URL}
	for _, der := range r.Keys {
		public, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return fmt.Errorf("parsing a public key: %w", err)
		}
		i.keys = append(i.keys, tokenKey{public, der})
	}
	to.issuers[i.url] = i
	return nil
}
