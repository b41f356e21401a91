package kmsemu

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright/keypolicy"
)

// iamOperations are the operations of IAM: what Terraform needs for roles and
// their inline policies.
var iamOperations = map[string]operation{
	"CreateRole":                  {run: queryOperation(createRole)},
	"DeleteRole":                  {run: queryOperation(deleteRole)},
	"DeleteRolePolicy":            {run: queryOperation(deleteRolePolicy)},
	"GetRole":                     {run: queryOperation(getRole)},
	"GetRolePolicy":               {run: queryOperation(getRolePolicy)},
	"ListAttachedRolePolicies":    {run: queryOperation(listAttachedRolePolicies)},
	"ListInstanceProfilesForRole": {run: queryOperation(listInstanceProfilesForRole)},
	"ListRolePolicies":            {run: queryOperation(listRolePolicies)},
	"ListRoleTags":                {run: queryOperation(listRoleTags)},
	"ListRoles":                   {run: queryOperation(listRoles)},
	"PutRolePolicy":               {run: queryOperation(putRolePolicy)},
	"TagRole":                     {run: queryOperation(tagRole)},
	"UntagRole":                   {run: queryOperation(untagRole)},
	"UpdateAssumeRolePolicy":      {run: queryOperation(updateAssumeRolePolicy)},
	"UpdateRole":                  {run: queryOperation(updateRole)},
	"UpdateRoleDescription":       {run: queryOperation(updateRoleDescription)},
}

// role is an IAM role.
type role struct {
	id, account, arn string
	name, path       string
	description      string
	maxSeconds       int // MaxSessionDuration
	created          time.Time
	trust            document
	inline           map[string]document // by policy name
	tags             map[string]string
	deleted          bool // sessions outlive the entry in the account's map
}

// policies are the role's identity policies, in name order.
func (r *role) policies() []*keypolicy.Policy {
	out := make([]*keypolicy.Policy, 0, len(r.inline))
	for _, name := range slices.Sorted(maps.Keys(r.inline)) {
		out = append(out, r.inline[name].policy)
	}
	return out
}

func (s *state) roleByARN(arn string) *role {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || s.accounts[parts[4]] == nil {
		return nil
	}
	r := s.accounts[parts[4]].roles[arn[strings.LastIndexByte(arn, '/')+1:]]
	if r == nil || r.arn != arn {
		return nil
	}
	return r
}

// role authorises the operation on a role of the caller's account and returns
// it. IAM asks for permission before it tells whether the role exists.
func (c *call) role(f *form, context keypolicy.Context) (*role, error) {
	name := f.text("RoleName", roleNameRule)
	if err := f.err(); err != nil {
		return nil, err
	}
	r := c.server.state.account(c.caller.account).roles[name]
	p := permission{action: c.action, resource: c.arn(serviceIAM, "role/"+name), context: keypolicy.Context{}}
	maps.Copy(p.context, context)
	if r != nil {
		p.resource = r.arn
		for key, value := range r.tags {
			p.context.Set("aws:ResourceTag/"+key, value)
		}
	}
	if err := c.permit(p); err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fail(noSuchEntity, "The role with name %s cannot be found.", name)
	}
	return r, nil
}

// Rules of IAM's parameters. Source: IAM API Reference, CreateRole and
// PutRolePolicy; IAM User Guide, "IAM and AWS STS quotas".
var (
	namePattern     = regexp.MustCompile(`^[\w+=,.@-]+$`)
	roleNameRule    = textRule{min: 1, max: 64, pattern: namePattern}
	inlineNameRule  = textRule{min: 1, max: 128, pattern: namePattern}
	pathRule        = textRule{max: 512, pattern: regexp.MustCompile(`^(/|/[\x21-\x7F]+/)$`)}
	descriptionRule = textRule{max: 1000}
	documentRule    = textRule{min: 1, max: 131072}
	roleSeconds     = intRule{3600, 43200}
)

const (
	maxTrustPolicy  = 2048  // characters, white space not counted
	maxInlinePolicy = 10240 // the same, all inline policies of a role together
)

// timestamp is a time as the query protocol writes it.
type timestamp struct{ time.Time }

// MarshalXML writes ISO 8601 with whole seconds, in UTC.
func (t timestamp) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(t.UTC().Format("2006-01-02T15:04:05Z"), start)
}

// encodeDocument writes a policy as IAM answers with it: percent-encoded, spaces
// too.
func encodeDocument(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// policyLength is a policy's length as IAM's quotas count it.
func policyLength(text string) int {
	return len(strings.Join(strings.Fields(text), ""))
}

// parseIdentityPolicy reads a policy that is attached to its principal, and so
// names none, and must name resources.
func parseIdentityPolicy(name, text string) (*keypolicy.Policy, error) {
	policy, err := keypolicy.Parse(name, []byte(text))
	if err != nil {
		return nil, fail(malformedPolicy, "%v", err)
	}
	for _, s := range policy.Statements {
		switch {
		case s.Principal != nil || s.NotPrincipal != nil:
			return nil, fail(malformedPolicy, "Policy document should not specify a principal.")
		case s.Action == nil && s.NotAction == nil:
			return nil, fail(malformedPolicy, "Policy statement must contain actions.")
		case s.Resource == nil && s.NotResource == nil:
			return nil, fail(malformedPolicy, "Policy statement must contain resources.")
		}
	}
	return policy, nil
}

// newTrustPolicy reads a role's trust policy; its principals must exist.
func (c *call) newTrustPolicy(text string) (document, error) {
	if n := policyLength(text); n > maxTrustPolicy {
		return document{}, fail(limitExceeded, "Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy)
	}
	policy, err := keypolicy.Parse("trust policy", []byte(text))
	if err != nil {
		return document{}, fail(malformedPolicy, "%v", err)
	}
	for _, s := range policy.Statements {
		switch {
		case s.Principal == nil && s.NotPrincipal == nil:
			return document{}, fail(malformedPolicy, "AssumeRole policy must specify a principal.")
		case s.Resource != nil || s.NotResource != nil:
			return document{}, fail(malformedPolicy, "Has prohibited field Resource")
		}
	}
	if unknown, ok := c.server.state.principalsExist(policy); !ok {
		return document{}, fail(malformedPolicy, "Invalid principal in policy: %q", "AWS:"+unknown)
	}
	return document{text, policy}, nil
}

// checkIAMTags checks tags in IAM's words: names ignore case.
func (f *form) checkIAMTags(tags []tag) {
	seen := map[string]bool{}
	for i, t := range tags {
		f.checkText(fmt.Sprintf("tags.%d.member.key", i+1), t.TagKey, tagKeyRule)
		f.checkText(fmt.Sprintf("tags.%d.member.value", i+1), t.TagValue, tagValueRule)
		name := strings.ToLower(t.TagKey)
		if seen[name] {
			f.fail(invalidInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if strings.HasPrefix(name, reservedPrefix) {
			f.fail(invalidInput, "Tag keys beginning with aws: are reserved.")
		}
		seen[name] = true
	}
	if len(tags) > maxTags {
		f.fail(limitExceeded, "The number of tags has reached the maximum limit of %d.", maxTags)
	}
}
