package kmsemu

import (
	"strings"
	"sync"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// credentialScope is a Credential parameter: an access key and the scope in which a
// signature is good.
type credentialScope struct {
	accessKey string
	date      string // yyyymmdd
	region    string
	service   string
	scope     string // the text behind the access key
}

var regionPattern = lazyregexp.New(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)

func readCredential(text string) (*credentialScope, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return nil, fail(incompleteSignature, "Credential must have the form ACCESS-KEY/DATE/REGION/SERVICE/aws4_request.")
	}
	// Keys and the trail keep the first and the third, and must not keep the rest.
	c := &credentialScope{accessKey: shared(parts[0]), date: parts[1], region: shared(parts[2]), service: parts[3], scope: text[len(parts[0])+1:]}
	if !regionPattern.MatchString(c.region) {
		return nil, fail(invalidSignature, "Credential should be scoped to a valid region. ")
	}
	return c, nil
}

const (
	// maxCredentials and longCredential bound the memory of a server that many
	// callers use, or one who means harm.
	maxCredentials = 1 << 12
	longCredential = 1 << 8
)

// credentialScopes remembers what was read, for a caller sends the same all day. It does
// not know which access keys there are.
type credentialScopes struct {
	mu    sync.Mutex
	known map[string]*credentialScope
}

func (k *credentialScopes) read(text string) (*credentialScope, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.known[text]; c != nil {
		return c, nil
	}
	text = strings.Clone(text) // lets go of the header
	c, err := readCredential(text)
	if err != nil || len(text) > longCredential {
		return c, err
	}
	if k.known == nil || len(k.known) == maxCredentials {
		k.known = map[string]*credentialScope{}
	}
	k.known[text] = c
	return c, nil
}
