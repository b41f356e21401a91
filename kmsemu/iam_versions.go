package kmsemu

import (
	"slices"
	"strconv"
	"time"
)

const (
	maxPolicyVersions = 5
	maxManagedPolicy  = 6144 // characters, white space not counted
	// newestVersion of the policy language: managed policies have no other (K0613).
	newestVersion = "2012-10-17"
)

// newVersion reads a policy and adds it as a version.
func (p *managedPolicy) newVersion(text string, now time.Time) (*policyVersion, error) {
	if policyLength(text) > maxManagedPolicy {
		return nil, fail(limitExceeded, "Cannot exceed quota for PolicySize: %d", maxManagedPolicy)
	}
	policy, err := parseIdentityPolicy("managed policy "+p.name, text)
	if err != nil {
		return nil, err
	}
	if policy.Version != newestVersion {
		return nil, fail(malformedPolicy, "Policy document must be version %s or greater.", newestVersion)
	}
	p.made++
	v := &policyVersion{document{text: text, policy: policy}, "v" + strconv.Itoa(p.made), now}
	p.versions = append(p.versions, v)
	return v, nil
}

// versionXML is the PolicyVersion of the IAM API.
type versionXML struct {
	Document         string `xml:",omitempty"`
	VersionID        string `xml:"VersionId"`
	IsDefaultVersion bool
	CreateDate       timestamp
}

// xml leaves the document out, as all operations but GetPolicyVersion do.
func (v *policyVersion) xml(of *managedPolicy) versionXML {
	return versionXML{VersionID: v.id, IsDefaultVersion: of.standard == v, CreateDate: timestamp{v.created}}
}

type versionResult struct{ PolicyVersion versionXML }

func createPolicyVersion(c *call, f *form) (*versionResult, error) {
	text := f.text("PolicyDocument", documentRule)
	standard := f.flag("SetAsDefault")
	p, err := c.changeablePolicy(f)
	if err != nil {
		return nil, err
	}
	if len(p.versions) >= maxPolicyVersions {
		return nil, fail(limitExceeded, "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxPolicyVersions)
	}
	v, err := p.newVersion(text, c.now)
	if err != nil {
		return nil, err
	}
	if standard {
		p.standard = v
	}
	p.updated = c.now
	return &versionResult{v.xml(p)}, nil
}

// openVersion authorises the operation on the policy and finds the version that the
// form names. Of a policy that does not exist it is the version that IAM misses (K0616).
func (c *call) openVersion(f *form) (*managedPolicy, *policyVersion, error) {
	id := f.text("VersionId", versionRule)
	p, err := managedPolicies.open(c, f, nil)
	if err != nil && asAPIError(err).code != noSuchEntity {
		return nil, nil, err
	}
	if p != nil {
		for _, v := range p.versions {
			if v.id == id {
				return p, v, nil
			}
		}
	}
	return nil, nil, fail(noSuchEntity, "Policy %s version %s does not exist or is not attachable.", f.values.Get("PolicyArn"), id)
}

// openChangeableVersion is openVersion for changes.
func (c *call) openChangeableVersion(f *form) (*managedPolicy, *policyVersion, error) {
	p, v, err := c.openVersion(f)
	if err != nil {
		return nil, nil, err
	}
	return p, v, c.changeable(&p.entity)
}

func getPolicyVersion(c *call, f *form) (*versionResult, error) {
	p, v, err := c.openVersion(f)
	if err != nil {
		return nil, err
	}
	out := v.xml(p)
	out.Document = encodeDocument(v.text)
	return &versionResult{out}, nil
}

func setDefaultPolicyVersion(c *call, f *form) (*empty, error) {
	p, v, err := c.openChangeableVersion(f)
	if err != nil {
		return nil, err
	}
	p.standard, p.updated = v, c.now
	return done()
}

func deletePolicyVersion(c *call, f *form) (*empty, error) {
	p, v, err := c.openChangeableVersion(f)
	if err != nil {
		return nil, err
	}
	if v == p.standard {
		return nil, fail(deleteConflict, "Cannot delete the default version of a policy.")
	}
	p.versions = slices.DeleteFunc(p.versions, func(other *policyVersion) bool { return other == v })
	return done()
}

type versionsResult struct {
	Versions []versionXML `xml:"Versions>member"`
	iamPageOutput
}

// listPolicyVersions lists the newest version first.
func listPolicyVersions(c *call, f *form) (*versionsResult, error) {
	page := f.paging()
	p, err := managedPolicies.open(c, f, nil)
	if err != nil {
		return nil, err
	}
	versions := slices.Clone(p.versions)
	slices.Reverse(versions)
	// Five versions at most: a marker holds how far the reader came.
	place := func(v *policyVersion) string { return strconv.Itoa(slices.Index(versions, v)) }
	out := &versionsResult{}
	out.Versions, out.iamPageOutput, err = paged(c, pagedInput[*policyVersion, versionXML]{page, versions, place,
		func(v *policyVersion) versionXML { return v.xml(p) }})
	return out, err
}
