package kmsemu

import (
	"encoding/xml"
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

	roleNameRule   = textRule{min: 1, max: 64, pattern: namePattern, words: nameWords}
	userNameRule   = textRule{min: 1, max: 128, pattern: namePattern, words: nameWords} // one of 65 is asked for in vain
	groupNameRule  = textRule{min: 1, max: 128, pattern: namePattern, words: nameWords}
	madeUserRule   = textRule{min: 1, max: 64, pattern: namePattern, words: nameWords}
	newUserRule    = textRule{max: 64, pattern: namePattern, words: nameWords}
	newGroupRule   = textRule{max: 128, pattern: namePattern, words: nameWords}
	inlineNameRule = textRule{min: 1, max: 128, pattern: namePattern, words: nameWords} // of every kind of policy, and of instance profiles
	versionRule    = textRule{min: 1, pattern: lazyregexp.New(`^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$`)}
	pathRule       = textRule{max: 512, pattern: lazyregexp.New(`^(/|/[\x21-\x7E]+/)$`), words: "It must begin and end with / and contain only alphanumeric characters and/or / characters."}
	documentRule   = textRule{min: 1, max: 131072, pattern: lazyregexp.New(`^[\x{9}\x{A}\x{D}\x{20}-\x{FF}]+$`), words: "It must contain only printable ASCII characters."}
	arnRule        = textRule{min: 20, max: 2048}
	roleSeconds    = intRule{3600, 43200}

	policyDescriptionRule = textRule{max: 1000}
	// roleDescriptionRule is written as in the model of IAM, which messages show.
	roleDescriptionRule = textRule{max: 1000, pattern: lazyregexp.New(`^[\x{0009}\x{000A}\x{000D}\x{0020}-\x{007E}\x{00A1}-\x{00FF}]*$`)}
)

// nameWords are IAM's for what a name may consist of.
const nameWords = "It must contain only alphanumeric characters and/or the following: +=,.@_-"

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

// checkPolicyARN checks the form of the ARN of a managed policy; "" is absent.
func (f *form) checkPolicyARN(arn string) {
	parts := strings.SplitN(arn, ":", 6)
	switch {
	case arn == "":
	case len(parts) != 6 || parts[0] != "arn":
		f.fail(validation, "ARN %s is not valid.", arn)
	case parts[2] != serviceIAM || parts[3] != "" || !strings.HasPrefix(parts[5], "policy/"):
		f.fail(invalidInput, "ARN %s is not valid.", arn)
	}
}

// boundary reads the permissions boundary of a new role or user; "" for none.
func (f *form) boundary() string {
	arn := f.optional("PermissionsBoundary", arnRule)
	f.checkPolicyARN(arn)
	return arn
}
