package kmsemu

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

type revokeGrantInput struct {
	keyInput
	dryRunOption
	GrantID string `json:"GrantId"`
}

func (in *revokeGrantInput) check(k *checker) {
	in.keyInput.check(k)
	k.checkText("grantId", in.GrantID, textRule{min: 1, max: grantIDRule.max})
}

func revokeGrant(c *call, in *revokeGrantInput) (*empty, error) {
	k, err := c.key(in.KeyID, c.awsResourceCondition())
	if err != nil {
		return nil, err
	}
	g, err := k.grant(in.GrantID)
	if err != nil {
		return nil, err
	}
	if err := in.stop(); err != nil {
		return nil, err
	}
	c.dropGrant(g)
	return done()
}

// grant is a grant that must exist (K0312).
func (k *key) grant(id string) (*grant, error) {
	if g := k.grants.get(id); g != nil {
		return g, nil
	}
	return nil, fail(invalidGrantID, "The grant '%s' does not exist on the key '%s'.", id, k.arn)
}

type retireGrantInput struct {
	KeyID string `json:"KeyId"`
	dryRunOption
	GrantID    string `json:"GrantId"`
	GrantToken secretText
}

func (in *retireGrantInput) check(k *checker) {
	k.checkText("keyId", in.KeyID, optionalKeyIDRule)
	k.checkText("grantId", in.GrantID, grantIDRule)
	k.checkText("grantToken", string(in.GrantToken), textRule{max: grantTokenRule.max})
	byID := in.KeyID != "" && in.GrantID != ""
	if byID == (in.GrantToken != "") || !byID && in.KeyID+in.GrantID != "" {
		k.fail(validation, "You must specify either a GrantToken or both a KeyId and a GrantId.")
	}
}

func retireGrant(c *call, in *retireGrantInput) (*empty, error) {
	g, err := c.grantToRetire(in)
	if err != nil {
		return nil, err
	}
	c.concerns(g.key)
	c.event.Additional = &AdditionalData{GrantID: g.id}
	if err := c.mayRetire(g); err != nil {
		return nil, err
	}
	if err := in.stop(); err != nil {
		return nil, err
	}
	c.dropGrant(g)
	return done()
}

func (c *call) grantToRetire(in *retireGrantInput) (*grant, error) {
	if in.GrantToken != "" {
		return c.grantOfToken(string(in.GrantToken))
	}
	f, err := c.find(in.KeyID)
	if err != nil {
		return nil, err
	}
	return f.key.grant(in.GrantID)
}

// mayRetire asks for the permission to retire a grant, which is the grant's to
// give: to its retiring principal, to its grantee if it says so, and, by their
// IAM policies, to the accounts concerned (K0308).
func (c *call) mayRetire(g *grant) error {
	policy, err := c.retirementPolicy(g)
	if err != nil {
		return err
	}
	conditions := keypolicy.Context{}
	if kind := g.constraints.kind(); kind != "" {
		conditions.Set("kms:GrantConstraintType", kind)
	}
	p := permission{
		action: c.action, resource: g.key.arn, context: conditions, policy: policy, key: c.facts(g.key),
		encryption: g.constraints.pairs(),
	}
	for _, way := range coverings(c.caller.principal) {
		if g.retiredBy(way.ref) {
			p.grants = append(p.grants, keypolicy.Grant{ID: g.id, Grantee: way.name, Operations: []string{c.name}})
		}
	}
	return c.permit(p)
}

// retiredBy reports whether the grant itself lets a principal retire it. An
// account that is the retiring principal delegates instead.
func (g *grant) retiredBy(ref string) bool {
	if g.retirer.ref() == ref && !g.retirer.isRoot() {
		return true
	}
	return g.grantee.ref() == ref && slices.Contains(g.operations, "RetireGrant")
}

// retirementPolicy is the key policy as far as it counts for retiring a grant:
// its denials. An Allow has no effect there; instead the key's account, that in
// which the grant was made, and that of a retiring account user delegate to their
// IAM policies.
func (c *call) retirementPolicy(g *grant) (*keypolicy.Policy, error) {
	roots := []string{accountRoot(partition(c.region), g.key.account), accountRoot(partition(c.region), g.issuer)}
	if g.retirer.isRoot() {
		roots = append(roots, g.retirer.name)
	}
	policy, err := keypolicy.Parse("key policy", []byte(`{"Version":"2012-10-17","Statement":[{"Sid":"the accounts of the grant",`+
		`"Effect":"Allow","Principal":{"AWS":["`+strings.Join(roots, `","`)+`"]},"Action":"kms:RetireGrant","Resource":"*"}]}`))
	if err != nil {
		return nil, err
	}
	for _, statement := range c.policyOf(g.key).Statements {
		if statement.Effect == keypolicy.Deny {
			policy.Statements = append(policy.Statements, statement)
		}
	}
	return policy, nil
}

func accountRoot(partition, account string) string {
	return "arn:" + partition + ":iam::" + account + ":root"
}
