package kmsemutest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/keywright/keywright/kmsemu"
)

// TokenIssuer signs the tokens of an OpenID Connect identity provider, for
// AssumeRoleWithWebIdentity. Make one with [NewTokenIssuer].
type TokenIssuer struct {
	// URL is the issuer, such as "https://tokens.example.com".
	URL string

	t   testing.TB
	key *ecdsa.PrivateKey
}

// NewTokenIssuer makes an issuer whose tokens the emulator trusts. IAM still needs
// an identity provider of its URL, and roles that trust that. It fails t if no key
// can be made.
func NewTokenIssuer(t testing.TB, emulator *kmsemu.Instance, url string) *TokenIssuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("making a key for tokens: %v", err)
	}
	if err := emulator.Server.TrustTokens(url, &key.PublicKey); err != nil {
		t.Fatal(err)
	}
	return &TokenIssuer{URL: url, t: t, key: key}
}

// Token signs a token with the given claims, such as sub and aud, by ES256. The
// issuer is added, and an exp an hour from now, unless the claims have their own.
func (i *TokenIssuer) Token(claims map[string]any) string {
	i.t.Helper()
	all := map[string]any{"iss": i.URL, "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	signed := i.encode(map[string]any{"alg": "ES256", "typ": "JWT"}) + "." + i.encode(all)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		i.t.Fatalf("signing a token: %v", err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (i *TokenIssuer) encode(part map[string]any) string {
	i.t.Helper()
	text, err := json.Marshal(part)
	if err != nil {
		i.t.Fatalf("encoding a token: %v", err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
