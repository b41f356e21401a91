package keypolicy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// facts answers what the value of a condition key is in one request.
type facts struct {
	request *Request
	world   *World
	action  string // lower case
	kind    principalKind
	account string // the caller's; "" for none
	owner   string // the resource's account; "" for none
}

func newFacts(request *Request, world *World) facts {
	return facts{
		request: request,
		world:   world,
		action:  strings.ToLower(request.Action),
		kind:    request.Principal.kind(),
		account: request.Principal.Account(),
		owner:   ownerOf(request.Resource),
	}
}

// ownerOf is the account of a resource. What belongs to AWS itself, such as an AWS
// managed policy, is in no account: every account may be allowed it.
func ownerOf(resource string) string {
	if account := splitARN(resource).account; account != "aws" {
		return account
	}
	return ""
}

// derived holds the condition keys that follow from the caller or the key; the
// request's own context is asked first, so a caller of [Evaluate] may override
// them. Sources: IAM User Guide, "AWS global condition context keys"; KMS
// Developer Guide, "AWS KMS condition keys".
var derived = map[string]func(*facts) []string{
	"aws:principalarn":     func(f *facts) []string { return nonEmpty(f.principalARN()) },
	"aws:principalaccount": func(f *facts) []string { return nonEmpty(f.account) },
	"aws:principaltype":    func(f *facts) []string { return nonEmpty(principalTypeNames[f.kind]) },
	"aws:principalisawsservice": func(f *facts) []string {
		return []string{strconv.FormatBool(f.kind == service)}
	},
	"aws:principalservicename": func(f *facts) []string {
		if f.kind != service {
			return nil
		}
		return []string{f.request.Principal.ARN}
	},
	"aws:userid":                 func(f *facts) []string { return nonEmpty(f.userID()) },
	"aws:username":               func(f *facts) []string { return nonEmpty(f.userName()) },
	"aws:resourceaccount":        func(f *facts) []string { return nonEmpty(f.owner) },
	"kms:calleraccount":          func(f *facts) []string { return nonEmpty(f.account) },
	"kms:keyspec":                keyFact(func(k *Key) []string { return nonEmpty(k.Spec) }),
	"kms:keyusage":               keyFact(func(k *Key) []string { return nonEmpty(k.Usage) }),
	"kms:keyorigin":              keyFact(func(k *Key) []string { return nonEmpty(k.Origin) }),
	"kms:multiregion":            keyFact(func(k *Key) []string { return []string{strconv.FormatBool(k.MultiRegion)} }),
	"kms:multiregionkeytype":     keyFact(func(k *Key) []string { return nonEmpty(k.MultiRegionKeyType) }),
	"kms:customermasterkeyspec":  keyFact(func(k *Key) []string { return nonEmpty(k.Spec) }),
	"kms:customermasterkeyusage": keyFact(func(k *Key) []string { return nonEmpty(k.Usage) }),
	"kms:encryptioncontextkeys":  func(f *facts) []string { return slices.Sorted(maps.Keys(f.request.EncryptionContext)) },
	"kms:resourcealiases":        keyFact(func(k *Key) []string { return k.Aliases }),
}

// principalTypeNames are the values of aws:PrincipalType.
var principalTypeNames = [...]string{anonymous: "Anonymous", root: "Account", user: "User", session: "AssumedRole", federatedUser: "FederatedUser", webIdentity: "", service: ""}

func keyFact(of func(*Key) []string) func(*facts) []string {
	return func(f *facts) []string {
		if f.world.Key == nil {
			return nil
		}
		return of(f.world.Key)
	}
}

// tagKeys are condition keys with a tag name behind a slash.
var tagKeys = []struct {
	prefix string
	tags   func(*facts) map[string]string
}{
	{"aws:principaltag/", func(f *facts) map[string]string { return f.request.Principal.Tags }},
	{encryptionContextPrefix, func(f *facts) map[string]string { return f.request.EncryptionContext }},
	{"aws:resourcetag/", func(f *facts) map[string]string {
		if f.world.Key == nil {
			return nil
		}
		return f.world.Key.Tags
	}},
}

// encryptionContextPrefix is that of the condition keys made from the
// encryption context.
const encryptionContextPrefix = "kms:encryptioncontext:"

// lookUp finds the values of a condition key given in lower case, and whether
// the request has the key at all. In an open request a key that nothing sets
// may or may not be there, with any value.
func (f *facts) lookUp(key string) (values []string, present truth) {
	if values := f.values(key); len(values) > 0 {
		return values, yes
	}
	if f.request.Open && f.isOpen(key) {
		return []string{Mark(key)}, maybe
	}
	return nil, no
}

func (f *facts) values(key string) []string {
	if values, ok := f.request.Context[key]; ok {
		return values
	}
	if f.request.Further != nil {
		if values := f.request.Further(key); values != nil {
			return values
		}
	}
	if derive := derived[key]; derive != nil {
		return derive(f)
	}
	for _, t := range tagKeys {
		if name, ok := strings.CutPrefix(key, t.prefix); ok {
			return tagValue(t.tags(f), name)
		}
	}
	return nil
}

// isOpen reports whether an open request leaves the key unknown: nothing that is
// known of caller, key and encryption context tells whether it is there.
func (f *facts) isOpen(key string) bool {
	caller := &f.request.Principal
	_, follows := derived[key]
	switch {
	case strings.HasPrefix(key, "aws:principaltag/"):
		return caller.Tags == nil
	case key == "aws:userid":
		return caller.UniqueID == "" && f.kind != root
	case key == "kms:encryptioncontextkeys", strings.HasPrefix(key, encryptionContextPrefix):
		return f.request.EncryptionContext == nil
	case strings.HasPrefix(key, "aws:resourcetag/"), follows && isKeyFact(key):
		return f.world.Key == nil
	}
	return !follows
}

// isKeyFact reports whether a derived condition key is about the KMS key.
func isKeyFact(key string) bool {
	return strings.HasPrefix(key, "kms:") && key != "kms:calleraccount"
}

// tagValue looks a tag or an encryption context pair up; condition keys, and so
// the names in them, ignore case. Names that differ only in case give several
// values.
func tagValue(tags map[string]string, name string) []string {
	var values []string
	for key, value := range tags {
		if strings.EqualFold(key, name) {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return values
}

func nonEmpty(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// principalARN is the value of aws:PrincipalArn: for a session its role's ARN.
func (f *facts) principalARN() string {
	if f.request.Principal.RoleARN != "" {
		return f.request.Principal.RoleARN
	}
	return f.request.Principal.ARN
}

func (f *facts) userID() string {
	p := &f.request.Principal
	switch p.kind() {
	case root:
		return p.Account()
	case session:
		if p.UniqueID == "" {
			return ""
		}
		return p.UniqueID + ":" + p.ARN[strings.LastIndexByte(p.ARN, '/')+1:]
	}
	return p.UniqueID
}

func (f *facts) userName() string {
	if f.kind != user {
		return ""
	}
	return f.request.Principal.ARN[strings.LastIndexByte(f.request.Principal.ARN, '/')+1:]
}
