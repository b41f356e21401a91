package kmsemu

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of tokenHashes
	_ "crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

// webToken is a JSON Web Token, taken apart. Source: RFC 7515 and RFC 7519.
type webToken struct {
	algorithm string
	signed    string // what the signature is over
	signature []byte
	claims    claims
}

// claims are those of an OpenID Connect ID token that STS looks at.
type claims struct {
	Issuer         string   `json:"iss"`
	Subject        string   `json:"sub"`
	Audience       audience `json:"aud"`
	Authorized     string   `json:"azp"`
	Methods        []string `json:"amr"`
	Expires        *float64 `json:"exp"`
	SourceIdentity string   `json:"https://aws.amazon.com/source_identity"`
	Tags           struct {
		Principal  map[string][]string `json:"principal_tags"`
		Transitive []string            `json:"transitive_tag_keys"`
	} `json:"https://aws.amazon.com/tags"`
}

// audience is one or several client ids.
type audience []string

// UnmarshalJSON takes a string or a list of strings.
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

var errNotAToken = errors.New("not a JSON Web Token")

func parseWebToken(text string) (*webToken, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, errNotAToken
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	t := &webToken{signed: parts[0] + "." + parts[1]}
	if err := decodePart(parts[0], &header); err != nil {
		return nil, err
	}
	if err := decodePart(parts[1], &t.claims); err != nil {
		return nil, err
	}
	var err error
	t.algorithm = header.Algorithm
	t.signature, err = base64.RawURLEncoding.DecodeString(parts[2])
	return t, err
}

func decodePart(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// tokenHashes are the hashes of the algorithms that IAM takes. Source: IAM User
// Guide, "Create an OpenID Connect (OIDC) identity provider in IAM".
var tokenHashes = map[string]crypto.Hash{
	"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512,
	"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512,
}

// verifiedBy reports whether the token was signed with the private key of key. The
// algorithm must fit the kind of key, whatever the token says.
func (t *webToken) verifiedBy(key crypto.PublicKey) bool {
	hash, ok := tokenHashes[t.algorithm]
	if !ok {
		return false
	}
	h := hash.New()
	h.Write([]byte(t.signed))
	digest := h.Sum(nil)
	switch k := key.(type) {
	case *rsa.PublicKey:
		return t.algorithm[0] == 'R' && rsa.VerifyPKCS1v15(k, hash, digest, t.signature) == nil
	case *ecdsa.PublicKey:
		half := (k.Curve.Params().BitSize + 7) / 8
		if t.algorithm[0] != 'E' || len(t.signature) != 2*half {
			return false
		}
		r, s := new(big.Int).SetBytes(t.signature[:half]), new(big.Int).SetBytes(t.signature[half:])
		return ecdsa.Verify(k, digest, r, s)
	}
	return false
}
