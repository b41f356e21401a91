package keypolicy

import (
	"strconv"
	"strings"
)

// facts answers what the value of a condition key is in one request.
type facts struct {
	request *Request
	world   *World
	action  string // lower case
}

// derived holds the condition keys that follow from the caller or the key; the
// request's own context is asked first, so a caller of [Evaluate] may override
// them. Sources: IAM User Guide, "AWS global condition context keys"; KMS
// Developer Guide, "AWS KMS condition keys".
var derived = map[string]func(*facts) []string{
	"aws:principalarn":     func(f *facts) []string { return nonEmpty(f.principalARN()) },
	"aws:principalaccount": func(f *facts) []string { return nonEmpty(f.request.Principal.Account()) },
	"aws:principaltype":    func(f *facts) []string { return nonEmpty(principalTypeNames[f.request.Principal.kind()]) },
	"aws:principalisawsservice": func(f *facts) []string {
		return []string{strconv.FormatBool(f.request.Principal.kind() == service)}
	},
	"aws:principalservicename": func(f *facts) []string {
		if f.request.Principal.kind() != service {
			return nil
		}
		return []string{f.request.Principal.ARN}
	},
	"aws:userid":          func(f *facts) []string { return nonEmpty(f.userID()) },
	"aws:username":        func(f *facts) []string { return nonEmpty(f.userName()) },
	"aws:resourceaccount": func(f *facts) []string { return nonEmpty(splitARN(f.request.Resource).account) },
	"kms:calleraccount":   func(f *facts) []string { return nonEmpty(f.request.Principal.Account()) },
	"kms:keyspec":         keyFact(func(k *Key) []string { return nonEmpty(k.Spec) }),
	"kms:keyusage":        keyFact(func(k *Key) []string { return nonEmpty(k.Usage) }),
	"kms:keyorigin":       keyFact(func(k *Key) []string { return nonEmpty(k.Origin) }),
	"kms:multiregion":     keyFact(func(k *Key) []string { return []string{strconv.FormatBool(k.MultiRegion)} }),
	"kms:resourcealiases": keyFact(func(k *Key) []string { return k.Aliases }),
}

// principalTypeNames are the values of aws:PrincipalType.
var principalTypeNames = [...]string{anonymous: "Anonymous", root: "Account", user: "User", session: "AssumedRole", federatedUser: "FederatedUser", service: ""}

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
	{"aws:resourcetag/", func(f *facts) map[string]string {
		if f.world.Key == nil {
			return nil
		}
		return f.world.Key.Tags
	}},
}

// values of a condition key given in lower case; none if it is absent.
func (f *facts) values(key string) []string {
	if values, ok := f.request.Context[key]; ok {
		return values
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

// tagValue looks a tag up; condition keys, and so the tag names in them, ignore
// case.
func tagValue(tags map[string]string, name string) []string {
	for key, value := range tags {
		if strings.EqualFold(key, name) {
			return []string{value}
		}
	}
	return nil
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
	if f.request.Principal.kind() != user {
		return ""
	}
	return f.request.Principal.ARN[strings.LastIndexByte(f.request.Principal.ARN, '/')+1:]
}
