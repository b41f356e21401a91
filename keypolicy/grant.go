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
// not bind them; one on the source does. Source: KMS API Reference,
// GrantConstraints.
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
	return min(g.sourceHolds(f), g.contextHolds(f))
}

func (g *Grant) sourceHolds(f *facts) truth {
	if g.SourceARN == "" {
		return yes
	}
	values, present := f.lookUp("aws:sourcearn")
	if present != yes {
		return present
	}
	return is(slices.Contains(values, g.SourceARN))
}

func (g *Grant) contextHolds(f *facts) truth {
	switch {
	case g.EncryptionContextEquals == nil && g.EncryptionContextSubset == nil, slices.Contains(unconstrained, f.action):
		return yes
	case f.request.Open && f.request.EncryptionContext == nil:
		return maybe
	}
	return is(g.contextFits(f.request.EncryptionContext))
}

// unknowns are the names of what the grant's answer hangs on.
func (g *Grant) unknowns(f *facts) []string {
	names := marks(g.Grantee)
	if g.sourceHolds(f) == maybe {
		names = append(names, "aws:sourcearn")
	}
	if g.contextHolds(f) == maybe {
		names = append(names, "the encryption context")
	}
	return names
}

// contextFits compares pairs: in a grant's constraint the case of a key does not
// matter, that of a value does. Source: KMS API Reference, GrantConstraints.
func (g *Grant) contextFits(context map[string]string) bool {
	given := foldKeys(context)
	if g.EncryptionContextEquals != nil && !maps.Equal(foldKeys(g.EncryptionContextEquals), given) {
		return false
	}
	for key, value := range foldKeys(g.EncryptionContextSubset) {
		if got, ok := given[key]; !ok || got != value {
			return false
		}
	}
	return true
}

func foldKeys(context map[string]string) map[string]string {
	folded := make(map[string]string, len(context))
	for key, value := range context {
		folded[strings.ToLower(key)] = value
	}
	return folded
}
