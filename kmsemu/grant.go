package kmsemu

import (
	"maps"
	"slices"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// grant allows a principal some operations on a key, beside its policies.
type grant struct {
	id, name    string
	key         *key
	region      string
	issuer      string // account of who made it
	created     time.Time
	secret      []byte // of its tokens
	grantee     party
	retirer     party // name "" for none
	operations  []string
	constraints grantConstraints
	places      []place // where its key's grantSet has it
}

// grantConstraints are the GrantConstraints of the KMS API (K0305). The tags
// give the names of the audit trail; reading ignores case.
type grantConstraints struct {
	EncryptionContextEquals encryptionContext `json:"encryptionContextEquals,omitempty"`
	EncryptionContextSubset encryptionContext `json:"encryptionContextSubset,omitempty"`
	SourceArn               string            `json:"sourceArn,omitempty"`
}

// pairs is the encryption context that is constrained; nil for none.
func (g *grantConstraints) pairs() encryptionContext {
	if g.EncryptionContextEquals != nil {
		return g.EncryptionContextEquals
	}
	return g.EncryptionContextSubset
}

// kind is the value of kms:GrantConstraintType; "" for none.
func (g *grantConstraints) kind() string {
	switch {
	case g.EncryptionContextEquals != nil:
		return "EncryptionContextEquals"
	case g.EncryptionContextSubset != nil:
		return "EncryptionContextSubset"
	}
	return ""
}

// within reports whether the constraints are at least as strict as a parent's:
// they may turn a subset into an exact match and add pairs, never the reverse
// (K0309).
func (g *grantConstraints) within(parent *grantConstraints) bool {
	if parent.SourceArn != "" && g.SourceArn != parent.SourceArn {
		return false
	}
	if parent.EncryptionContextEquals != nil {
		return maps.Equal(g.EncryptionContextEquals, parent.EncryptionContextEquals)
	}
	own := g.pairs()
	for key, value := range parent.EncryptionContextSubset {
		if got, ok := own[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// mayMake reports whether who has CreateGrant by g may make child: some of the
// operations, under constraints at least as strict (K0309).
func (g *grant) mayMake(child *grant) bool {
	for _, operation := range child.operations {
		if !slices.Contains(g.operations, operation) {
			return false
		}
	}
	return child.constraints.within(&g.constraints)
}

// grantFor is the grant as keypolicy knows it, its grantee named in the way it
// covers the caller.
func (c *call) grantFor(g *grant, grantee string) keypolicy.Grant {
	return keypolicy.Grant{
		ID: g.id, Token: g.id, Grantee: grantee, Operations: g.operations, SourceARN: g.constraints.SourceArn,
		Pending:                 c.span(c.server.consistency.Grants).covers(g.created),
		EncryptionContextEquals: g.constraints.EncryptionContextEquals,
		EncryptionContextSubset: g.constraints.EncryptionContextSubset,
	}
}

// grantsFor are the key's grants that may allow what the caller needs.
func (c *call) grantsFor(k *key, n need) []keypolicy.Grant {
	leaving := c.past().grants.leaving(k, c.span(c.server.consistency.Grants))
	if k.grants.shelves == nil && leaving == nil {
		return nil
	}
	action, _ := keypolicy.LookUpAction(n.action)
	var out []keypolicy.Grant
	for _, way := range coverings(c.caller.principal) {
		for _, g := range slices.Concat(c.speakers(k.grants.find(way.ref, action.GrantOperation, n.encryption)), leaving) {
			if g.grantee.ref() == way.ref && (n.child == nil || g.mayMake(n.child)) {
				out = append(out, c.grantFor(g, way.name))
			}
		}
	}
	return out
}

// speakers are the grants to ask of each group: the first, for they are alike; all
// of them if some may be too new to count.
func (c *call) speakers(groups []*order[*grant]) []*grant {
	var out []*grant
	for _, group := range groups {
		if c.server.consistency.Grants == 0 {
			out = append(out, group.first())
			continue
		}
		out = slices.AppendSeq(out, group.after(""))
	}
	return out
}
