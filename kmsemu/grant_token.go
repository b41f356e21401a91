package kmsemu

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// Sizes of grants and their tokens (K0300, K0301).
const (
	grantIDBytes     = 32
	grantSecretBytes = 16
	grantNonceBytes  = 16
	maxGrantTokens   = 10
)

var grantTokenRule = textRule{min: 1, max: 8192}

// grantTokens is the parameter GrantTokens.
type grantTokens struct{ GrantTokens []string }

// tokenCarrier is an input with that parameter.
type tokenCarrier interface{ tokens() []string }

func (t *grantTokens) tokens() []string { return t.GrantTokens }

func (t *grantTokens) check(k *checker) {
	k.checkLength("Value at 'grantTokens'", len(t.GrantTokens), intRule{0, maxGrantTokens})
	for i, token := range t.GrantTokens {
		k.checkText("grantTokens."+strconv.Itoa(i+1)+".member", token, grantTokenRule)
	}
}

// newToken makes a token of the grant: its key and id, a nonce, which makes each
// token another, and a seal that only the grant can make.
func (g *grant) newToken(c *call) (string, error) {
	nonce, err := randomBytes(c.random, grantNonceBytes)
	if err != nil {
		return "", err
	}
	text := strings.Join([]string{g.key.arn, g.id, hex.EncodeToString(nonce)}, " ")
	return base64.StdEncoding.EncodeToString([]byte(text + " " + g.seal(text))), nil
}

func (g *grant) seal(text string) string { return hex.EncodeToString(mac(g.secret, []byte(text))) }

// grantOfToken finds the grant a token names; every token of a grant does
// (K0301).
func (c *call) grantOfToken(token string) (*grant, error) {
	text, err := base64.StdEncoding.DecodeString(token)
	fields := strings.Split(string(text), " ")
	if err == nil && len(fields) == 4 {
		if f, err := c.find(fields[0]); err == nil {
			sealed := strings.Join(fields[:3], " ")
			if g := f.key.grants.get(fields[1]); g != nil && hmac.Equal([]byte(g.seal(sealed)), []byte(fields[3])) {
				return g, nil
			}
		}
	}
	return nil, fail(invalidGrantToken, "The grant token is not valid: it is malformed, of another Region, or its grant no longer exists.")
}

// namedGrants are the ids of the grants that the call's tokens name.
func (c *call) namedGrants() ([]string, error) {
	var ids []string
	for _, token := range c.tokens {
		g, err := c.grantOfToken(token)
		if err != nil {
			return nil, err
		}
		ids = append(ids, g.id)
	}
	return ids, nil
}
