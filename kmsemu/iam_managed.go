package kmsemu

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// managedPolicy is a managed policy: of the account, or, in the account "aws", of
// AWS.
type managedPolicy struct {
	entity
	description string
	updated     time.Time
	versions    []*policyVersion // oldest first
	standard    *policyVersion   // the default version
	made        int              // versions ever made
}

// policyVersion is one version of a managed policy.
type policyVersion struct {
	document
	id      string // v1, v2, …
	created time.Time
}

// current is what the policy says now.
func (p *managedPolicy) current() *document { return &p.standard.document }

var managedPolicies = &kind[*managedPolicy]{
	noun: "policy", parameter: "PolicyArn", rule: arnRule, tags: ownTags,
	missing: "Policy %s was not found.",
	most:    1500, plenty: "PoliciesPerAccount",
	find: func(c *call, arn string) (*managedPolicy, bool) {
		p := c.policyByARN(arn)
		return p, p != nil
	},
}

// policyByARN finds a policy of the caller's account or of AWS; nil if there is
// none.
func (c *call) policyByARN(arn string) *managedPolicy {
	if p := awsManagedPolicy(arn); p != nil {
		return p
	}
	return c.directoryLocked().policies[arn]
}

// changeablePolicy is managedPolicies.open for changes.
func (c *call) changeablePolicy(f *form) (*managedPolicy, error) {
	p, err := managedPolicies.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	return p, c.changeable(&p.entity)
}

// changeable refuses changes of AWS managed policies, which AWS keeps to itself
// (K0411).
func (c *call) changeable(e *entity) error {
	if e.account != awsAccount {
		return nil
	}
	return fail(accessDenied, "User: %s is not authorized to perform: %s on resource: policy %s", c.caller.principal.ARN, c.action, e.arn)
}

// policyXML is the Policy of the IAM API.
type policyXML struct {
	PolicyName                    string
	PolicyID                      string `xml:"PolicyId"`
	Arn                           string
	Path                          string
	DefaultVersionID              string `xml:"DefaultVersionId"`
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    timestamp
	UpdateDate                    timestamp
	Tags                          *tagListXML
}

func (c *call) policyXML(p *managedPolicy) policyXML {
	out := c.listedPolicyXML(p)
	out.Description, out.Tags = p.description, wholeTagList(p.tags)
	return out
}

// listedPolicyXML is the policy in lists, which leave tags and description out
// (K0402).
func (c *call) listedPolicyXML(p *managedPolicy) policyXML {
	use := c.uses(p)
	return policyXML{
		PolicyName: p.name, PolicyID: p.id, Arn: p.arn, Path: p.path, DefaultVersionID: p.standard.id,
		AttachmentCount: len(use.attached), PermissionsBoundaryUsageCount: len(use.bounded), IsAttachable: true,
		CreateDate: timestamp{p.created}, UpdateDate: timestamp{p.updated},
	}
}

type policyResult struct{ Policy policyXML }

func createPolicy(c *call, f *form) (*policyResult, error) {
	p := &managedPolicy{
		entity:      newHolder(c, f.text("PolicyName", inlineNameRule), cmp.Or(f.text("Path", pathRule), "/")).entity,
		description: f.text("Description", policyDescriptionRule), updated: c.now,
	}
	text := f.text("PolicyDocument", documentRule)
	p.arn = c.arn(serviceIAM, "policy"+p.path+p.name)
	p.tags = tagMap(f.tags())
	f.checkIAMTags(f.tags(), ownTags)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := c.permitNew(creation{arn: p.arn, shown: "policy " + p.name, tagging: "iam:TagPolicy", tags: f.tags()}); err != nil {
		return nil, err
	}
	known := c.directoryLocked().policies
	if taken(known, p.name) {
		return nil, fail(entityExists, "A policy called %s already exists. Duplicate names are not allowed.", p.name)
	}
	if err := managedPolicies.room(known); err != nil {
		return nil, err
	}
	v, err := p.newVersion(text, c.now)
	if err != nil {
		return nil, err
	}
	p.standard = v
	if p.id, err = newID(c.random, "ANPA", 17); err != nil {
		return nil, err
	}
	known[p.arn] = p
	c.server.state.changes.note(p)
	out := c.listedPolicyXML(p) // without the description, as IAM has it (K0611)
	out.Tags = tagListOf(p.tags)
	return &policyResult{out}, nil
}

func getPolicy(c *call, f *form) (*policyResult, error) {
	p, err := managedPolicies.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	return &policyResult{c.policyXML(p)}, nil
}

// deletePolicy refuses while the policy is in use or has older versions. Source:
// IAM API Reference, DeletePolicy.
func deletePolicy(c *call, f *form) (*empty, error) {
	p, err := c.changeablePolicy(f)
	if err != nil {
		return nil, err
	}
	use := c.uses(p)
	if len(use.attached)+len(use.bounded) > 0 {
		return nil, fail(deleteConflict, "Cannot delete a policy attached to entities.")
	}
	if len(p.versions) > 1 {
		return nil, fail(deleteConflict, "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	delete(c.directoryLocked().policies, p.arn)
	return done()
}

type policiesResult struct {
	Policies []policyXML `xml:"Policies>member"`
	iamPageOutput
}

var (
	scopeRule  = textRule{enum: []string{"All", "AWS", "Local"}}
	policyUses = textRule{enum: []string{usePermissions, useBoundary}}
)

func listPolicies(c *call, f *form) (*policiesResult, error) {
	scope, usage, attached := f.text("Scope", scopeRule), f.text("PolicyUsageFilter", policyUses), f.flag("OnlyAttached")
	prefix, page, err := c.listAll(f, "policy")
	if err != nil {
		return nil, err
	}
	all := map[string]*managedPolicy{}
	if scope != "AWS" {
		for arn, p := range c.directoryLocked().policies {
			all[arn] = p
		}
	}
	if scope != "Local" {
		for _, p := range awsManagedPolicies(partition(c.region)) {
			all[p.arn] = p
		}
	}
	list := slices.DeleteFunc(sortedUnder(all, prefix), func(p *managedPolicy) bool { return !c.uses(p).fit(usage, attached) })
	slices.SortFunc(list, func(a, b *managedPolicy) int { return strings.Compare(a.arn, b.arn) })
	out := &policiesResult{}
	out.Policies, out.iamPageOutput, err = paged(c, pagedInput[*managedPolicy, policyXML]{page, list,
		func(p *managedPolicy) string { return p.arn }, c.listedPolicyXML})
	return out, err
}

// sessionPolicies turns the ARNs of session policies into policies (K0424).
func (c *call) sessionPolicies(arns []string, account string) ([]document, error) {
	var out []document
	for _, arn := range arns {
		p := awsManagedPolicy(arn)
		if known := c.server.state.accounts[account]; p == nil && known != nil {
			p = known.policies[arn]
		}
		if p == nil {
			return nil, fail(malformedPolicy, "The policy %s does not exist in the account of the session.", arn)
		}
		now := p.current()
		out = append(out, document{text: now.text, policy: renamed(now.policy, "session policy "+p.name)})
	}
	return out, nil
}
