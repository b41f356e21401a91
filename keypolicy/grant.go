package keypolicy

import (
	"maps"
	"slices"
	"strings"
)

// Grant allows a principal some operations on a key, beside its policies.
// Source: KMS Developer Guide, "Grants in AWS KMS".
type Grant struct {
	// ID is the GrantId.
	ID string
	// Token names the grant in a request; "" if unknown.
	Token string
	// Pending grants are not in force yet, except for requests with their token.
	Pending bool
	// Grantee is the ARN of an account root, user, role or session, or a service
	// principal.
	Grantee string
	// Operations as the KMS API names them, such as "Decrypt".
	Operations []string
	// EncryptionContextEquals and EncryptionContextSubset constrain the
	// encryption context; nil for no constraint.
	EncryptionContextEquals, EncryptionContextSubset map[string]string
	// SourceARN constrains what a service grantee acts for; "" for no constraint.
	SourceARN string
}

// unconstrained operations carry no encryption context, so constraints on it do
// not bind them. Source: KMS API Reference, GrantConstraints.
var unconstrained = []string{"kms:describekey", "kms:retiregrant"}

// allows reports whether the grant allows the request, and how its grantee
// covers the caller.
func (g *Grant) allows(f *facts) (reach, truth) {
	if g.Pending && (g.Token == "" || !slices.Contains(f.request.GrantTokens, g.Token)) || !g.covers(f.action) {
		return notNamed, no
	}
	principalType := "AWS"
	if !strings.HasPrefix(g.Grantee, "arn:") {
		principalType = "Service"
	}
	entry := newPrincipalEntry(principalType, g.Grantee)
	r, named := entry.reaches(f)
	return r, min(named, g.constraintsHold(f))
}

func (g *Grant) covers(action string) bool {
	a, _ := LookUpAction(action)
	return a.GrantOperation != "" && slices.Contains(g.Operations, a.GrantOperation)
}

func (g *Grant) constraintsHold(f *facts) truth {
	if slices.Contains(unconstrained, f.action) {
		return yes
	}
	holds := yes
	if g.SourceARN != "" {
		values, present := f.lookUp("aws:sourcearn")
		holds = present
		if present == yes {
			holds = is(slices.Contains(values, g.SourceARN))
		}
	}
	if g.EncryptionContextEquals == nil && g.EncryptionContextSubset == nil {
		return holds
	}
	if f.request.Open && f.request.EncryptionContext == nil {
		return min(holds, maybe)
	}
	return min(holds, is(g.contextFits(f.request.EncryptionContext)))
}

func (g *Grant) contextFits(context map[string]string) bool {
	if g.EncryptionContextEquals != nil && !maps.Equal(g.EncryptionContextEquals, context) {
		return false
	}
	for key, value := range g.EncryptionContextSubset {
		if got, ok := context[key]; !ok || got != value {
			return false
		}
	}
	return true
}
