package lint

import (
	"slices"
	"strings"

	"github.com/keywright/keywright/keypolicy"
)

// identityRules are about IAM policies of users and roles.
func identityRules() []Rule {
	return []Rule{
		{
			ID: "KI601", Title: "Decryption with any key", Severity: Medium,
			Rationale: "Resource * covers every key whose policy lets the caller in, also those that other accounts share with it.",
			Source:    "KMS Developer Guide, Best practices for IAM policies; AWS Security Hub, KMS.1",
			Remedy:    "name the ARNs of the keys, or a pattern with the account",
			Bad:       decryptOn(`"*"`),
			Good:      decryptOn(`"arn:aws:kms:*:111122223333:key/*"`),
			check:     checkAnyKey, scope: onIdentityPolicy,
		},
		{
			ID: "KI602", Title: "Alias or bare id as the key", Severity: High,
			Rationale: "An alias ARN in Resource stands for the alias and not for its key, and an id without an ARN for nothing: the statement does not cover the key.",
			Source:    "KMS Developer Guide, Best practices for IAM policies, and Controlling access to aliases",
			Remedy:    "name the key's ARN, or Resource * with a condition on kms:ResourceAliases",
			Bad:       decryptOn(`"arn:aws:kms:eu-west-1:111122223333:alias/app"`),
			Good:      decryptOn(`"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"`),
			check:     checkKeyResource, scope: onIdentityPolicy,
		},
	}
}

// keyBounds are condition keys that say which keys a statement is about.
var keyBounds = keySet{
	"aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:resourcetag/", "kms:resourcealiases", "kms:requestalias",
}

func checkAnyKey(s *subject) {
	for st := range s.allows() {
		if !st.actions.hasAny(decrypting) || st.binds(keyBounds) {
			continue
		}
		if i := slices.IndexFunc(st.Resource, anyAccount); i >= 0 {
			s.reportStatement(st, "", "%s on %s covers keys of every account", st.actionText(), st.Resource[i])
		}
	}
}

// anyAccount reports whether a resource covers keys of any account.
func anyAccount(resource string) bool {
	if unknown(resource) {
		return false
	}
	part := strings.SplitN(resource, ":", 6)
	if len(part) < 6 {
		return strings.HasSuffix(resource, "*") && (len(part) < 3 || matches(part[2], "kms"))
	}
	return matches(part[2], "kms") && matches(part[4], "000000000000") && !strings.HasPrefix(part[5], "alias/")
}

// checkKeyResource flags resources that no key has, in statements about keys
// alone: the actions on aliases need the alias too.
func checkKeyResource(s *subject) {
	for i := range s.statements {
		st := &s.statements[i]
		if !st.actions.some(onKeyOnly) || st.actions.hasAny(aliasing) {
			continue
		}
		for _, resource := range known(slices.Concat(st.Resource, st.NotResource)) {
			switch {
			case strings.Contains(resource, ":alias/") || strings.HasPrefix(resource, "alias/"):
				s.reportStatement(st, resource, "%s is an alias: the statement does not cover its key", resource)
			case !strings.HasPrefix(resource, "arn:") && !hasWildcard(resource) && !strings.Contains(resource, "${"):
				s.reportStatement(st, resource, "%s is no ARN", resource)
			}
		}
	}
}

func onKeyOnly(a *keypolicy.Action) bool {
	return slices.Contains(a.Resources, keypolicy.KeyResource) && !slices.Contains(a.Resources, keypolicy.AliasResource)
}
