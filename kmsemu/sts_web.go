package kmsemu

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// TrustTokens makes keys some of those that sign the tokens of an OpenID Connect
// issuer, such as "https://tokens.example.com": AWS reads them from the issuer, and
// this emulator has no network. The account of a role still needs an identity
// provider of that URL in IAM before AssumeRoleWithWebIdentity takes a token. It
// returns an error for keys that are neither *rsa.PublicKey nor *ecdsa.PublicKey.
// It is safe for concurrent use.
func (s *Server) TrustTokens(issuer string, keys ...crypto.PublicKey) error {
	var trusted []tokenKey
	for _, key := range keys {
		switch key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey:
		default:
			return fmt.Errorf("trusting tokens of %s: a key of type %T cannot sign them; give an *rsa.PublicKey or *ecdsa.PublicKey", issuer, key)
		}
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			return fmt.Errorf("trusting tokens of %s: %w", issuer, err)
		}
		trusted = append(trusted, tokenKey{key, der})
	}
	return s.whileLocked(func() error {
		s.state.trust(issuer, trusted)
		return nil
	})
}

// issuer is an issuer of web identity tokens.
type issuer struct {
	url  string
	keys []tokenKey
}

// tokenKey verifies tokens.
type tokenKey struct {
	public crypto.PublicKey
	der    []byte // the same as a SubjectPublicKeyInfo
}

// trust adds keys to those of an issuer.
func (s *state) trust(url string, keys []tokenKey) {
	if s.issuers[url] == nil {
		s.issuers[url] = &issuer{url: url}
	}
	i := s.issuers[url]
	i.keys = append(i.keys, keys...)
	s.changes.note(i)
}

// trusted are the keys of an issuer; none for one that is not known.
func (s *state) trusted(url string) []tokenKey {
	if i := s.issuers[url]; i != nil {
		return i.keys
	}
	return nil
}

const webIdentityOperation = "AssumeRoleWithWebIdentity"

// carriesToken reports whether a request proves its sender by a token, not by a
// signature.
func carriesToken(r *http.Request, body []byte) bool {
	if r.Header.Get("Authorization") != "" || targetOf(r) != "" || presigned(r) {
		return false
	}
	values, err := formValues(r, body)
	return err == nil && values.Get("Action") == webIdentityOperation
}

type webIdentityResult struct {
	Credentials                 credentials
	SubjectFromWebIdentityToken string
	AssumedRoleUser             assumedRoleUser
	PackedPolicySize            int `xml:",omitempty"`
	Provider                    string
	Audience                    string
	SourceIdentity              string `xml:",omitempty"`
}

var tokenRule = textRule{min: 4, max: 20000}

func assumeRoleWithWebIdentity(c *call, f *form) (*webIdentityResult, error) {
	in := readRoleRequest(f)
	f.refuseUnknown("ProviderId")
	text := f.values.Get("WebIdentityToken")
	f.checkLength("Value at 'webIdentityToken'", len(text), intRule{tokenRule.min, tokenRule.max})
	if err := f.err(); err != nil {
		return nil, err
	}
	w, err := c.webIdentity(in, text)
	if err != nil {
		return nil, err
	}
	c.become(w)
	if err := in.takeClaims(f, w.claims); err != nil {
		return nil, err
	}
	r := c.roleByARN(in.roleARN)
	conditions := w.conditions()
	if err := c.permitSession(r, in, conditions); err != nil {
		// STS says no more than this to callers it does not know (K0428).
		return nil, fail(accessDenied, "Not authorized to perform sts:%s", webIdentityOperation)
	}
	s, err := c.startRole(r, in, conditions)
	if err != nil {
		return nil, err
	}
	return &webIdentityResult{
		Credentials: s.credentials(), SubjectFromWebIdentityToken: w.claims.Subject,
		AssumedRoleUser: assumedRoleUser{s.userID(), s.arn}, PackedPolicySize: in.packedSize(),
		Provider: w.provider.arn, Audience: w.audience, SourceIdentity: s.sourceIdentity,
	}, nil
}

// webIdentity is a caller with a token that was found good.
type webIdentity struct {
	claims   claims
	provider *oidcProvider
	audience string // the client id that the provider knows
}

// webIdentity checks a token: who issued it, by its signature, for whom and until
// when (K0427).
func (c *call) webIdentity(in *sessionRequest, text string) (*webIdentity, error) {
	t, err := parseWebToken(text)
	if err != nil {
		return nil, fail(invalidIdentityToken, "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	w := &webIdentity{claims: t.claims, provider: c.providerOf(in.roleARN, t.claims.Issuer)}
	if w.provider == nil {
		return nil, fail(invalidIdentityToken, "No OpenIDConnect provider found in your account for %s", t.claims.Issuer)
	}
	keys := c.server.state.trusted(t.claims.Issuer)
	if len(keys) == 0 {
		return nil, fail(invalidIdentityToken, "Couldn't retrieve verification key from your identity provider, please reference %s documentation for requirements", webIdentityOperation)
	}
	if !slices.ContainsFunc(keys, func(k tokenKey) bool { return t.verifiedBy(k.public) }) {
		return nil, fail(invalidIdentityToken, "The signature of the token is invalid.")
	}
	known := slices.IndexFunc(t.claims.Audience, func(id string) bool { return slices.Contains(w.provider.clients, id) })
	if known < 0 {
		return nil, fail(invalidIdentityToken, "Incorrect token audience")
	}
	w.audience = t.claims.Audience[known]
	if t.claims.Expires == nil || t.claims.Subject == "" {
		return nil, fail(invalidIdentityToken, "Missing a required claim: sub or exp")
	}
	if now := c.now.Unix(); now >= int64(*t.claims.Expires) {
		return nil, fail(expiredIdentityToken, "Token expired: current date/time %d must be before the expiration date/time %d", now, int64(*t.claims.Expires))
	}
	return w, nil
}

// providerOf finds the identity provider of an issuer in the account of a role.
func (c *call) providerOf(roleARN, issuer string) *oidcProvider {
	parts := strings.SplitN(roleARN, ":", 6)
	name, ok := strings.CutPrefix(issuer, "https://")
	if len(parts) != 6 || !ok || c.server.state.accounts[parts[4]] == nil {
		return nil
	}
	return c.server.state.accounts[parts[4]].providers["arn:"+parts[1]+":iam::"+parts[4]+":oidc-provider/"+name]
}

// become makes the holder of the token the caller.
func (c *call) become(w *webIdentity) {
	c.caller = identity{account: w.provider.account, principal: keypolicy.Principal{ARN: w.provider.arn}}
	c.event.UserIdentity = UserIdentity{
		Type: "WebIdentityUser", PrincipalID: strings.Join([]string{w.provider.arn, w.audience, w.claims.Subject}, ":"),
		UserName: w.claims.Subject, IdentityProvider: w.provider.arn,
	}
}

// takeClaims takes session tags and source identity from the token. Source: IAM
// User Guide, "Pass session tags in AWS STS".
func (in *sessionRequest) takeClaims(f *form, from claims) error {
	for _, name := range slices.Sorted(maps.Keys(from.Tags.Principal)) {
		if values := from.Tags.Principal[name]; len(values) == 1 {
			in.tags = append(in.tags, tag{name, values[0]})
			continue
		}
		f.fail(invalidIdentityToken, "The tag %s of the token must have one value.", name)
	}
	in.transitive, in.sourceIdentity = from.Tags.Transitive, from.SourceIdentity
	f.checkOptional("sourceIdentity", in.sourceIdentity, sourceIdentityRule)
	in.checkTags(f)
	return f.err()
}

// conditions are the condition keys of the provider, both for the trust policy and
// for the calls of the session. A token with azp has that as its aud, and its aud
// as oaud. Source: IAM User Guide, "IAM and AWS STS condition context keys".
func (w *webIdentity) conditions() keypolicy.Context {
	conditions := keypolicy.Context{}
	prefix := w.provider.name + ":"
	conditions.Set(prefix+"aud", w.audience)
	if w.claims.Authorized != "" {
		conditions.Set(prefix+"aud", w.claims.Authorized)
		conditions.Set(prefix+"oaud", w.audience)
	}
	conditions.Set(prefix+"sub", w.claims.Subject)
	if len(w.claims.Methods) > 0 {
		conditions.Set(prefix+"amr", w.claims.Methods...)
	}
	conditions.Set("aws:FederatedProvider", w.provider.arn)
	return conditions
}
