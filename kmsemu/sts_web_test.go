package kmsemu_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/keywright/keywright/kmsemu"
	"github.com/keywright/keywright/kmsemu/kmsemutest"
)

const issuerURL = "https://tokens.example.com"

// webWorld is a world with an identity provider, and a client without credentials.
type webWorld struct {
	*world
	issuer   *kmsemutest.TokenIssuer
	provider string
	nobody   *sts.Client
}

func newWebWorld(t *testing.T) *webWorld {
	t.Helper()
	w := &webWorld{world: newWorld(t)}
	w.issuer = kmsemutest.NewTokenIssuer(t, w.Instance, issuerURL)
	out, err := w.root.iam.CreateOpenIDConnectProvider(w.ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String(issuerURL), ClientIDList: []string{"app", "other"}})
	require.NoError(t, err)
	w.provider = *out.OpenIDConnectProviderArn
	w.nobody = sts.NewFromConfig(aws.Config{Region: region, BaseEndpoint: aws.String(w.URL), Credentials: aws.AnonymousCredentials{}, Retryer: retryOnce})
	return w
}

// federated is a trust policy for the provider; condition may be "".
func (w *webWorld) federated(condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"` + w.provider + `"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"]` + condition + `}}`
}

func (w *webWorld) assume(role, token string, change ...func(*sts.AssumeRoleWithWebIdentityInput)) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("web"), WebIdentityToken: &token}
	for _, f := range change {
		f(in)
	}
	return w.nobody.AssumeRoleWithWebIdentity(w.ctx, in)
}

func claimsOf(sub, aud string) map[string]any { return map[string]any{"sub": sub, "aud": aud} }

// TestWebIdentity: a token of a trusted issuer gives a session of the role.
func TestWebIdentity(t *testing.T) {
	t.Parallel()
	w := newWebWorld(t)
	role := w.trustingRole(w.federated(""))
	out, err := w.assume(role, w.issuer.Token(claimsOf("repo:app", "app")))
	require.NoError(t, err)
	require.Equal(t, "repo:app", *out.SubjectFromWebIdentityToken)
	require.Equal(t, "app", *out.Audience)
	require.Equal(t, w.provider, *out.Provider)
	session := w.with(out.Credentials)
	require.Equal(t, "arn:aws:sts::000000000000:assumed-role/"+roleName(role)+"/web", w.arnOf(session))
	e := w.event("AssumeRoleWithWebIdentity")
	require.Equal(t, "WebIdentityUser", e.UserIdentity.Type)
	require.Equal(t, "repo:app", e.UserIdentity.UserName)
	require.Equal(t, w.provider, e.UserIdentity.IdentityProvider)
	require.True(t, e.Decision.Allowed())
	require.NotContains(t, e.RequestParameters, "webIdentityToken")

	// The provider's keys go on into the session.
	key := func(condition string) string {
		return w.key(withPolicy(keyPolicy(statement("Allow", role, "kms:Encrypt", condition))))
	}
	for _, condition := range []string{
		`{"StringEquals":{"tokens.example.com:sub":"repo:app","tokens.example.com:aud":"app"}}`,
		`{"StringEquals":{"aws:FederatedProvider":"` + w.provider + `"}}`,
	} {
		_, err = w.encrypt(session, key(condition), nil)
		require.NoError(t, err)
	}
	_, err = w.encrypt(session, key(`{"StringEquals":{"tokens.example.com:sub":"repo:app2"}}`), nil)
	fails(t, err, "AccessDeniedException", "")
}

// TestWebIdentityProvider: the SDK's own provider of credentials from a token file
// works against the emulator.
func TestWebIdentityProvider(t *testing.T) {
	t.Parallel()
	w := newWebWorld(t)
	role := w.trustingRole(w.federated(""))
	_, err := w.root.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String(roleName(role)), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("kms:ListKeys", "*"))})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(w.issuer.Token(claimsOf("pod", "app"))), 0o600))
	cfg := w.root.Copy()
	cfg.Credentials = stscreds.NewWebIdentityRoleProvider(w.nobody, role, stscreds.IdentityTokenFile(file))
	_, err = kms.NewFromConfig(cfg).ListKeys(w.ctx, &kms.ListKeysInput{})
	require.NoError(t, err)
}

// TestWebIdentityConditions: the trust policy decides on the claims (K0428).
func TestWebIdentityConditions(t *testing.T) {
	t.Parallel()
	w := newWebWorld(t)
	full := func(sub string) map[string]any {
		return map[string]any{
			"sub": sub, "aud": []string{"x", "app"}, "azp": "party", "amr": []string{"authenticated", "pwd"},
			"https://aws.amazon.com/source_identity": "ann",
			"https://aws.amazon.com/tags":            map[string]any{"principal_tags": map[string]any{"team": []string{"blue"}}, "transitive_tag_keys": []string{"team"}},
		}
	}
	name := func(name string) func(*sts.AssumeRoleWithWebIdentityInput) {
		return func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleSessionName = &name }
	}
	for title, condition := range map[string]string{
		"sub":             `{"StringLike":{"tokens.example.com:sub":"good*"}}`,
		"session name":    `{"StringEquals":{"sts:RoleSessionName":"good"}}`,
		"azp is aud":      `{"StringEquals":{"tokens.example.com:aud":"party","tokens.example.com:sub":"good"}}`,
		"aud is oaud":     `{"StringEquals":{"tokens.example.com:oaud":"app","tokens.example.com:sub":"good"}}`,
		"amr":             `{"ForAnyValue:StringEquals":{"tokens.example.com:amr":"pwd"},"StringEquals":{"tokens.example.com:sub":"good"}}`,
		"tags":            `{"StringEquals":{"aws:RequestTag/team":"blue","sts:TransitiveTagKeys":"team","tokens.example.com:sub":"good"}}`,
		"source identity": `{"StringEquals":{"sts:SourceIdentity":"ann","tokens.example.com:sub":"good"}}`,
		"provider":        `{"StringEquals":{"aws:FederatedProvider":"` + w.provider + `","tokens.example.com:sub":"good"}}`,
	} {
		t.Run(title, func(t *testing.T) {
			role := w.trustingRole(w.federated(condition))
			out, err := w.assume(role, w.issuer.Token(full("good")), name("good"))
			require.NoError(t, err)
			require.Equal(t, "ann", *out.SourceIdentity)
			_, err = w.assume(role, w.issuer.Token(full("bad")), name("bad"))
			fails(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
		})
	}
	token := w.issuer.Token(claimsOf("good", "app"))
	for title, role := range map[string]string{
		"trusts the account":      w.roleARN(w.root, ""),
		"trusts another provider": w.trustingRole(strings.Replace(w.federated(""), "tokens.", "other.", 1)),
		"may only be assumed":     w.trustingRole(strings.Replace(w.federated(""), "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", 1)),
		"does not exist":          "arn:aws:iam::000000000000:role/none",
	} {
		t.Run(title, func(t *testing.T) {
			_, err := w.assume(role, token)
			fails(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
		})
	}
}

// TestRefusedTokens (K0427), each beside the one that is taken.
func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	w := newWebWorld(t)
	role := w.trustingRole(w.federated(""))
	good := claimsOf("me", "app")
	token := w.issuer.Token(good)
	stranger := kmsemutest.NewTokenIssuer(t, kmsemutest.New(t, nil), issuerURL)
	unknown := kmsemutest.NewTokenIssuer(t, w.Instance, "https://other.example.com")
	_, err := w.root.iam.CreateOpenIDConnectProvider(w.ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://keyless.example.com"), ClientIDList: []string{"app"}})
	require.NoError(t, err)
	keyless := kmsemutest.NewTokenIssuer(t, kmsemutest.New(t, nil), "https://keyless.example.com")
	parts := strings.Split(token, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	now := w.clock.Now().Unix()
	expiring := func(at int64) string {
		return w.issuer.Token(map[string]any{"sub": "me", "aud": "app", "exp": at})
	}
	const notJWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	_, err = w.assume(role, token)
	require.NoError(t, err)
	_, err = w.assume(role, expiring(now+1))
	require.NoError(t, err)
	_, err = w.assume(role, w.issuer.Token(claimsOf("me", "other")))
	require.NoError(t, err, "the provider's second client")
	for name, row := range map[string]struct{ token, code, message string }{
		"not a token":        {"abcd", "InvalidIdentityToken", notJWT},
		"not JSON":           {"YQ.YQ.YQ", "InvalidIdentityToken", notJWT},
		"wrong audience":     {w.issuer.Token(claimsOf("me", "apps")), "InvalidIdentityToken", "Incorrect token audience"},
		"unknown issuer":     {unknown.Token(good), "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://other.example.com"},
		"issuer without key": {keyless.Token(good), "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements"},
		"signed by another":  {stranger.Token(good), "InvalidIdentityToken", "The signature of the token is invalid."},
		"other claims":       {parts[0] + "." + strings.Split(w.issuer.Token(claimsOf("you", "app")), ".")[1] + "." + parts[2], "InvalidIdentityToken", "The signature of the token is invalid."},
		"not signed":         {unsigned, "InvalidIdentityToken", "The signature of the token is invalid."},
		"no subject":         {w.issuer.Token(map[string]any{"aud": "app"}), "InvalidIdentityToken", ""},
		"expired":            {expiring(now), "ExpiredTokenException", ""},
		"tag of two values":  {w.issuer.Token(map[string]any{"sub": "me", "aud": "app", "https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"a": []string{"b", "c"}}}}), "InvalidIdentityToken", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.assume(role, row.token)
			fails(t, err, row.code, row.message)
		})
	}
	_, err = w.assume(role, token, func(in *sts.AssumeRoleWithWebIdentityInput) { in.ProviderId = aws.String("www.amazon.com") })
	fails(t, err, "ValidationError", "This emulator does not support the parameter ProviderId: leave it out.")
	_, err = w.assume(role, token, func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = aws.Int32(3601) })
	failsLike(t, err, "ValidationError", "MaxSessionDuration")
	_, err = w.nobody.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	fails(t, err, "MissingAuthenticationToken", "Missing Authentication Token")
}

// TestTokenAlgorithms: all that IAM takes verify, and only with a key of their kind.
func TestTokenAlgorithms(t *testing.T) {
	t.Parallel()
	w := newWebWorld(t)
	role := w.trustingRole(w.federated(""))
	rsaKey := func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		return key
	}
	curve := func(c elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		require.NoError(t, err)
		return key
	}
	for algorithm, row := range map[string]struct {
		key  crypto.Signer
		hash crypto.Hash
	}{
		"RS256": {rsaKey(), crypto.SHA256}, "RS384": {rsaKey(), crypto.SHA384}, "RS512": {rsaKey(), crypto.SHA512},
		"ES256": {curve(elliptic.P256()), crypto.SHA256}, "ES384": {curve(elliptic.P384()), crypto.SHA384}, "ES512": {curve(elliptic.P521()), crypto.SHA512},
	} {
		t.Run(algorithm, func(t *testing.T) {
			token := signToken(t, tokenInput{algorithm, row.key, row.hash})
			_, err := w.assume(role, token)
			fails(t, err, "InvalidIdentityToken", "The signature of the token is invalid.")
			require.NoError(t, w.Server.TrustTokens(issuerURL, row.key.Public()))
			_, err = w.assume(role, token)
			require.NoError(t, err)
			wrong := map[byte]string{'R': "ES256", 'E': "RS256"}[algorithm[0]]
			_, err = w.assume(role, signToken(t, tokenInput{wrong, row.key, crypto.SHA256}))
			fails(t, err, "InvalidIdentityToken", "The signature of the token is invalid.")
		})
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	require.ErrorContains(t, w.Server.TrustTokens(issuerURL, public), "ed25519.PublicKey")
}

type tokenInput struct {
	algorithm string
	key       crypto.Signer
	hash      crypto.Hash
}

func signToken(t *testing.T, in tokenInput) string {
	t.Helper()
	encode := func(v any) string {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := encode(map[string]string{"alg": in.algorithm}) + "." +
		encode(map[string]any{"iss": issuerURL, "sub": "me", "aud": "app", "exp": time.Now().Add(time.Hour).Unix()})
	h := in.hash.New()
	h.Write([]byte(signed))
	var signature []byte
	switch key := in.key.(type) {
	case *rsa.PrivateKey:
		var err error
		signature, err = key.Sign(rand.Reader, h.Sum(nil), in.hash)
		require.NoError(t, err)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, h.Sum(nil))
		require.NoError(t, err)
		half := (key.Curve.Params().BitSize + 7) / 8
		signature = make([]byte, 2*half)
		r.FillBytes(signature[:half])
		s.FillBytes(signature[half:])
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// FuzzWebIdentityToken: any token may be refused, none may break the server.
func FuzzWebIdentityToken(f *testing.F) {
	f.Add("a.b.c")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://tokens.example.com","aud":["app"],"exp":1e400}`)) + ".AA")
	clock := kmsemutest.NewClock(time.Now())
	server, err := kmsemu.Start(kmsemu.Config{Clock: clock.Now})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, server.Close()) })
	kmsemutest.NewTokenIssuer(f, server, issuerURL)
	client := sts.NewFromConfig(aws.Config{Region: region, BaseEndpoint: aws.String(server.URL), Credentials: aws.AnonymousCredentials{}, Retryer: retryOnce})
	f.Fuzz(func(t *testing.T, token string) {
		_, err := client.AssumeRoleWithWebIdentity(context.Background(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String("arn:aws:iam::000000000000:role/none"), RoleSessionName: aws.String("s1"), WebIdentityToken: &token,
		})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "InternalFailure")
	})
}
