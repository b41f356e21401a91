package kmsemu

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/keywright/keywright/internal/lazyregexp"
)

// Rules of IAM's parameters. Source: IAM API Reference, CreateRole and
// PutRolePolicy; IAM User Guide, "IAM and AWS STS quotas".
var (
	namePattern       = lazyregexp.New(`^[\w+=,.@-]+$`)
	wordPattern       = lazyregexp.New(`^\w+$`)
	pathPrefixPattern = lazyregexp.New(`^/[\x21-\x7F]*$`)

	roleNameRule    = textRule{min: 1, max: 64, pattern: namePattern}
	userNameRule    = textRule{min: 1, max: 64, pattern: namePattern}
	groupNameRule   = textRule{min: 1, max: 128, pattern: namePattern}
	newUserRule     = textRule{max: 64, pattern: namePattern}
	newGroupRule    = textRule{max: 128, pattern: namePattern}
	inlineNameRule  = textRule{min: 1, max: 128, pattern: namePattern} // of every kind of policy, and of instance profiles
	versionRule     = textRule{min: 1, pattern: lazyregexp.New(`^v[1-9][0-9]*$`)}
	pathRule        = textRule{max: 512, pattern: lazyregexp.New(`^(/|/[\x21-\x7F]+/)$`)}
	descriptionRule = textRule{max: 1000}
	documentRule    = textRule{min: 1, max: 131072}
	arnRule         = textRule{max: 2048}
	requiredARNRule = textRule{min: 20, max: 2048}
	roleSeconds     = intRule{3600, 43200}
)

const maxTrustPolicy = 2048 // characters, white space not counted

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
