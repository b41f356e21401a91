package kmsemu

import (
	"strings"
)

var listGrantsPage = pageLimits{50, 100}

type listGrantsInput struct {
	keyInput
	pageInput
	GrantID                 string `json:"GrantId"`
	GranteePrincipal        string
	GranteeServicePrincipal string
}

func (in *listGrantsInput) check(k *checker) {
	in.keyInput.check(k)
	in.checkPage(k, listGrantsPage)
	k.checkText("grantId", in.GrantID, grantIDRule)
	k.checkText("granteePrincipal", in.GranteePrincipal, grantPrincipalRule)
	k.checkText("granteeServicePrincipal", in.GranteeServicePrincipal, grantServiceRule)
	if in.GranteePrincipal != "" && in.GranteeServicePrincipal != "" {
		k.fail(validation, "You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
	}
}

// grantListEntry is the GrantListEntry of the KMS API (K0313).
type grantListEntry struct {
	Constraints              *grantListConstraints `json:",omitempty"`
	CreationDate             epoch
	GrantID                  string `json:"GrantId"`
	GranteePrincipal         string `json:",omitempty"`
	GranteeServicePrincipal  string `json:",omitempty"`
	IssuingAccount           string
	KeyID                    string `json:"KeyId"`
	Name                     string
	Operations               []string
	RetiringPrincipal        string `json:",omitempty"`
	RetiringServicePrincipal string `json:",omitempty"`
}

// grantListConstraints are [grantConstraints] under the names of the API.
type grantListConstraints struct {
	EncryptionContextEquals encryptionContext `json:",omitempty"`
	EncryptionContextSubset encryptionContext `json:",omitempty"`
	SourceArn               string            `json:",omitempty"`
}

type listGrantsOutput struct {
	Grants []grantListEntry
	pageOutput
}

func listGrants(c *call, in *listGrantsInput) (*listGrantsOutput, error) {
	k, err := c.key(in.KeyID, c.awsResourceCondition())
	if err != nil {
		return nil, err
	}
	if in.GrantID != "" {
		if _, err := k.grant(in.GrantID); err != nil {
			return nil, err
		}
	}
	if err := c.onlyServices("GranteeServicePrincipal", in.GranteeServicePrincipal); err != nil {
		return nil, err
	}
	grants := c.ofGrantee(k, in)
	if in.GrantID != "" {
		grants = grants.only(in.GrantID)
	}
	return c.grantPage(&in.pageInput, grants)
}

// ofGrantee are the key's grants to the principal a request asks for; all if it
// asks for none.
func (c *call) ofGrantee(k *key, in *listGrantsInput) *order[*grant] {
	service := in.GranteeServicePrincipal != ""
	name := in.GranteePrincipal + in.GranteeServicePrincipal
	if name == "" {
		return &k.grants.all
	}
	return together(k.grants.grantees[granteeRef{name, service}], k.grants.grantees[granteeRef{c.server.state.uniqueID(name), service}])
}

// onlyServices refuses a filter that only callers in a service principal may use
// (K0314).
func (c *call) onlyServices(name, value string) error {
	if value != "" && (c.via == nil || c.via.mode != asPrincipal) {
		return fail(validation, "%s can be used only by a service principal.", name)
	}
	return nil
}

func (c *call) grantPage(in *pageInput, of *order[*grant]) (*listGrantsOutput, error) {
	grants, more, err := pageFrom(c, in, listGrantsPage, of.after, (*grant).label)
	if err != nil {
		return nil, err
	}
	out := &listGrantsOutput{Grants: make([]grantListEntry, 0, len(grants)), pageOutput: more}
	for _, g := range grants {
		out.Grants = append(out.Grants, c.grantEntry(g))
	}
	return out, nil
}

func (c *call) grantEntry(g *grant) grantListEntry {
	entry := grantListEntry{
		CreationDate: epoch{g.created}, GrantID: g.id, KeyID: g.key.arn, Name: g.name, Operations: g.operations,
		IssuingAccount: accountRoot(partition(c.region), g.issuer),
	}
	if g.constraints.kind() != "" || g.constraints.SourceArn != "" {
		entry.Constraints = (*grantListConstraints)(&g.constraints)
	}
	*either(g.grantee.service, &entry.GranteeServicePrincipal, &entry.GranteePrincipal) = c.server.state.partyName(g.grantee)
	*either(g.retirer.service, &entry.RetiringServicePrincipal, &entry.RetiringPrincipal) = c.server.state.partyName(g.retirer)
	return entry
}

// either is the field of a service principal, or that of another.
func either(service bool, ofService, ofOther *string) *string {
	if service {
		return ofService
	}
	return ofOther
}

type listRetirableGrantsInput struct {
	pageInput
	RetiringPrincipal        string
	RetiringServicePrincipal string
}

func (in *listRetirableGrantsInput) check(k *checker) {
	in.checkPage(k, listGrantsPage)
	k.checkText("retiringPrincipal", in.RetiringPrincipal, grantPrincipalRule)
	k.checkText("retiringServicePrincipal", in.RetiringServicePrincipal, grantServiceRule)
	if (in.RetiringPrincipal == "") == (in.RetiringServicePrincipal == "") {
		k.fail(validation, "You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
	}
}

// listRetirableGrants needs no permission on the keys of the grants, only one on
// the retiring principal, which must be of the caller's account (K0315).
func listRetirableGrants(c *call, in *listRetirableGrantsInput) (*listGrantsOutput, error) {
	if err := c.onlyServices("RetiringServicePrincipal", in.RetiringServicePrincipal); err != nil {
		return nil, err
	}
	p := permission{action: c.action, resource: in.RetiringPrincipal + in.RetiringServicePrincipal}
	if in.RetiringPrincipal != "" {
		if !strings.HasPrefix(in.RetiringPrincipal, "arn:") || !c.server.state.principalExists(in.RetiringPrincipal) {
			return nil, fail(invalidARN, "ARN does not refer to a valid principal: %s", in.RetiringPrincipal)
		}
		if err := c.permit(p); err != nil {
			return nil, err
		}
	}
	index, id := c.server.state.retirable, c.server.state.uniqueID(in.RetiringPrincipal)
	return c.grantPage(&in.pageInput, together(index[retirable{c.region, p.resource}], index[retirable{c.region, id}]))
}
